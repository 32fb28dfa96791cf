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
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// rejectDomain makes the relay reject messages to addresses with this ending, and accept others.
func (r *fakeRelay) rejectDomain(suffix string, code int, enhanced string) {
	r.answer = func(to string, _ int) mail.Outcome {
		if !strings.HasSuffix(to, suffix) {
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: code, Enhanced: enhanced, Reply: "<" + to + "> refused"}
	}
}

// suppressedAddresses lists the suppressed addresses.
func (w *world) suppressedAddresses() (list []string) {
	w.Helper()
	all, err := w.store.Suppressions.List(w.Context(), w.clock(), "", "", 1000)
	if err != nil {
		w.Fatal(err)
	}
	for _, h := range all {
		list = append(list, h.Address)
	}
	return list
}

func TestSuppression_DeadAddressUntilChanged(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.writePost(thread)
	w.relay.rejectDomain(address("anna"), 550, "5.1.1")
	w.setClock(5, "08:00")
	w.round()
	w.relay.acceptAll()
	w.setClock(5, "08:05")
	w.round()
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("after five minutes %v are suppressed, want none before the cause is known", got)
	}
	w.setClock(5, "08:11")
	w.round()
	if got, want := fmt.Sprint(w.suppressedAddresses()), "[anna@example.org]"; got != want {
		t.Errorf("suppressed addresses = %s, want %s", got, want)
	}
	w.writePost(thread)
	w.setClock(6, "08:00")
	if report := w.round(); report.Skipped[digest.ReasonSuppressed] != 1 {
		t.Errorf("skipped = %v, want one for %q", report.Skipped, digest.ReasonSuppressed)
	}
	w.wantMessages("anna")
	w.execSQL(`UPDATE member SET email = 'Anna@elsewhere.example' WHERE id = 101`)
	p := w.writePost(thread)
	w.setClock(7, "08:00")
	w.round()
	if got := w.relay.takeMessages(t, "Anna@elsewhere.example"); len(got) != 1 || len(got[0]) != 1 || got[0][0] != p {
		t.Errorf("at the new address Anna got %v, want one message with post %d: the others were skipped", got, p)
	}
	if strings.Contains(w.log.String(), "@example.org") {
		t.Errorf("the log contains an address:\n%s", w.log)
	}
}

func TestSuppression_BlocksAlertsAndAnnouncements(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	byHand, err := store.ManualSuppression(address("anna"), "asked for it", w.clock())
	check(t, err)
	check(t, w.store.Suppressions.Add(t.Context(), w.clock(), []store.Health{byHand}))
	w.writePost(w.thread(tonight))
	a := announcementToAll()
	a.Audience.Only = []forum.MemberID{101, 104}
	a.ID = w.startAnnouncement(a)
	w.advanceClock(time.Minute)
	w.wantAnnouncementTo("dora")
	if got, want := w.skipReasons(101), []string{digest.ReasonSuppressedByHand}; !slices.Equal(got, want) {
		t.Errorf("skip reasons of the alerts = %q, want %q", got, want)
	}
	w.wantSkipped(a.ID, map[string]int{digest.ReasonSuppressedByHand: 1})
}

func TestSuppression_EndsAfterThirtyDays(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	first := w.writePost(w.thread(tonight))
	w.relay.rejectDomain(address("anna"), 550, "5.1.1")
	w.setClock(5, "08:00")
	w.round()
	w.relay.acceptAll()
	w.setClock(5, "09:00")
	w.round()
	w.setTime(w.clock().AddDate(0, 0, 30))
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("thirty days later %v are suppressed", got)
	}
	p := w.writePost(w.thread(tonight))
	w.setTime(w.clock().AddDate(0, 0, 1))
	w.round()
	w.wantMessages("anna", posts(first, p)) // no edition was skipped in the meantime
}

func TestEvaluateRefusals_PolicyBlockSuppressesNoAddress(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.relay.rejectDomain("", 550, "5.7.1")
	var all []forum.PostID
	for day := 5; day < 12; day++ {
		w.setClock(day-1, "12:00")
		all = append(all, w.writePost(thread))
		w.setClock(day, "08:00")
		w.round()
		w.setClock(day, "09:00")
		w.round()
	}
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("suppressed addresses = %v, want none", got)
	}
	if !strings.Contains(w.log.String(), "messages rejected by policy") {
		t.Errorf("the log does not mention the policy:\n%s", w.log)
	}
	w.relay.acceptAll()
	w.setClock(12, "08:00")
	w.round()
	w.wantMessages("anna", all)
}

// TestRefusal_RemembersRejectedCommand rejects a message without a reason: as one to an address, and when its text has arrived.
func TestRefusal_RemembersRejectedCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stage mail.Stage
		want  string
		class bounce.Class
	}{
		{mail.Recipient, "RCPT TO", bounce.ClassUnspecified},
		{mail.Data, "DATA", bounce.ClassContent},
		{mail.Body, "end of DATA", bounce.ClassContent},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			w.writePost(w.thread(tonight))
			w.relay.answer = func(string, int) mail.Outcome {
				return mail.Outcome{Result: mail.Refused, Stage: tt.stage, Code: 550, Reply: "no"}
			}
			w.setClock(5, "08:00")
			w.round()
			list, err := w.store.Suppressions.Refusals(t.Context(), store.RefusalFilter{Limit: 1})
			if err != nil || len(list) != 1 || list[0].Stage != tt.want || list[0].Class != tt.class {
				t.Errorf("the refusals are %+v, %v; want one at %q of class %s", list, err, tt.want, tt.class)
			}
		})
	}
}

// addMembers adds members at a domain who watch tonight.
func (w *world) addMembers(first, members int, domain string) {
	w.Helper()
	for i := range members {
		id := int64(first + i)
		w.member(id, fmt.Sprintf("m%d", id), passenger, tonight)
		w.execSQL(`UPDATE member SET email = ? WHERE id = ?`, fmt.Sprintf("m%d@%s", id, domain), id)
	}
}

func TestEvaluateRefusals_HoldsRejectingDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addMembers(200, 12, "big.example")
	w.addMembers(300, 30, "other.example")
	w.round()
	w.writePost(w.thread(tonight))
	w.relay.rejectDomain("@big.example", 550, "5.1.1")
	w.setClock(5, "08:00")
	w.round()
	w.setClock(5, "08:01")
	w.round()
	holds, err := w.store.Holds.Active(t.Context(), w.clock())
	if err != nil || len(holds) != 1 || holds[0].Domain != "big.example" || holds[0].Until.Sub(w.clock()) != 15*time.Minute {
		t.Errorf("holds are %+v (%v), want big.example for 15 minutes", holds, err)
	}
	w.setClock(5, "08:20")
	w.round()
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("suppressed addresses = %v, want none", got)
	}
	if holds, err = w.store.Holds.Active(t.Context(), w.clock()); err != nil || len(holds) != 0 {
		t.Errorf("after that, holds are %+v (%v): one cohort puts its domain on hold once", holds, err)
	}
	if n := strings.Count(w.log.String(), "domain on hold: most messages rejected"); n != 1 {
		t.Errorf("the alarm was logged %d times, want once:\n%s", n, w.log)
	}
	w.writePost(w.thread(tonight))
	w.setClock(6, "08:00")
	w.round()
	w.setClock(6, "08:01")
	w.round()
	holds, err = w.store.Holds.Active(t.Context(), w.clock())
	if err != nil || len(holds) != 1 || holds[0].Until.Sub(w.clock()) != 30*time.Minute {
		t.Errorf("the next day holds are %+v (%v), want one twice as long", holds, err)
	}
}

func TestEvaluateRefusals_RejectingRelaySuppressesNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 15 {
		w.addMembers(200+i, 1, fmt.Sprintf("d%d.example", i))
	}
	w.round()
	w.writePost(w.thread(tonight))
	w.relay.rejectDomain("", 550, "5.1.1")
	w.setClock(5, "08:00")
	w.round()
	w.setClock(5, "08:20")
	w.round()
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("suppressed addresses = %v, want none", got)
	}
	if !strings.Contains(w.log.String(), "relay rejected most messages") {
		t.Errorf("the log has no entry about it:\n%s", w.log)
	}
}

func TestEvaluateRefusals_SuppressesFewDeadAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addMembers(200, 12, "big.example")
	w.addMembers(300, 30, "other.example")
	w.round()
	w.writePost(w.thread(tonight))
	w.relay.rejectDomain("5@big.example", 550, "5.1.1")
	w.setClock(5, "08:00")
	w.round()
	w.setClock(5, "08:20")
	w.round()
	if got, want := fmt.Sprint(w.suppressedAddresses()), "[m205@big.example]"; got != want {
		t.Errorf("suppressed addresses = %s, want %s", got, want)
	}
}

func TestDeliver_SetsReturnPathAndUnsubscribeAddress(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Bounces = "bounce.upperberth.example"
	w.restart()
	w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.round()
	for _, sent := range w.relay.messages() {
		member, token, ok := mail.ParseVERP(sent.from)
		if !ok || !strings.HasSuffix(sent.from, "@bounce.upperberth.example") {
			t.Fatalf("the return path is %s", sent.from)
		}
		if !w.daemon.Composer.VerifyToken(token, fmt.Sprintf("digest/%d/2026-05-05", member)) {
			t.Errorf("the return path %s is not that of the message to member %d", sent.from, member)
		}
		head, _, _ := parseMessage(t, sent.raw)
		_, rest, _ := strings.Cut(head.Get("List-Unsubscribe"), ">, <mailto:u-")
		tag, _, ok := strings.Cut(rest, "@bounce.upperberth.example>")
		grant, err := w.daemon.Links.CheckTag(tag)
		if want := (link.Claims{Scope: link.Digests, Member: member}); !ok || err != nil || grant != want {
			t.Errorf("List-Unsubscribe is %q, which grants %+v (%v), want %+v", head.Get("List-Unsubscribe"), grant, err, want)
		}
	}
}
