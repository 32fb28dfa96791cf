package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/golden"
	"postrider/store"
)

// newTestQueue creates a store with four digests: one refused (member 1), one waiting to retry (2), one leased (3) and one
// accepted (4), all planned an hour ago.
func newTestQueue(t *testing.T) (p testForum, s *store.Store) {
	t.Helper()
	p = newTestForum(t)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(p.dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	for id := forum.MemberID(1); id <= 4; id++ {
		if err := s.Subscribers.Save(t.Context(), at, []store.Subscriber{{ID: id, Due: at, CoveredSeq: 10}}); err != nil {
			t.Fatal(err)
		}
		plan := store.Plan{Key: "digest/" + itoa(int(id)) + "/2026-05-04", Kind: "digest", Member: id, Until: 20, NextDue: at.Add(24 * time.Hour)}
		if _, err := s.Outbox.Plan(t.Context(), at, []store.Plan{plan}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.Outbox.Claim(t.Context(), at, "daemon", 48*time.Hour, store.AllPriorities, 9)
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows were claimed: %v", len(rows), err)
	}
	settlements := []store.Settlement{
		{State: "refused", Result: "refused", Code: 550, Enhanced: "5.1.1", Reply: "no\x1b[31m such user"},
		{State: "queued", Result: "try again", Code: 451, Reply: "greylisted", NotBefore: at.Add(48 * time.Hour)},
		{State: "accepted", Result: "accepted", Code: 250, QueueID: "4F2A"},
	}
	for i, row := range []store.Row{rows[0], rows[1], rows[3]} {
		settlements[i].Key, settlements[i].At, settlements[i].CountAttempt = row.Key, at, true
		settlements[i].Address = []string{"Ann@gone.example", "ben@slow.example", "dan@notgone.example"}[i]
	}
	if err := s.Outbox.Settle(t.Context(), "daemon", settlements); err != nil {
		t.Fatal(err)
	}
	return p, s
}

// wantOutput checks that out contains each of wants. It must not contain those that begin with "!".
func wantOutput(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		unwanted, not := strings.CutPrefix(want, "!")
		if not && strings.Contains(out, unwanted) {
			t.Errorf("output\n%scontains %q", out, unwanted)
		}
		if !not && !strings.Contains(out, want) {
			t.Errorf("output\n%swithout %q", out, want)
		}
	}
}

func TestQueueHelp_MatchesGolden(t *testing.T) {
	for _, c := range (&cmdEnv{}).queue().Commands() {
		text := mustRun(t, "queue", c.Name(), "--help")
		for line := range strings.Lines(text) {
			if len(line) > 121 {
				t.Errorf("queue %s: a line is longer than 120 columns:\n%s", c.Name(), line)
			}
		}
		golden.Files(t, "queue-"+c.Name(), map[string]string{"help": text})
	}
}

func TestQueueList_Filters(t *testing.T) {
	p, _ := newTestQueue(t)
	const refused, later, leased, accepted = "digest/1/2026-05-04", "digest/2/2026-05-04", "digest/3/2026-05-04", "digest/4/2026-05-04"
	tests := []struct {
		args  string
		wants []string
	}{
		{"", []string{later, "try again 451", "greylisted", "1h0m", leased, "leased until", "!" + refused, "!" + accepted, "digest: 1 accepted, 1 leased, 1 queued, 1 refused"}},
		{"--state refused", []string{refused, "refused 550 5.1.1", "no [31m such user", "!\x1b", "!" + later}},
		{"--state all", []string{refused, later, leased, accepted, "4F2A"}},
		{"--state all --member 4", []string{accepted, "!" + refused}},
		{"--state all --limit 1", []string{"!" + refused, "!" + accepted, "There are more: raise --limit"}},
		{"--state all --limit 4", []string{refused, later, leased, accepted, "!There are more"}},
		{"--state all --domain gone.example", []string{refused, "!" + later, "!" + accepted}},
		{"--state all --reason GREYLIST", []string{later, "!" + refused, "!" + accepted}},
		{"--state all --reason %", []string{"!" + later, "!" + refused, "!" + accepted}},
		{"--state all --since 30m", []string{"!" + later, "!" + refused, "!" + accepted}},
		{"--state all --since 2h", []string{later, refused, accepted}},
		{"--kind alert", []string{"No matching messages in the outbox.", "1 queued"}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			wantOutput(t, mustRun(t, append([]string{"queue", "list", "-c", p.config}, strings.Fields(tt.args)...)...), tt.wants...)
		})
	}
}

func TestQueueList_ShowsBlockers(t *testing.T) {
	p, s := newTestQueue(t)
	now := time.Now().Truncate(time.Second)
	for _, relay := range []string{store.SharedRelay, store.AnnouncementRelay} {
		if err := s.Holds.Add(t.Context(), store.DomainHold{Relay: relay, Domain: "slow.example", Since: now, Until: now.Add(time.Hour), Reason: "it rejects everything"}); err != nil {
			t.Fatal(err)
		}
	}
	bad := []store.Alarm{{Key: "relay", Detail: "connection refused", Since: now, Due: now, Seen: now}, {Key: "forum", Since: now, Due: now, Seen: now}}
	if err := s.Alarms.Save(t.Context(), bad, map[string]time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Alarms.Save(t.Context(), nil, map[string]time.Time{"forum": now.Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, mustRun(t, "queue", "list", "-c", p.config), "held slow.example since", "held slow.example at the relay of [smtp.announcements] since", "it rejects everything", "relay since", "connection refused", "!forum")
}

func TestQueue_ListAndShowPrintJSON(t *testing.T) {
	p, _ := newTestQueue(t)
	var list struct {
		Messages []struct {
			Key      string
			Member   int64
			Attempts int
			Last     struct {
				Code   int
				Result string
			}
		}
		Counts []struct {
			Kind, State string
			Messages    int
		}
	}
	if err := json.Unmarshal([]byte(mustRun(t, "queue", "list", "--state", "refused", "--json", "-c", p.config)), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Messages) != 1 || list.Messages[0].Member != 1 || list.Messages[0].Attempts != 1 || list.Messages[0].Last.Code != 550 || len(list.Counts) != 4 {
		t.Errorf("the list is %+v", list)
	}
	var shown struct {
		Key          string
		After, Until int64
		History      []struct{ Code int }
	}
	if err := json.Unmarshal([]byte(mustRun(t, "queue", "show", "digest/2/2026-05-04", "--json", "-c", p.config)), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Key != "digest/2/2026-05-04" || shown.After != 10 || shown.Until != 20 || len(shown.History) != 1 || shown.History[0].Code != 451 {
		t.Errorf("the message is %+v", shown)
	}
}

func TestQueueShow_PrintsHistory(t *testing.T) {
	p, _ := newTestQueue(t)
	mustRun(t, "queue", "retry", "digest/1/2026-05-04", "-c", p.config)
	mustRun(t, "queue", "drop", "digest/1/2026-05-04", "-c", p.config)
	wantOutput(t, mustRun(t, "queue", "show", "digest/1/2026-05-04", "-c", p.config),
		"skipped", "after 10, up to 20", "refused 550 5.1.1", "reply: no [31m such user", "reason: dropped by the administrator", "!\x1b")
	wantOutput(t, mustRun(t, "queue", "show", "digest/3/2026-05-04", "-c", p.config), "daemon until ", "No attempts yet.")
}

func TestQueueRetryAndDrop_ReportEachKey(t *testing.T) {
	p, _ := newTestQueue(t)
	out, errOut, code := run(t, "queue", "retry", "digest/1/2026-05-04", "digest/2/2026-05-04", "digest/3/2026-05-04", "digest/4/2026-05-04", "digest/5/x", "-c", p.config)
	want := `digest/1/2026-05-04: requeued
digest/2/2026-05-04: requeued
digest/3/2026-05-04: unchanged: a daemon is sending it
digest/4/2026-05-04: unchanged: already settled (accepted)
digest/5/x: unchanged: no such message
`
	if out != want || errOut != "" || code != 1 {
		t.Errorf("retry: exit %d\n%s%s\nwant 1\n%s", code, out, errOut, want)
	}
	if out := mustRun(t, "queue", "drop", "digest/1/2026-05-04", "-c", p.config); out != "digest/1/2026-05-04: dropped\n" {
		t.Errorf("drop prints %q", out)
	}
	if out, _, code := run(t, "queue", "drop", "digest/1/2026-05-04", "-c", p.config); code != 1 || out != "digest/1/2026-05-04: unchanged: already settled (skipped)\n" {
		t.Errorf("a second drop: exit %d, %q", code, out)
	}
}

func TestQueueRetry_ByStateCountsUnchanged(t *testing.T) {
	p, s := newTestQueue(t)
	if out := mustRun(t, "queue", "retry", "--state", "uncertain", "-c", p.config); out != "No messages are uncertain.\n" {
		t.Errorf("it prints %q", out)
	}
	at := time.Now().Add(24 * time.Hour)
	newer := store.Plan{Key: "digest/1/2026-05-05", Kind: "digest", Member: 1, Until: 30}
	if _, err := s.Outbox.Plan(t.Context(), at, []store.Plan{newer}); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "queue", "retry", "--state", "refused", "-c", p.config); out != "1 unchanged: a newer edition has its posts\n" {
		t.Errorf("it prints %q", out)
	}
}

func TestQueueFlush_ExpiresOldMessages(t *testing.T) {
	p, s := newTestQueue(t)
	if out := mustRun(t, "queue", "flush", "-c", p.config); out != "No message has expired.\n" {
		t.Errorf("with nothing to flush it prints %q", out)
	}
	for _, kind := range []string{"announcement", "digest"} {
		old := store.Plan{Key: kind + "/2/old", Kind: kind, Member: 2, Until: 20}
		if _, err := s.Outbox.Plan(t.Context(), time.Now().Add(-73*time.Hour), []store.Plan{old}); err != nil {
			t.Fatal(err)
		}
	}
	if out := mustRun(t, "queue", "flush", "-c", p.config); out != "announcement/2/old: expired\n" {
		t.Errorf("it prints %q, want the announcement alone", out)
	}
	wantOutput(t, mustRun(t, "queue", "flush", "--json", "-c", p.config), `"expired": []`)
}

func TestQueuePause_ShownUntilResume(t *testing.T) {
	p, _ := newTestQueue(t)
	wantOutput(t, mustRun(t, "queue", "pause", "the", "relay moves", "-c", p.config), "Delivery has been paused since 2", "(the relay moves)")
	wantOutput(t, mustRun(t, "queue", "list", "-c", p.config), "DELIVERY IS PAUSED since 2", "the relay moves", "postrider queue resume", "digest/2/")
	wantOutput(t, mustRun(t, "queue", "list", "--json", "-c", p.config), `"paused": {`, `"reason": "the relay moves"`)
	wantOutput(t, mustRun(t, "queue", "resume", "-c", p.config), "Delivery resumes")
	wantOutput(t, mustRun(t, "queue", "resume", "-c", p.config), "Delivery was not paused.")
	wantOutput(t, mustRun(t, "queue", "list", "-c", p.config), "!PAUSED")
}

func TestQueue_ReportsWrongUsage(t *testing.T) {
	p, _ := newTestQueue(t)
	fresh := newTestForum(t)
	tests := []struct {
		args string
		exit int
		want string
	}{
		{"queue lsit -c " + p.config, 2, `unknown command "lsit"`},
		{"queue list --state sent -c " + p.config, 2, "must be open, all, queued"},
		{"queue list --limit 0 -c " + p.config, 2, "invalid --limit 0"},
		{"queue list -c " + fresh.config, 1, "the first run creates it"},
		{"queue show digest/9/x -c " + p.config, 1, "postrider queue list"},
		{"queue show -c " + p.config, 2, "accepts 1 arg(s), received 0; see: postrider queue show --help"},
		{"queue list --kind digests -c " + p.config, 2, `invalid --kind "digests": must be digest, alert, announcement or confirmation`},
		{"queue retry --state refused --kind letter -c " + p.config, 2, `invalid --kind "letter"`},
		{"queue retry -c " + p.config, 2, "no messages selected"},
		{"queue retry K --state refused -c " + p.config, 2, "give either keys"},
		{"queue retry --state accepted -c " + p.config, 2, "must be uncertain or refused"},
		{"queue drop -c " + p.config, 2, "at least 1 arg"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			out, errOut, code := run(t, strings.Fields(tt.args)...)
			if code != tt.exit || out != "" || !strings.Contains(errOut, tt.want) {
				t.Errorf("exit %d, it prints %q and, as errors, %q; want %d and %q", code, out, errOut, tt.exit, tt.want)
			}
		})
	}
}
