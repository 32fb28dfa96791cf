package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

func TestTheCanaryGetsItFirstAndTheOthersFollowByThemselves(t *testing.T) {
	t.Parallel()
	w := newHall(t, 100)
	a := toAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.start(a)
	w.round()
	if n := len(w.mailed()); n != 20 {
		t.Errorf("the canary is %d members, want 20", n)
	}
	w.after(time.Second)
	w.after(59 * time.Minute)
	w.restart()
	w.after(time.Second)
	if n := len(w.mailed()); n != 20 {
		t.Errorf("before the hour is over %d have it, want 20", n)
	}
	w.state(id, store.InCanary)
	w.after(time.Minute)
	w.after(time.Second)
	all := w.mailed()
	if len(slices.Compact(slices.Clone(all))) != 100 || len(all) != 100 {
		t.Errorf("%d mails went to %d members, want 100 to 100", len(all), len(slices.Compact(slices.Clone(all))))
	}
	w.after(time.Second)
	w.state(id, store.Done)
}

func TestACanaryThatIsRefusedPausesAndTheOthersFollowWhenResumed(t *testing.T) {
	t.Parallel()
	w := newHall(t, 100)
	a := toAll()
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
	id := w.start(a)
	w.round()
	w.after(time.Second)
	w.after(61 * time.Minute)
	w.state(id, store.Paused)
	if want := "of 20 mails of the canary 2 were refused, and 0 brought complaints: announcements.max_rejected is 5 %"; w.stands(id).Reason != want {
		t.Errorf("it is paused because %q, want %q", w.stands(id).Reason, want)
	}
	w.after(24 * time.Hour)
	if n := len(w.mailed()); n != 18 {
		t.Errorf("%d have it, want 18", n)
	}
	order(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.after(time.Minute)
	if n := len(w.mailed()); n != 98 {
		t.Errorf("after it was resumed %d have it, want 98", n)
	}
}

func TestABounceThatComesLaterCountsAgainstTheCanary(t *testing.T) {
	t.Parallel()
	w := newHall(t, 100)
	a := toAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.start(a)
	w.round()
	w.after(time.Second)
	for _, name := range w.mailed()[:3] {
		var member int64
		fmt.Sscanf(name, "m%d", &member)
		order(t, w.store.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{
			Key: store.AnnouncementKey(id, forum.MemberID(member)), Source: "dsn", Member: forum.MemberID(member), Address: address(name),
			SentAt: w.clock(), At: w.clock(), Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1",
		}}))
	}
	w.after(61 * time.Minute)
	w.state(id, store.Paused)
}

func TestComplaintsStopACanary(t *testing.T) {
	t.Parallel()
	w := newHall(t, 100)
	a := toAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.start(a)
	w.round()
	w.after(time.Second)
	var member forum.MemberID
	fmt.Sscanf(w.mailed()[0], "m%d", &member)
	order(t, w.store.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{
		Key: store.AnnouncementKey(id, member), Source: store.FromComplaint, Member: member, Address: w.mailed()[0] + "@example.org",
		SentAt: w.clock(), At: w.clock(), Class: bounce.ClassComplaint,
	}}))
	w.after(61 * time.Minute)
	w.state(id, store.Paused)
	if reason := w.stands(id).Reason; reason != "of 20 mails of the canary 0 were refused, and 1 brought complaints: announcements.max_complaints is 0.3 %" {
		t.Errorf("it is paused because %q", reason)
	}
}

func TestAnAnnouncementThatIsRefusedManyTimesPausesByItself(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newHall(t, batchSize+100)
	w.relay.answer = func(to string, _ int) mail.Outcome {
		if strings.HasSuffix(strings.TrimSuffix(to, "@example.org"), "7") {
			return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: 550, Enhanced: "5.1.1"}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	id := w.start(toAll())
	w.round()
	w.state(id, store.Paused)
	w.daemon.checkAnnouncements(t.Context())
	w.daemon.flushAlarms(t.Context())
	if n := strings.Count(w.log.String(), "alarm=stopped"); n != 1 {
		t.Errorf("the administrator is told %d times:\n%s", n, w.log)
	}
	// One in ten is refused. Where in the row the last 200 begin depends on which connection was the faster.
	var refused int
	reason := w.stands(id).Reason
	if _, err := fmt.Sscanf(reason, "of the last 200 mails %d were refused", &refused); err != nil || refused < 18 || refused > 22 {
		t.Errorf("it is paused because %q", reason)
	}
	if n := len(w.relay.all()); n > batchSize {
		t.Errorf("%d mails were handed over before it stopped", n)
	}
}
