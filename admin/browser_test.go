package admin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/bounce"
	"postrider/forum"
	"postrider/internal/browsertest"
	"postrider/store"
)

// startSite serves the admin pages, in the given wrappers, and returns their URL.
func (w *fixture) startSite(wrappers ...func(http.Handler) http.Handler) string {
	w.Helper()
	handler := &lateHandler{}
	server := httptest.NewServer(handler)
	w.Cleanup(server.Close)
	w.config.URL = server.URL + "/base"
	w.open()
	handler.Handler = w.server
	for _, wrap := range wrappers {
		handler.Handler = wrap(handler.Handler)
	}
	return w.config.URL
}

// lateHandler is a handler that is set after its server's address is known.
type lateHandler struct{ http.Handler }

// logInWithBrowser logs in.
func logInWithBrowser(p *browsertest.Page, site string) {
	p.Open(site + "/")
	p.Do(chromedp.SendKeys(chromedp.CSS("#password"), password))
	p.Click("main .button")
}

// fillStore fills the store with data of every kind.
func (w *fixture) fillStore() {
	w.Helper()
	ctx := w.Context()
	w.fillOutbox("queued", "leased", "accepted", "refused", "uncertain", "skipped", "queued")
	for i, c := range bounce.Classes {
		check(w, w.store.Suppressions.SaveRefusals(ctx, []store.Refusal{{
			Key: digestKey(i + 1), Source: store.FromReport, Member: 1, Address: fmt.Sprintf("somebody.with.a.long.name.%d@mail.example.org", i), SentAt: noon, Class: c,
			Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 <somebody.with.a.long.name@mail.example.org>: Recipient address rejected: User unknown in virtual mailbox table", At: noon,
		}}))
	}
	check(w, w.store.Suppressions.Add(ctx, noon, []store.Health{
		{Address: "anna@mail.example.org", Member: 4711, Health: bounce.Health{SuppressedSince: noon, SuppressedUntil: noon.AddDate(0, 0, 30), Reason: "dead: 550 5.1.1 no such user here"}},
		must(store.ManualSuppression("a.very.long.address.of.somebody.who.has.asked.for.no.mail@a-domain-with-a-long-name.example.org", "requested by email", noon))(w),
	}))
	check(w, w.store.Holds.Add(ctx, store.DomainHold{Domain: "gmail.com", Since: noon, Until: noon.Add(2 * time.Hour), Reason: "refused 14 of 15 in a minute: 421 4.7.28 unusual rate of mail"}))
	var subs []store.Subscriber
	for i := range 200 {
		subs = append(subs, store.Subscriber{ID: forum.MemberID(1000 + i), Due: noon.Add(time.Duration(i*i) * time.Minute / 30)})
	}
	check(w, w.store.Subscribers.Save(ctx, noon, subs))
	for i := range 30 {
		run := store.RoundRecord{Began: noon.AddDate(0, 0, -i), Tick: "editions", Took: 1234 * time.Millisecond, Planned: 900 + 97*i%500, Sent: 800 + 97*i%500, Refused: i % 5, Skipped: map[string]int{"nothing new": 100 * (i % 3)}}
		if i == 2 {
			run.Error = "building a batch: asking the forum for members: dial tcp 127.0.0.1:3306: connect: connection refused"
		}
		check(w, w.store.Rounds.Save(ctx, run))
	}
	check(w, w.store.Values.Set(ctx, "pulse", noon.Format(time.RFC3339)))
	check(w, w.store.Alarms.Save(ctx, []store.Alarm{{Key: "held gmail.com", Detail: "421 4.7.28 unusual rate of mail", Since: noon, Due: noon, Seen: noon}}, nil))
}

// pageState is a page and how to get there, possibly from the one before.
type pageState struct {
	name string
	open func(p *browsertest.Page, site string)
}

func openPath(path string) func(*browsertest.Page, string) {
	return func(p *browsertest.Page, site string) { p.Open(site + path) }
}

// pageStates are all pages, in every state that looks different.
func pageStates() []pageState {
	return append([]pageState{
		{"login", openPath("/login")},
		{"login-wrong", func(p *browsertest.Page, site string) {
			p.Do(chromedp.SendKeys(chromedp.CSS("#password"), "wrong"))
			p.Click("main .button")
		}},
		{"dashboard", func(p *browsertest.Page, site string) { logInWithBrowser(p, site) }},
		{"dashboard-tables", func(p *browsertest.Page, site string) {
			p.Do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('details').forEach(d => d.open = true)"))
		}},
		{"queue", openPath("/queue?state=all")},
		{"mail", openPath("/queue/mail?key=" + digestKey(4))},
		{"drop", func(p *browsertest.Page, site string) {
			p.Open(site + "/queue")
			p.Tick("[name=key]")
			p.Click("[formaction]")
		}},
		{"dropped", func(p *browsertest.Page, site string) { p.Click("main .button") }},
		{"bounces", openPath("/bounces")},
		{"bounces-error", func(p *browsertest.Page, site string) {
			p.Do(chromedp.SendKeys(chromedp.CSS("#address"), "nobody"))
			p.Click("[action$=suppress] button")
		}},
		{"settings", openPath("/settings")},
		{"preview", openPath("/settings/mails")},
		{"preview-phone-dark", openPath("/settings/mails?kind=alert&phone=yes&dark=yes")},
		{"preview-text", openPath("/settings/mails?kind=announcement&text=yes&locale=de")},
		{"preview-unknown-member", openPath("/settings/mails?kind=digest&member=nobody")},
		{"paused", func(p *browsertest.Page, site string) {
			p.Open(site + "/")
			p.Click("[action$=pause] button")
		}},
		{"not_found", openPath("/nowhere")},
	}, messagePageStates()...)
}

// axe-core checks every page, in English wide and light, in German narrow and dark. No page may be wider than a phone, left to right
// or right to left. With go test -artifacts the screenshots are saved.
func TestPages_MeetAccessibilityRules(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			w.fillStore()
			w.sendMessages()
			site := w.startSite()
			p := browsertest.New(t)
			p.Language(language)
			for _, l := range pageStates() {
				l.open(p, site)
				if got := browsertest.Run(p, chromedp.Evaluate[string]("document.documentElement.lang")); got != language {
					t.Errorf("%s: page language is %q, want %q", l.name, got, language)
				}
				for _, seen := range []struct {
					width int
					dark  bool
				}{{1280, true}, {1280, false}, {360, false}, {360, true}} {
					p.Screenshot(fmt.Sprintf("%s-%s-%d-%v", l.name, language, seen.width, schemeName(seen.dark)), seen.width, seen.dark)
					if seen.dark == (seen.width == 360) && seen.dark == (language == "de") { // wide and light, narrow and dark
						p.Axe()
					}
				}
				wantNoHorizontalScroll(t, p, l.name)
				p.Do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dir = 'rtl'"))
				wantNoHorizontalScroll(t, p, l.name+" from right to left")
				p.Do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dir = 'ltr'"))
			}
		})
	}
}

func schemeName(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// wantNoHorizontalScroll fails the test if a page is wider than a phone.
func wantNoHorizontalScroll(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	if got := browsertest.Run(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth")); got > 360 {
		t.Errorf("%s is %d pixels wide on a screen of 360", name, got)
	}
}

// Without scripts and with a keyboard only: from the login to a requeued message.
func TestPages_WorkByKeyboardWithoutScript(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("refused")
	site := w.startSite()
	p := browsertest.New(t)
	p.NoScript()
	p.Open(site + "/queue?state=refused")
	p.Do(chromedp.KeyEvent("wrong password")) // the field has the focus
	p.PressAndWait("Enter")
	if got := p.Text("[role=alert]"); !strings.Contains(got, "Wrong password") {
		t.Errorf("a wrong password: %q", got)
	}
	p.Do(chromedp.KeyEvent(password))
	p.PressAndWait("Enter")
	if got := p.URL(); got != site+"/queue?state=refused" {
		t.Errorf("login leads to %q", got)
	}
	p.Press("Tab")
	p.PressAndWait("Enter") // the skip link
	for range 8 {           // six fields, the button, and the checkbox of the message
		p.Press("Tab")
	}
	p.Press(" ", "Tab", "Tab", "Tab")
	p.PressAndWait("Enter")
	if got := p.Text("[role=status]"); !strings.Contains(got, "1 message was requeued.") || w.messageState(digestKey(1)) != "queued" {
		t.Errorf("%q; message is %s", got, w.messageState(digestKey(1)))
	}
}
