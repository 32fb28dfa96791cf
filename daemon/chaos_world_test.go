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
	// people is enough of a crowd for a fault of all to be told from one of theirs.
	people = 12
	// impatience is how long the sender waits for an answer, and a tenth of how long for that to a message.
	impatience = time.Second
	// longest is how long one round may keep all others waiting, however the relay behaves.
	longest = 5 * time.Minute
)

// chaos is a world with a scripted relay. It lives in a bubble of testing/synctest, and its clock runs.
type chaos struct {
	*world
	script    *smtptest.Script
	thread    int64
	day       time.Time // on which the next storm comes
	distrusts bool      // nothing may be handed over in a storm
}

func newChaos(t *testing.T, address, authority string) *chaos {
	t.Helper()
	w := newWorld(t)
	c := &chaos{world: w, script: smtptest.NewPipedScript(t, nil), thread: w.thread(tonight), day: born.Truncate(24 * time.Hour)}
	for i := range people {
		w.member(int64(101+i), fmt.Sprintf("m%d", i), passenger, tonight)
	}
	config := mail.SMTPConfig{URL: address, CAFile: authority, MaxConnections: w.set.Connections, Timeout: impatience}
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

// at lets time pass until so long after the midnight before the storm, and runs steps of a round: all if none are named.
func (c *chaos) at(clock time.Duration, steps ...func(context.Context) error) {
	c.Helper()
	time.Sleep(c.day.Add(clock).Sub(c.clock()))
	begin := c.clock()
	if len(steps) == 0 {
		c.round()
	} else if err := c.daemon.main.steps(c.Context(), steps...); err != nil {
		c.Fatal(err)
	}
	if took := c.clock().Sub(begin); took > longest {
		c.Errorf("the round of %s took %v", begin.Format("2 Jan 15:04"), took)
	}
}

// runWithFaults is a bad hour at the members' hour of a day, and then a good day. It checks what came of it.
func (c *chaos) runWithFaults(name string, s storm) {
	c.Helper()
	const hour, minute, tomorrow = time.Hour, time.Minute, 24 * time.Hour
	c.day = c.day.Add(2 * 24 * time.Hour)
	before := len(c.script.Received())
	time.Sleep(c.day.Add(-hour).Sub(c.clock()))
	first := c.writePost(c.thread)
	c.script.SetTable(s.bad)
	time.AfterFunc(c.day.Add(9*hour).Sub(c.clock()), func() {
		if n := len(c.script.Received()) - before; n > 0 && c.distrusts {
			c.Errorf("%s: %d mails were handed over", name, n)
		}
		c.script.SetTable(s.calm)
	})
	c.at(8 * hour)
	for _, later := range []time.Duration{8*hour + 16*minute, 8*hour + 48*minute, 9*hour + 4*minute, 20 * hour} {
		c.at(later, c.daemon.main.deliver, c.daemon.evaluateRefusals)
	}
	second := c.writePost(c.thread)
	c.at(tomorrow + 8*hour)
	for _, fault := range c.verdict(c.script.Received()[before:], first, second) {
		c.Errorf("%s: %s", name, fault)
	}
}

// rest is a day without news.
func (c *chaos) rest() {
	c.Helper()
	sent := len(c.script.Received())
	c.at(48*time.Hour + 9*time.Hour)
	if n := len(c.script.Received()); n != sent {
		c.Errorf("%d mails went out on a day without news", n-sent)
	}
}

// verdict checks that every member has each post, once but for copies of what the relay did not answer.
func (c *chaos) verdict(letters []smtptest.Received, want ...forum.PostID) (faults []string) {
	c.Helper()
	fault := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	accepted, answered, tries := map[string]int{}, map[string]int{}, map[string]int{}
	got := map[string][]forum.PostID{}
	for _, l := range letters {
		if l.Body == "" { // what a relay is owed that wants a message for nobody
			continue
		}
		head, _, _ := parseMessage(c, []byte(l.Body))
		id := head.Get("Message-ID")
		tries[id]++
		if l.Code != 0 {
			answered[id]++
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
	for i := range people {
		if name := fmt.Sprintf("m%d", i); !slices.Equal(got[name], want) {
			fault("%s has posts %v, want %v", name, got[name], want)
		}
	}
	for id, n := range tries {
		if accepted[id] > 1 {
			fault("%s was accepted %d times", id, accepted[id])
		}
		if answered[id] == 0 && n < 2 {
			fault("%s was not answered, and not repeated", id)
		}
	}
	if list := c.suppressedAddresses(); len(list) > 0 {
		fault("the addresses %v are suppressed", list)
	}
	if counts := c.countByState(); counts[store.StateQueued]+counts["leased"] > 0 {
		fault("something waits still: %v", counts)
	}
	return faults
}
