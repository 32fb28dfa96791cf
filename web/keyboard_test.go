package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/internal/link"
)

// openPhone opens a browser with the width of a phone and no scripts.
func openPhone(t *testing.T) *browsertest.Page {
	t.Helper()
	p := browsertest.New(t)
	p.NoScript()
	p.Emulate(360, false)
	return p
}

// focus is the focused element.
type focus struct {
	Name    string `json:"name"`    // name of the field, else the element's text
	Value   string `json:"value"`   // of a radio button
	Outline int    `json:"outline"` // pixels; 0: the focus is invisible
	Hidden  bool   `json:"hidden"`  // covered by another element, or out of view
}

func currentFocus(p *browsertest.Page) focus {
	return browsertest.Run(p, chromedp.Evaluate[focus](`(() => {
		const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e)
		const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
		return {
			name: e.name || e.textContent.trim(), value: e.type == "radio" ? e.value : "",
			outline: style.outlineStyle == "none" ? 0 : Math.round(parseFloat(style.outlineWidth)),
			hidden: !top || !(top == e || e.contains(top) || top.contains(e) && top.tagName == "LABEL"),
		}
	})()`))
}

// tabTo presses Tab until the element with a name or text has the focus. The focus must be visible all the way.
func tabTo(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	for range 100 {
		p.Press("Tab")
		f := currentFocus(p)
		if f.Outline < 2 || f.Hidden {
			t.Errorf("focus is invisible: %+v", f)
		}
		if f.Name == name {
			return
		}
	}
	t.Fatalf("Tab does not reach %q", name)
}

func TestKeyboard_UnsubscribesAndUndoes(t *testing.T) {
	t.Parallel()
	w, p := newFixture(t), openPhone(t)
	p.Language("en")
	check(t, w.store.Preferences.Save(t.Context(), w.now, anna, digest.Preferences{Locale: "en"}))
	p.Open(w.url(link.Digests, 0))
	tabTo(t, p, "Skip to content")
	p.Press("Enter")
	tabTo(t, p, "confirm")
	p.PressAndWait("Enter")
	if !w.isUnsubscribed(link.Digests) || p.Text("h1") != "You've unsubscribed from digests" {
		t.Fatalf("unsubscribed: %v; page says %q", w.isUnsubscribed(link.Digests), p.Text("h1"))
	}
	tabTo(t, p, "Undo")
	p.PressAndWait(" ")
	if w.isUnsubscribed(link.Digests) || p.Text("h1") != "You'll get digests again" {
		t.Errorf("unsubscribed: %v; page says %q", w.isUnsubscribed(link.Digests), p.Text("h1"))
	}
}

func TestKeyboard_Subscribes(t *testing.T) {
	t.Parallel()
	s, p := newSubscribers(t), openPhone(t)
	p.Language("en")
	p.Open(s.site.URL + "/postrider/subscribe")
	tabTo(t, p, "email")
	p.Press("anna@example.org")
	tabTo(t, p, "section")
	p.Press(" ")
	tabTo(t, p, "cadence")
	p.Press("Down") // every week
	tabTo(t, p, "Subscribe")
	p.PressAndWait("Enter")
	if got := p.Text("h1"); got != "Please check your mailbox" {
		t.Fatalf("the page says %q", got)
	}
	messages := s.deliver()
	if len(messages) != 1 {
		t.Fatalf("messages %+v", messages)
	}
	p.Open(messages[0].linkIn(t, "/subscribe/"))
	tabTo(t, p, "confirm")
	p.PressAndWait(" ")
	if got := p.Text("h1"); !strings.HasPrefix(got, "You are subscribed to") || s.members()["anna@example.org"] != 1 {
		t.Errorf("the page says %q, members %v", got, s.members())
	}
}

func TestKeyboard_FillsInTheSettings(t *testing.T) {
	t.Parallel()
	w, p := newFixture(t), openPhone(t)
	p.Open(w.url(link.Settings, 0))
	tabTo(t, p, "cadence")
	p.Press("Down") // every week
	tabTo(t, p, "weekday")
	p.Press("F") // Freitag
	tabTo(t, p, "section-4")
	p.Press("E") // Einmal pro Woche
	tabTo(t, p, "Format und Inhalt")
	p.Press("Enter") // unfolds
	tabTo(t, p, "own")
	p.Press(" ")
	tabTo(t, p, "Speichern")
	p.PressAndWait("Enter")
	c := w.preferences()
	if c.Schedule == nil || c.Schedule.Cadence != digest.Weekly || c.Schedule.Weekday != time.Friday || c.IncludeOwnPosts == nil || !*c.IncludeOwnPosts {
		t.Errorf("preferences are %+v, %+v", c, c.Schedule)
	}
	if got := w.overrides().Sections[4]; got != digest.Weekly {
		t.Errorf("override of the section is %q", got)
	}
}

func TestKeyboard_ReachesFieldsInReadingOrder(t *testing.T) {
	t.Parallel()
	w, p := newFixture(t), openPhone(t)
	p.Open(w.url(link.Settings, 0))
	want := browsertest.Run(p, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a, button, select, input, summary")]
		.filter(e => e.checkVisibility() && (e.type != "radio" || e.checked)).map(e => e.name || e.textContent.trim())`))
	var got []string
	for range want {
		p.Press("Tab")
		f := currentFocus(p)
		for f.Name == "pause" && slices.Contains(got, "pause") { // day, month and year are separate tab stops
			p.Press("Tab")
			f = currentFocus(p)
		}
		got = append(got, f.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("tab order is\n%q, want\n%q", got, want)
	}
}

func TestSettings_ShowSavedValuesAfterReload(t *testing.T) {
	t.Parallel()
	w, p := newFixture(t), openPhone(t)
	p.Open(w.url(link.Settings, 0))
	unfold(p)
	p.Tick("[name=cadence][value=weekly]")
	p.Do(
		chromedp.SetValue(chromedp.CSS("#hour"), "19"),
		chromedp.SetValue(chromedp.CSS("#zone"), "Asia/Tokyo"),
		chromedp.SetValue(chromedp.CSS("#locale"), "en"),
		chromedp.SetValue(chromedp.CSS("#excerpt"), "600"),
		chromedp.SetValue(chromedp.CSS("#section-4"), "off"),
		chromedp.SetValue(chromedp.CSS("#pause"), "2026-05-20"),
	)
	p.Tick("[name=format][value=text]")
	p.Tick("[name=alerts][value=every]")
	p.Tick("[name=announcements]")
	p.Click(".save .button")
	if got := p.Text("[role=status]"); got != "Saved. This takes effect immediately." {
		t.Errorf("page says %q", got)
	}
	p.Open(w.url(link.Settings, 0))
	got := browsertest.Run(p, chromedp.Evaluate[map[string]string](`Object.fromEntries(new FormData(document.querySelector("#form")))`))
	for field, want := range map[string]string{
		"cadence": "weekly", "hour": "19", "zone": "Asia/Tokyo", "locale": "en", "excerpt": "600", "section-4": "off",
		"pause": "2026-05-20", "format": "text", "alerts": "every", "announcements": "",
	} {
		if got[field] != want {
			t.Errorf("%s is %q, want %q", field, got[field], want)
		}
	}
}
