package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// refuses makes the relay refuse what is for addresses that end so, and take the rest.
func (r *fakeRelay) refuses(suffix string, code int, enhanced string) {
	r.answer = func(to string, _ int) mail.Outcome {
		if !strings.HasSuffix(to, suffix) {
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: code, Enhanced: enhanced, Reply: "<" + to + "> refused"}
	}
}

// suppressed lists the addresses that get no mail.
func (w *world) suppressed() (list []string) {
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

func TestADeadAddressIsMailedNoMoreUntilTheMemberGivesAnother(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	thread := w.thread(tonight)
	w.post(thread)
	w.relay.refuses(address("anna"), 550, "5.1.1")
	w.at(5, "08:00")
	w.round()
	w.relay.works()
	w.at(5, "08:05")
	w.round()
	if got := w.suppressed(); len(got) != 0 {
		t.Errorf("after five minutes %v are suppressed: whose fault it was is not known yet", got)
	}
	w.at(5, "08:11")
	w.round()
	if got, want := fmt.Sprint(w.suppressed()), "[anna@example.org]"; got != want {
		t.Errorf("suppressed are %s, want %s", got, want)
	}
	w.post(thread)
	w.at(6, "08:00")
	if report := w.round(); report.Skipped[reasonSuppressed] != 1 {
		t.Errorf("skipped = %v, want one for %q", report.Skipped, reasonSuppressed)
	}
	w.got("anna")
	w.sql(`UPDATE member SET email = 'Anna@elsewhere.example' WHERE id = 101`)
	p := w.post(thread)
	w.at(7, "08:00")
	w.round()
	if got := w.relay.take(t, "Anna@elsewhere.example"); len(got) != 1 || len(got[0]) != 1 || got[0][0] != p {
		t.Errorf("at her new address Anna got %v, want one mail with post %d: the rest was skipped", got, p)
	}
	if strings.Contains(w.log.String(), "@example.org") {
		t.Errorf("the log names an address:\n%s", w.log)
	}
}

func TestASuppressedAddressGetsNeitherAlertsNorAnnouncements(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	gone := []store.Health{{Address: address("anna"), Health: bounce.Health{SuppressedSince: w.clock(), Reason: "gone"}}}
	order(t, w.store.Suppressions.Add(t.Context(), w.clock(), gone))
	w.post(w.thread(tonight))
	a := toAll()
	a.Audience.Only = []forum.MemberID{101, 104}
	a.ID = w.start(a)
	w.later(time.Minute)
	w.gotNotice("dora")
	if got, want := w.reasons(101), []string{reasonSuppressed}; !slices.Equal(got, want) {
		t.Errorf("of her alerts is noted %q, want %q", got, want)
	}
	w.skipped(a.ID, map[string]int{reasonSuppressed: 1})
}

func TestASuppressionEndsAfterThirtyDays(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	first := w.post(w.thread(tonight))
	w.relay.refuses(address("anna"), 550, "5.1.1")
	w.at(5, "08:00")
	w.round()
	w.relay.works()
	w.at(5, "09:00")
	w.round()
	w.turn(w.clock().AddDate(0, 0, 30))
	if got := w.suppressed(); len(got) != 0 {
		t.Errorf("thirty days later %v are suppressed", got)
	}
	p := w.post(w.thread(tonight))
	w.turn(w.clock().AddDate(0, 0, 1))
	w.round()
	w.got("anna", posts(first, p)) // no edition was skipped in the meantime
}

func TestAPolicyBlockSuppressesNobodyAndLosesNoPost(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	thread := w.thread(tonight)
	w.relay.refuses("", 550, "5.7.1")
	var all []forum.PostID
	for day := 5; day < 12; day++ {
		w.at(day-1, "12:00")
		all = append(all, w.post(thread))
		w.at(day, "08:00")
		w.round()
		w.at(day, "09:00")
		w.round()
	}
	if got := w.suppressed(); len(got) != 0 {
		t.Errorf("suppressed are %v, want nobody", got)
	}
	if !strings.Contains(w.log.String(), "grounds of policy") {
		t.Errorf("the log does not tell of the policy:\n%s", w.log)
	}
	w.relay.works()
	w.at(12, "08:00")
	w.round()
	w.got("anna", all)
}

// newTown is a world with so many members at a domain, who all watch tonight.
func (w *world) newTown(first, members int, domain string) {
	w.Helper()
	for i := range members {
		id := int64(first + i)
		w.member(id, fmt.Sprintf("m%d", id), passenger, tonight)
		w.sql(`UPDATE member SET email = ? WHERE id = ?`, fmt.Sprintf("m%d@%s", id, domain), id)
	}
}

func TestADomainThatRefusesMostOfWhatItGetsIsHeldAndNobodySuppressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newTown(200, 12, "big.example")
	w.newTown(300, 30, "other.example")
	w.round()
	w.post(w.thread(tonight))
	w.relay.refuses("@big.example", 550, "5.1.1")
	w.at(5, "08:00")
	w.round()
	w.at(5, "08:01")
	w.round()
	holds, err := w.store.Holds.Active(t.Context(), w.clock())
	if err != nil || len(holds) != 1 || holds[0].Domain != "big.example" || holds[0].Until.Sub(w.clock()) != 15*time.Minute {
		t.Errorf("holds are %+v (%v), want big.example for 15 minutes", holds, err)
	}
	w.at(5, "08:20")
	w.round()
	if got := w.suppressed(); len(got) != 0 {
		t.Errorf("suppressed are %v, want nobody", got)
	}
	if holds, err = w.store.Holds.Active(t.Context(), w.clock()); err != nil || len(holds) != 0 {
		t.Errorf("after that, holds are %+v (%v): one cohort holds its domain once", holds, err)
	}
	if n := strings.Count(w.log.String(), "refuses most of what it gets"); n != 1 {
		t.Errorf("the administrator was told %d times, want once:\n%s", n, w.log)
	}
	w.post(w.thread(tonight))
	w.at(6, "08:00")
	w.round()
	w.at(6, "08:01")
	w.round()
	holds, err = w.store.Holds.Active(t.Context(), w.clock())
	if err != nil || len(holds) != 1 || holds[0].Until.Sub(w.clock()) != 30*time.Minute {
		t.Errorf("the next day holds are %+v (%v), want one twice as long", holds, err)
	}
}

func TestARelayThatRefusesEverybodySuppressesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 15 {
		w.newTown(200+i, 1, fmt.Sprintf("d%d.example", i))
	}
	w.round()
	w.post(w.thread(tonight))
	w.relay.refuses("", 550, "5.1.1")
	w.at(5, "08:00")
	w.round()
	w.at(5, "08:20")
	w.round()
	if got := w.suppressed(); len(got) != 0 {
		t.Errorf("suppressed are %v, want nobody", got)
	}
	if !strings.Contains(w.log.String(), "the relay refused most of what it got") {
		t.Errorf("the log does not tell of it:\n%s", w.log)
	}
}

func TestAFewDeadAddressesAmongManyAreSuppressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newTown(200, 12, "big.example")
	w.newTown(300, 30, "other.example")
	w.round()
	w.post(w.thread(tonight))
	w.relay.refuses("5@big.example", 550, "5.1.1")
	w.at(5, "08:00")
	w.round()
	w.at(5, "08:20")
	w.round()
	if got, want := fmt.Sprint(w.suppressed()), "[m205@big.example]"; got != want {
		t.Errorf("suppressed are %s, want %s", got, want)
	}
}

func TestMailsNameWhereTheyComeBackToAndWhereToWriteToEndThem(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	w.set.Bounces = "bounce.upperberth.example"
	w.restart()
	w.post(w.thread(tonight))
	w.at(5, "08:00")
	w.round()
	for _, try := range w.relay.all() {
		member, token, ok := mail.ParseVERP(try.from)
		if !ok || !strings.HasSuffix(try.from, "@bounce.upperberth.example") {
			t.Fatalf("the return path is %s", try.from)
		}
		if !w.daemon.Composer.VerifyToken(token, fmt.Sprintf("digest/%d/2026-05-05", member)) {
			t.Errorf("the return path %s is not that of member %d's mail", try.from, member)
		}
		head, _, _ := parts(t, try.raw)
		_, rest, _ := strings.Cut(head.Get("List-Unsubscribe"), ">, <mailto:u-")
		tag, _, ok := strings.Cut(rest, "@bounce.upperberth.example>")
		grant, err := w.daemon.Links.CheckTag(tag)
		if want := (link.Claims{Scope: link.Digests, Member: member}); !ok || err != nil || grant != want {
			t.Errorf("List-Unsubscribe is %q, which grants %+v (%v), want %+v", head.Get("List-Unsubscribe"), grant, err, want)
		}
	}
}
