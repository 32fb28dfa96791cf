package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/internal/browsertest"
)

// cadence is how often the watcher gets digests.
func (w *fixture) cadence() digest.Cadence {
	w.Helper()
	return w.account().Effective.Schedule.Cadence
}

// account is the watcher's account.
func (w *fixture) account() members.Account {
	w.Helper()
	return must(members.New(w.source, w.store, w.deps.Settings).Account(w.Context(), w.now, watcher))(w)
}

// chooseAsMember changes the watcher's digests, as the member's own settings page does.
func (w *fixture) chooseAsMember(c digest.Cadence) {
	w.Helper()
	service := members.New(w.source, w.store, w.deps.Settings)
	a := must(service.Account(w.Context(), w.now, watcher))(w)
	want := a.Effective
	want.Schedule = &digest.Schedule{Cadence: c, Hour: 8, Day: 1, Weekday: time.Friday, Every: 4}
	check(w, service.UpdatePreferences(w.Context(), w.now, a, want, nil))
}

func TestChoices_AdministratorChangesThemAndTheMembersLaterOnesWin(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	site := w.startSite()
	p := browsertest.New(t)
	logInWithBrowser(p, site)
	p.Open(site + "/members/13")
	p.Click("a[href$=choices]")
	p.Tick("[name=cadence][value=weekly]")
	p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Nowhere/Else"))
	p.Click(".save .button")
	if got := p.Text("[role=alert]"); !strings.Contains(got, "Time zone") || w.cadence() == digest.Weekly {
		t.Errorf("an unknown zone: %q, digests %s", got, w.cadence())
	}
	p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Europe/Berlin"))
	p.Click(".save .button")
	if got := p.Text("[role=status]"); !strings.Contains(got, "saved") || w.cadence() != digest.Weekly {
		t.Errorf("page says %q, digests come %s", got, w.cadence())
	}
	if got := w.account().Origin; got != digest.FromAdmin {
		t.Errorf("the member's page says that the schedule is set %q, want by an administrator", got)
	}
	if log := strings.Join(w.auditOf("member/13"), "\n"); !strings.Contains(log, "web: admin change choices digests daily (8:00) → weekly") || strings.Contains(log, "alerts") {
		t.Errorf("the audit log has\n%s", log)
	}
	if got := p.Text("main"); !strings.Contains(got, "choices changed") {
		t.Errorf("the member's page does not show the change:\n%s", got)
	}

	p.Click("a[href$=choices]")
	w.chooseAsMember(digest.Monthly) // while the form is open
	p.Tick("[name=cadence][value=off]")
	p.Click(".save .button")
	if got := p.Text("[role=alert]"); !strings.Contains(got, "Nothing was saved") || w.cadence() != digest.Monthly {
		t.Errorf("an outdated form: %q, digests come %s", got, w.cadence())
	}
	p.Tick("[name=cadence][value=off]")
	p.Click(".save .button")
	if w.cadence() != digest.Off {
		t.Errorf("digests come %s", w.cadence())
	}
	w.now = w.now.Add(time.Minute)
	w.chooseAsMember(digest.Daily)
	if got := w.account().Origin; w.cadence() != digest.Daily || got != digest.FromMember {
		t.Errorf("the member's later choice has no effect: digests come %s, set %q", w.cadence(), got)
	}
	if n := len(w.auditOf("member/13")); n != 2 {
		t.Errorf("%d changes in the audit log, want 2", n)
	}
}
