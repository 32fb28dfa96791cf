package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/smtptest"
	"postrider/mail"
	"postrider/store"
)

const (
	// memberCount is large enough to tell a failure of the relay from one of a single address.
	memberCount = 12
	// replyTimeout is how long the sender waits for a reply, and a tenth of the wait for the reply to a message.
	replyTimeout = time.Second
	// maxRoundTime limits how long one round may take, however the relay behaves.
	maxRoundTime = 5 * time.Minute
)

// chaos is a world with a scripted relay. It needs a bubble of testing/synctest, and its clock runs.
type chaos struct {
	*world
	script      *smtptest.Script
	thread      int64
	day         time.Time // of the next fault pattern
	mustNotSend bool      // nothing may be sent while the relay fails
}

func newChaos(t *testing.T, address, authority string) *chaos {
	t.Helper()
	w := newWorld(t)
	c := &chaos{world: w, script: smtptest.NewPipedScript(t, nil), thread: w.thread(tonight), day: worldStart.Truncate(24 * time.Hour)}
	for i := range memberCount {
		w.member(int64(101+i), fmt.Sprintf("m%d", i), passenger, tonight)
	}
	config := mail.SMTPConfig{URL: address, CAFile: authority, MaxConnections: w.set.Connections, Timeout: replyTimeout}
	if strings.Contains(address, "@") {
		config.Password = "secret"
	}
	smtp, err := mail.NewSMTP(config, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { smtp.Close() })
	smtp.DialWith(func(context.Context, string, string) (net.Conn, error) { return c.script.Dial(), nil })
	w.sender = smtp
	w.run()
	w.restart()
	w.round()
	return c
}

// runAt waits until a time of the day, and runs these steps of a round, or all if none are given.
func (c *chaos) runAt(clock time.Duration, steps ...func(context.Context) error) {
	c.Helper()
	time.Sleep(c.day.Add(clock).Sub(c.clock()))
	start := c.clock()
	if len(steps) == 0 {
		c.round()
	} else if err := c.daemon.main.steps(c.Context(), steps...); err != nil {
		c.Fatal(err)
	}
	if took := c.clock().Sub(start); took > maxRoundTime {
		c.Errorf("the round of %s took %v", start.Format("2 Jan 15:04"), took)
	}
}

// runWithFaults runs a day on which the relay fails for an hour when digests are due, and then a day without faults. It checks
// the results.
func (c *chaos) runWithFaults(name string, s faultPattern) {
	c.Helper()
	const hour, minute, tomorrow = time.Hour, time.Minute, 24 * time.Hour
	c.day = c.day.Add(2 * 24 * time.Hour)
	before := len(c.script.Received())
	time.Sleep(c.day.Add(-hour).Sub(c.clock()))
	first := c.writePost(c.thread)
	c.script.SetTable(s.faulty)
	time.AfterFunc(c.day.Add(9*hour).Sub(c.clock()), func() {
		if n := len(c.script.Received()) - before; n > 0 && c.mustNotSend {
			c.Errorf("%s: %d messages were sent", name, n)
		}
		c.script.SetTable(s.healthy)
	})
	c.runAt(8 * hour)
	for _, later := range []time.Duration{8*hour + 16*minute, 8*hour + 48*minute, 9*hour + 4*minute, 20 * hour} {
		c.runAt(later, c.daemon.main.deliver, c.daemon.evaluateRefusals)
	}
	second := c.writePost(c.thread)
	c.runAt(tomorrow + 8*hour)
	for _, fault := range c.check(c.script.Received()[before:], first, second) {
		c.Errorf("%s: %s", name, fault)
	}
}

// runQuietDay runs a day without new posts.
func (c *chaos) runQuietDay() {
	c.Helper()
	sent := len(c.script.Received())
	c.runAt(48*time.Hour + 9*time.Hour)
	if n := len(c.script.Received()); n != sent {
		c.Errorf("%d messages were sent on a day without new posts", n-sent)
	}
}

// check checks that every member has each post once, except for copies of messages without a reply.
func (c *chaos) check(letters []smtptest.Received, want ...forum.PostID) (faults []string) {
	c.Helper()
	fault := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	accepted, replied, tries := map[string]int{}, map[string]int{}, map[string]int{}
	got := map[string][]forum.PostID{}
	for _, l := range letters {
		if l.Body == "" { // an empty message, for a relay that accepts DATA without a recipient
			continue
		}
		head, _, _ := parseMessage(c, []byte(l.Body))
		id := head.Get("Message-ID")
		tries[id]++
		if l.Code != 0 {
			replied[id]++
		}
		if l.Code/100 == 2 {
			accepted[id]++
			to, err := head.AddressList("To")
			if err != nil {
				c.Fatal(err)
			}
			got[to[0].Name] = append(got[to[0].Name], postsOf(c, []byte(l.Body))...)
		}
	}
	for i := range memberCount {
		if name := fmt.Sprintf("m%d", i); !slices.Equal(got[name], want) {
			fault("%s has posts %v, want %v", name, got[name], want)
		}
	}
	for id, n := range tries {
		if accepted[id] > 1 {
			fault("%s was accepted %d times", id, accepted[id])
		}
		if replied[id] == 0 && n < 2 {
			fault("%s got no reply, and was not repeated", id)
		}
	}
	if list := c.suppressedAddresses(); len(list) > 0 {
		fault("the addresses %v are suppressed", list)
	}
	if counts := c.countByState(); counts[store.StateQueued]+counts["leased"] > 0 {
		fault("messages are still waiting: %v", counts)
	}
	return faults
}
