package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/internal/link"
)

// looks are all pages, in every state that looks different.
func (w *world) looks(letters map[string]letter) []look {
	settings, stop := w.url(link.Settings, 0), w.url(link.Section, 4)
	var mails []look
	for kind, l := range letters {
		mails = append(mails, look{"view-" + kind, func(p *browsertest.Page) { p.Open(l.links("v/")[0]) }})
	}
	return append(mails, []look{
		{"unsubscribe", func(p *browsertest.Page) { p.Open(stop) }},
		{"unsubscribed", func(p *browsertest.Page) { p.Open(stop); p.Click("main form .button") }},
		{"undone", func(p *browsertest.Page) { p.Click("main form .button") }},
		{"had-ended", func(p *browsertest.Page) {
			for range 2 {
				p.Open(w.url(link.Everything, 0))
				p.Click("main form .button")
			}
		}},
		{"settings-off", func(p *browsertest.Page) { p.Open(settings) }},
		{"settings-faults", func(p *browsertest.Page) {
			p.Tick("[name=cadence][value=weekly]")
			p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Atlantis"))
			p.Click(".save .button")
		}},
		{"settings-saved", func(p *browsertest.Page) {
			p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "Asia/Tokyo"))
			p.Click(".save .button")
		}},
		{"settings-returned", func(p *browsertest.Page) { w.bounces(); p.Open(settings) }},
		{"settings-tried", func(p *browsertest.Page) { p.Click(".note .button") }},
		{"settings-tried-in-vain", func(p *browsertest.Page) { w.bounces(); p.Open(settings) }},
		{"invalid_link", func(p *browsertest.Page) { p.Open(settings + "x") }},
		{"not_found", func(p *browsertest.Page) { p.Open(w.site.URL + "/postrider/nowhere") }},
		{"mail-gone", func(p *browsertest.Page) { p.Open(w.url(link.View, 1)) }},
	}...)
}

// look is a page, and how to get there, maybe from the one before.
type look struct {
	name string
	open func(*browsertest.Page)
}

// Every page is held against axe-core, in both languages, light and dark; and nothing on it is wider than a phone, whichever
// way it is read. go test -artifacts keeps the pictures.
func TestEveryPageServesEverybody(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			w, letters := newMailedWorld(t)
			w.enroll(w.now)
			check(t, w.store.Preferences.Save(t.Context(), w.now, anna, digest.Preferences{Locale: language}))
			p := browsertest.New(t)
			p.Language(language)
			for _, l := range w.looks(letters) {
				l.open(p)
				if got := browsertest.Ask(p, chromedp.Evaluate[string]("document.documentElement.lang")); got != language {
					t.Errorf("%s: the page is in %q, want %q", l.name, got, language)
				}
				for _, dark := range []bool{false, true} {
					for _, width := range []int{1280, 360} {
						p.Screenshot(fmt.Sprintf("%s-%s-%d-%s", l.name, language, width, shade(dark)), width, dark)
					}
					if dark { // all else is as it is in the light
						p.Axe("color-contrast")
					} else {
						p.Axe()
					}
				}
				narrow(t, p, l.name)
				p.Do(chromedp.Evaluate[chromedp.Void]("document.documentElement.dir = 'rtl'"))
				narrow(t, p, l.name+" from right to left")
				p.Screenshot(fmt.Sprintf("%s-%s-360-rtl", l.name, language), 360, false)
			}
		})
	}
}

func shade(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// narrow tells whether the page has to be moved sideways to be read on a phone.
func narrow(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	if got := browsertest.Ask(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth")); got > 360 {
		t.Errorf("%s is %d pixels wide on a screen of 360", name, got)
	}
}
