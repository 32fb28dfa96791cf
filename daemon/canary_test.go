package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

func TestCanary_SentFirstThenOthers(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 100)
	a := announcementToAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.startAnnouncement(a)
	w.round()
	if n := len(w.recipients()); n != 20 {
		t.Errorf("the canary has %d members, want 20", n)
	}
	w.runAfter(time.Second)
	w.runAfter(59 * time.Minute)
	w.restart()
	w.runAfter(time.Second)
	if n := len(w.recipients()); n != 20 {
		t.Errorf("before the hour has ended %d members have it, want 20", n)
	}
	w.wantState(id, store.InCanary)
	w.runAfter(time.Minute)
	w.runAfter(time.Second)
	all := w.recipients()
	if len(slices.Compact(slices.Clone(all))) != 100 || len(all) != 100 {
		t.Errorf("%d messages were sent to %d members, want 100 to 100", len(all), len(slices.Compact(slices.Clone(all))))
	}
	w.runAfter(time.Second)
	w.wantState(id, store.Done)
}

func TestCanary_RejectionsPauseUntilResumed(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 100)
	a := announcementToAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	refused := 0
	w.relay.answer = func(string, int) mail.Outcome {
		w.mu.Lock()
		defer w.mu.Unlock()
		if refused++; refused <= 2 {
			return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: 550, Enhanced: "5.1.1"}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	id := w.startAnnouncement(a)
	w.round()
	w.runAfter(time.Second)
	w.runAfter(61 * time.Minute)
	w.wantState(id, store.Paused)
	if want := "canary: 20 messages, 2 rejected, 0 complaints: announcements.max_rejected is 5 %"; storedText(w.announcement(id).Reason) != want {
		t.Errorf("the reason of the pause is %q, want %q", w.announcement(id).Reason, want)
	}
	w.runAfter(24 * time.Hour)
	if n := len(w.recipients()); n != 18 {
		t.Errorf("%d members have it, want 18", n)
	}
	check(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.runAfter(time.Minute)
	if n := len(w.recipients()); n != 98 {
		t.Errorf("after the resume %d members have it, want 98", n)
	}
}

func TestCanary_CountsLateBounces(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 100)
	a := announcementToAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.startAnnouncement(a)
	w.round()
	w.runAfter(time.Second)
	for _, name := range w.recipients()[:3] {
		var member int64
		fmt.Sscanf(name, "m%d", &member)
		check(t, w.store.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{
			Key: store.AnnouncementKey(id, forum.MemberID(member)), Source: "dsn", Member: forum.MemberID(member), Address: address(name),
			SentAt: w.clock(), At: w.clock(), Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1",
		}}))
	}
	w.runAfter(61 * time.Minute)
	w.wantState(id, store.Paused)
}

func TestCanary_ComplaintsPause(t *testing.T) {
	t.Parallel()
	for complaints, want := range map[int]string{1: store.Sending, 2: store.Paused} {
		t.Run(fmt.Sprint(complaints), func(t *testing.T) {
			t.Parallel()
			w := newAnnouncementWorld(t, 100)
			a := announcementToAll()
			a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
			id := w.startAnnouncement(a)
			w.round()
			w.runAfter(time.Second)
			for _, name := range w.recipients()[:complaints] {
				var member forum.MemberID
				fmt.Sscanf(name, "m%d", &member)
				check(t, w.store.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{
					Key: store.AnnouncementKey(id, member), Source: store.FromComplaint, Member: member, Address: name + "@example.org",
					SentAt: w.clock(), At: w.clock(), Class: bounce.ClassComplaint,
				}}))
			}
			w.runAfter(61 * time.Minute)
			if got := w.announcement(id); got.State == store.Paused != (want == store.Paused) {
				t.Errorf("with %d complaints of 20 the announcement is %s", complaints, got.State)
			}
			if reason := storedText(w.announcement(id).Reason); want == store.Paused && reason != "canary: 20 messages, 0 rejected, 2 complaints: announcements.max_complaints is 0.3 %" {
				t.Errorf("the reason of the pause is %q", reason)
			}
		})
	}
}

func TestAnnouncement_ManyRejectionsPause(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newAnnouncementWorld(t, settings.BatchSize+100)
	w.relay.answer = func(to string, _ int) mail.Outcome {
		if strings.HasSuffix(strings.TrimSuffix(to, "@example.org"), "7") {
			return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: 550, Enhanced: "5.1.1"}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	id := w.startAnnouncement(announcementToAll())
	w.round()
	w.wantState(id, store.Paused)
	w.daemon.watchdog.checkAnnouncements(t.Context())
	w.daemon.watchdog.flushAlarms(t.Context())
	if n := strings.Count(w.log.String(), "alarm=stopped"); n != 1 {
		t.Errorf("the alarm was logged %d times:\n%s", n, w.log)
	}
	// One in ten is rejected. Which 200 are the last ones depends on which connection was faster.
	var refused int
	reason := storedText(w.announcement(id).Reason)
	if _, err := fmt.Sscanf(reason, "%d of the last 200 messages were rejected", &refused); err != nil || refused < 18 || refused > 22 {
		t.Errorf("the reason of the pause is %q", reason)
	}
	if n := len(w.relay.messages()); n > settings.BatchSize {
		t.Errorf("%d messages were sent before the pause", n)
	}
}
