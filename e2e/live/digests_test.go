//go:build live

package live

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// hour is when digests are due, in the time zone of each member.
const hour = 8

// nextHour returns when the hour of digests comes next in a time zone.
func nextHour(zone *time.Location) time.Time {
	now := time.Now().In(zone)
	due := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, zone)
	if !due.After(now) {
		due = due.AddDate(0, 0, 1)
	}
	return due
}

// stopPostrider ends the daemon, whose rounds must all have succeeded.
func (w *world) stopPostrider() {
	w.Helper()
	if failed := w.postrider.metric(`postrider_round_failures_total{trigger="gather"}`); failed > 0 {
		w.Errorf("%d rounds failed", failed)
	}
	w.accepted += w.postrider.metric(`postrider_messages_total{kind="alert",outcome="accepted"}`)
	if got := w.ourMail.Count(); w.accepted != got {
		w.Errorf("the daemon counts %d accepted alerts, but %d arrived", w.accepted, got)
	}
	w.postrider.stop()
}

// checkForum lets the command "check" look at the forum. It must have no remark about it; those about DNS do not matter here.
func (w *world) checkForum() {
	w.Helper()
	out, _ := exec.CommandContext(w.Context(), w.postrider.binary, "check", "-c", w.postrider.config).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "FAIL  forum") || strings.HasPrefix(line, "warn  forum") {
			w.Errorf("postrider check: %s", line)
		}
	}
	if !strings.Contains(string(out), "ok    forum version") {
		w.Errorf("postrider check does not know the forum's version:\n%s", out)
	}
}

// restartPostrider ends the daemon and starts it again. It then knows all members who subscribe to anything: their digests begin here.
func (w *world) restartPostrider() {
	w.Helper()
	w.stopPostrider()
	w.postrider.start()
}

// digests runs a round as if it were a minute after a time, when digests are due for some members. Each digest must bring posts that the
// member watches and may read, except those that alerts have brought: all of those after the post since, and no others.
func (w *world) digests(due time.Time, since int64, members ...string) {
	w.Helper()
	alerted := maps.Clone(w.brought)
	w.postrider.run("run", "--once", "--now", due.Add(time.Minute).UTC().Format(time.RFC3339))
	before := w.ourMessages
	found := w.ourNew()
	w.digestLetters += w.ourMessages - before
	got := map[string][]int64{}
	for d, letter := range found {
		got[w.nameOf(d.to)] = append(got[w.nameOf(d.to)], d.post)
		w.openLinks(d, letter)
	}
	for _, name := range members {
		watched := slices.DeleteFunc(w.kind.watched(w, name), func(post int64) bool { return alerted[brought{name, post}] })
		for _, post := range got[name] {
			if !slices.Contains(watched, post) {
				w.Errorf("the digest of %s has post %d, which they do not watch, may not read, or got before", name, post)
			}
		}
		for _, post := range watched {
			if post > since && !slices.Contains(got[name], post) {
				w.Errorf("the digest of %s lacks post %d", name, post)
			}
		}
		w.Logf("the digest of %s at %s has %d posts", name, due.UTC().Format(time.RFC3339), len(got[name]))
		w.digestPosts += len(got[name])
		delete(got, name)
	}
	for name, posts := range got {
		w.Errorf("%s got posts %v at %s, want nothing", name, posts, due.UTC())
	}
}
