package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// defaultAudience is the number of members who get the announcement, unless POSTRIDER_READERS is set.
const defaultAudience = 5000

// TestAnnouncement_ReachesEachMemberOnceDespiteKills kills daemons five times while they send an announcement, and
// pauses the announcement once. With PostgreSQL, two daemons share the store.
func TestAnnouncement_ReachesEachMemberOnceDespiteKills(t *testing.T) {
	n := defaultAudience
	if text := os.Getenv("POSTRIDER_READERS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	binary := buildBinary(t)
	for name, tt := range map[string]struct {
		store   func(*testing.T) string
		daemons int
	}{
		"sqlite":   {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "postrider.db") }, 1},
		"postgres": {func(t *testing.T) string { return servertest.Postgres(t) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := newAnnouncementTest(t, binary, n, tt.store(t))
			p.send(tt.daemons)
			p.wantOneMessageEach()
		})
	}
}

// announcementTest is an announcement to many members, and the daemons that send it.
type announcementTest struct {
	*testForum
	binary, config string
	relay          *smtptest.Server
	daemons        []*process
	kills          int
	began          time.Time
	peakMemory     int // highest memory use of any daemon, KB
}

func newAnnouncementTest(t *testing.T, binary string, crowd int, store string) *announcementTest {
	t.Helper()
	p := &announcementTest{testForum: newTestForum(t, 1, time.Now()), binary: binary, relay: smtptest.New(t, smtptest.WithHeadersOnly())}
	p.exec(`WITH RECURSIVE crowd (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM crowd WHERE i < ?)
		INSERT INTO member SELECT 10000 + i, 'Reader ' || i, 'reader' || i || '@example.org', 'UTC', 'en', 2, '', 0, 'active', 1 FROM crowd`, crowd)
	// Uncertain messages are retried immediately. Otherwise the test would wait 15 minutes after each kill.
	p.config = appendConfig(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+p.path, store, p.relay.URL()),
		"[digest]\ncadence = \"off\"\n[announcements]\ncanary = 0\n[delivery]\nuncertain_wait = \"0s\"\n")
	return p
}

// mustRun runs a command that must succeed, and returns its output.
func (p *announcementTest) mustRun(args ...string) string {
	p.Helper()
	out, errOut, code := run(p.T, append(args, "-c", p.config)...)
	if code != 0 {
		p.Fatalf("postrider %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
	}
	return out
}

func (p *announcementTest) send(daemons int) {
	p.Helper()
	text := filepath.Join(p.TempDir(), "notice.md")
	body := strings.Repeat("We move to a *new* machine on **Saturday**, {{name|friend}}; [what is new](/help) is in our notes.\n\n", 12)
	if err := os.WriteFile(text, []byte("+++\ntitle = \"We move, {{name}}\"\n+++\n"+body), 0o600); err != nil {
		p.Fatal(err)
	}
	p.mustRun("announce", "new", text)
	for range daemons {
		p.daemons = append(p.daemons, p.startDaemon())
	}
	p.mustRun("announce", "start", "1", "--yes")
	p.began = time.Now()
	all := p.audience()
	for _, tenth := range []int{1, 2, 4} {
		p.killAfter(tenth * len(all) / 10)
	}
	p.waitFor("half of the messages", relayPoll, func() bool { return p.relay.Count() >= len(all)/2 })
	p.wantNothingWhilePaused()
	p.mustRun("announce", "resume", "1")
	p.killAfter(8 * len(all) / 10)
	p.waitFor("the end of the announcement", storePoll, func() bool { return p.status().State == "done" })
	p.recordPeak()
}

// waitFor waits until a condition holds. The daemons must keep running.
func (p *announcementTest) waitFor(what string, every time.Duration, true func() bool) {
	p.Helper()
	deadline := time.After(10 * time.Minute)
	for !true() {
		for _, d := range p.daemons {
			select {
			case err := <-d.done:
				p.Fatalf("a daemon exited while waiting for %s: %v\n%s", what, err, d.out)
			default:
			}
		}
		select {
		case <-deadline:
			p.Fatalf("timeout after 10 minutes, waiting for %s:\n%s", what, p.daemons[0].out)
		case <-time.After(every):
		}
	}
}

const (
	relayPoll = 2 * time.Millisecond   // how often the relay is polled
	storePoll = 100 * time.Millisecond // how often the store is polled
)

func (p *announcementTest) startDaemon() *process {
	p.Helper()
	return start(p.T, p.binary, "run", "-c", p.config)
}

// killAfter kills a daemon as soon as that many messages have arrived, and starts it again. The daemons take turns.
func (p *announcementTest) killAfter(messages int) *process {
	p.Helper()
	p.waitFor(fmt.Sprintf("message number %d", messages), relayPoll, func() bool { return p.relay.Count() >= messages })
	p.recordPeak()
	d := &p.daemons[p.kills%len(p.daemons)]
	(*d).Process.Kill()
	<-(*d).done
	p.kills++
	*d = p.startDaemon()
	return *d
}

// wantNothingWhilePaused pauses the announcement and checks that no message is sent, even by a restarted daemon.
func (p *announcementTest) wantNothingWhilePaused() {
	p.Helper()
	p.mustRun("announce", "pause", "1", "a", "typo")
	p.waitFor("the messages in flight have arrived", storePoll, func() bool { return p.leasedMessages() == 0 })
	stopped := p.relay.Count()
	again := p.killAfter(0)
	p.waitFor("the daemon is up", relayPoll, func() bool { return strings.Contains(again.out.String(), "postrider started") })
	if now := p.relay.Count(); now != stopped {
		p.Errorf("%d messages were sent during the pause", now-stopped)
	}
	if all := len(p.audience()); stopped >= all {
		p.Errorf("all %d messages were sent before the pause", all)
	}
}

// announceStatus is the output of announce status.
type announceStatus struct {
	State                   string
	Sent, Rejected, Waiting int
}

func (p *announcementTest) status() (s announceStatus) {
	p.Helper()
	if err := json.Unmarshal([]byte(p.mustRun("announce", "status", "1", "--json")), &s); err != nil {
		p.Fatal(err)
	}
	return s
}

// leasedMessages counts the messages that are leased by a daemon.
func (p *announcementTest) leasedMessages() int {
	p.Helper()
	var q struct{ Messages []any }
	if err := json.Unmarshal([]byte(p.mustRun("queue", "list", "--state", "leased", "--json")), &q); err != nil {
		p.Fatal(err)
	}
	return len(q.Messages)
}

// recordPeak records the highest memory use of the daemons so far (man 5 proc, VmHWM).
func (p *announcementTest) recordPeak() {
	for _, d := range p.daemons {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.Process.Pid))
		if err != nil {
			return // no /proc here: the figure is optional
		}
		_, rest, _ := strings.Cut(string(text), "VmHWM:")
		var kb int
		if _, err := fmt.Sscan(rest, &kb); err == nil {
			p.peakMemory = max(p.peakMemory, kb)
		}
	}
}

// audience returns the addresses that the announcement goes to.
func (p *announcementTest) audience() []string {
	p.Helper()
	rows, err := p.db.QueryContext(p.Context(), `SELECT email FROM member WHERE state = 'active' AND email <> '' AND wants_mail = 1`)
	if err != nil {
		p.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			p.Fatal(err)
		}
		all = append(all, email)
	}
	if err := rows.Err(); err != nil {
		p.Fatal(err)
	}
	return all
}

// wantOneMessageEach checks that each member of the audience got one message, and that no more copies arrived than were
// in flight at the kills.
func (p *announcementTest) wantOneMessageEach() {
	p.Helper()
	took := time.Since(p.began)
	ids := make(map[string]map[string]int) // address -> Message-ID -> number of copies
	for _, m := range p.relay.Messages() {
		head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			p.Fatal(err)
		}
		if ids[m.To] == nil {
			ids[m.To] = make(map[string]int)
		}
		ids[m.To][head.Header.Get("Message-ID")]++
	}
	all := p.audience()
	copies, wrong := 0, 0
	for _, email := range all {
		if len(ids[email]) != 1 {
			if wrong++; wrong <= 5 {
				p.Errorf("%s got %d different messages, want 1", email, len(ids[email]))
			}
		}
		for _, times := range ids[email] {
			copies += times - 1
		}
	}
	if len(ids) != len(all) || wrong > 0 {
		p.Errorf("%d members got messages, %d of them the wrong number, want %d", len(ids), wrong, len(all))
	}
	if most := p.kills * (connections + maxUnsettled); copies > most {
		p.Errorf("%d messages were repeated, want at most %d: those in flight at %d kills", copies, most, p.kills)
	}
	if s := p.status(); s.State != "done" || s.Sent != len(all) || s.Waiting != 0 || s.Rejected != 0 {
		p.Errorf("status is %+v, want %d sent", s, len(all))
	}
	p.Logf("%d members, %d daemons, %d kills, %d messages repeated, %v in total (%.0f per second), at most %d MB per daemon", len(all), len(p.daemons), p.kills, copies,
		took.Round(time.Second), float64(len(all))/took.Seconds(), p.peakMemory>>10)
}
