package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/internal/link"
)

// pageStates are all pages, in every state that looks different.
func (w *fixture) pageStates(messages map[string]receivedMessage) []pageState {
	settings, stop := w.url(link.Settings, 0), w.url(link.Section, 4)
	var mails []pageState
	for kind, l := range messages {
		mails = append(mails, pageState{"view-" + kind, func(p *browsertest.Page) { p.Open(l.links("v/")[0]) }})
	}
	return append(mails, []pageState{
		{"unsubscribe", func(p *browsertest.Page) { p.Open(stop) }},
		{"unsubscribed", func(p *browsertest.Page) { p.Open(stop); p.Click("main form .button") }},
		{"undone", func(p *browsertest.Page) { p.Click("main form .button") }},
		{"already-unsubscribed", func(p *browsertest.Page) {
			p.Open(w.url(link.Everything, 0))
			p.Click("main form .button")
			p.Open(w.url(link.Everything, 0)) // says so, without a button
		}},
		{"settings-off", func(p *browsertest.Page) { p.Open(settings) }},
		{"settings-unfolded", func(p *browsertest.Page) { p.Open(settings); unfold(p) }},
		{"settings-errors", func(p *browsertest.Page) {
			p.Tick("[name=cadence][value=weekly]")
			p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Atlantis"))
			p.Click(".save .button")
		}},
		{"settings-saved", func(p *browsertest.Page) {
			p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Asia/Tokyo"))
			p.Click(".save .button")
		}},
		{"settings-bounced", func(p *browsertest.Page) { w.suppressAddress(); p.Open(settings) }},
		{"settings-retried", func(p *browsertest.Page) { p.Click(".note .button") }},
		{"settings-retry-failed", func(p *browsertest.Page) { w.suppressAddress(); p.Open(settings) }},
		{"invalid_link", func(p *browsertest.Page) { p.Open(settings + "x") }},
		{"not_found", func(p *browsertest.Page) { p.Open(w.site.URL + "/postrider/nowhere") }},
		{"message-expired", func(p *browsertest.Page) { p.Open(w.url(link.View, 1)) }},
	}...)
}

// unfold shows everything that is folded.
func unfold(p *browsertest.Page) {
	p.Do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('details').forEach(d => { d.open = true })"))
}

// pageState is a page and how to get there, possibly from the one before.
type pageState struct {
	name string
	open func(*browsertest.Page)
}

// axe-core checks every page in both languages, light and dark. No page may be wider than a phone, left to right or right to left.
// With go test -artifacts the screenshots are saved.
func TestPages_MeetAccessibilityRules(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			w, messages := newFixtureWithMessages(t)
			w.saveSubscriber(w.now)
			check(t, w.store.Preferences.Save(t.Context(), w.now, anna, digest.Preferences{Locale: language}))
			p := browsertest.New(t)
			p.Language(language)
			for _, l := range append(w.pageStates(messages), newSubscribers(t).subscribeStates(language)...) {
				l.open(p)
				if got := browsertest.Run(p, chromedp.Evaluate[string]("document.documentElement.lang")); got != language {
					t.Errorf("%s: page language is %q, want %q", l.name, got, language)
				}
				for _, dark := range []bool{false, true} {
					for _, width := range []int{1280, 360} {
						p.Screenshot(fmt.Sprintf("%s-%s-%d-%s", l.name, language, width, schemeName(dark)), width, dark)
					}
					if dark { // everything else is the same as in light mode
						p.Axe("color-contrast")
					} else {
						p.Axe()
					}
				}
				wantNoHorizontalScroll(t, p, l.name)
				p.Do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dir = 'rtl'"))
				wantNoHorizontalScroll(t, p, l.name+" from right to left")
				p.Screenshot(fmt.Sprintf("%s-%s-360-rtl", l.name, language), 360, false)
			}
		})
	}
}

// subscribeStates are the pages to subscribe, in the order in which a visitor sees them.
func (s *subscribers) subscribeStates(language string) []pageState {
	address := s.site.URL + "/postrider/subscribe"
	send := func(p *browsertest.Page, email string) {
		p.Do(chromedp.SetValue(chromedp.CSS("#email"), email))
		p.Click("form .button")
	}
	return []pageState{
		{"subscribe", func(p *browsertest.Page) { p.Open(address) }},
		{"subscribe-errors", func(p *browsertest.Page) { send(p, "anna@localhost") }},
		{"subscribe-sent", func(p *browsertest.Page) {
			p.Tick("[name=section][value=local]")
			send(p, "anna@example.org")
		}},
		{"subscribe-ask", func(p *browsertest.Page) { p.Open(s.deliver()[0].linkIn(s, "/subscribe/")) }},
		{"subscribe-done", func(p *browsertest.Page) { p.Click("main form .button") }},
		{"subscribe-already", func(p *browsertest.Page) {
			s.now = s.now.Add(2 * time.Hour)
			link := s.askedLink("carla@example.org", "section", "news", "locale", language)
			s.post(link, "confirm", "yes")
			p.Open(link)
		}},
		{"subscribe-expired", func(p *browsertest.Page) {
			link := s.askedLink("dora@example.org", "section", "news", "locale", language)
			s.now = s.now.Add(72 * time.Hour)
			p.Open(link)
		}},
	}
}

// No list of the settings may be too narrow for one of its choices, on a wide screen or on a phone.
func TestSettings_ListsShowTheirChoicesInFull(t *testing.T) {
	t.Parallel()
	const clipped = `[...document.querySelectorAll("select")].filter(s => {
		const have = s.getBoundingClientRect().width
		s.style.inlineSize = "max-content"
		const need = s.getBoundingClientRect().width
		s.style.inlineSize = ""
		return have > 0 && need > have + 1
	}).map(s => s.name + ": " + s.options[s.selectedIndex].text).join(", ")`
	for _, language := range []string{"en", "de"} {
		w := newFixture(t)
		w.saveSubscriber(w.now)
		check(t, w.store.Preferences.Save(t.Context(), w.now, anna, digest.Preferences{Locale: language}))
		p := browsertest.New(t)
		for _, width := range []int{1280, 700, 360} {
			p.Emulate(width, false)
			p.Open(w.url(link.Settings, 0))
			if n := browsertest.Run(p, chromedp.Evaluate[int]("document.querySelectorAll('.watches select').length")); n == 0 {
				t.Fatal("the page has no watches")
			}
			if n := browsertest.Run(p, chromedp.Evaluate[int]("document.documentElement.scrollHeight")); width == 360 && n > 4000 {
				t.Errorf("%s: the page is %d pixels high on a phone, want at most 4,000", language, n)
			}
			unfold(p)
			if got := browsertest.Run(p, chromedp.Evaluate[string](clipped)); got != "" {
				t.Errorf("%s: at %d pixels these are clipped: %s", language, width, got)
			}
		}
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
