package browsertest

import (
	"context"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open opens an address and waits until the page is loaded.
func (p *Page) Open(address string) {
	p.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.host = u.Host
	p.mu.Unlock()
	p.Do(chromedp.Navigate(address))
}

// Do takes steps of chromedp one after the other.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Ask takes a step that has an answer.
func Ask[T any](p *Page, step chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	answer, err := chromedp.Run(ctx, step)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// call gives an order of the DevTools protocol.
func call[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// Text is what a reader sees of the element that a CSS selector finds.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Ask(p, chromedp.Text(chromedp.CSS(selector)))
}

// Address is where the page has come to.
func (p *Page) Address() string {
	p.t.Helper()
	return Ask(p, chromedp.Location())
}

// Click clicks on an element, and waits for the page that this opens.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.scrollTo(selector)
	p.leave(chromedp.Click(chromedp.CSS(selector)))
}

// scrollTo brings an element into view and has the page drawn there. Before that a click can still reach an iframe that was
// at this place before the page scrolled.
func (p *Page) scrollTo(selector string) {
	p.t.Helper()
	p.Do(chromedp.ScrollIntoView(chromedp.CSS(selector)))
	Ask(p, chromedp.CaptureScreenshot())
}

// Tick clicks on an element that stays on its page: a box, a radio button, a summary.
func (p *Page) Tick(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Enter presses Enter (or another key, such as " ") where the focus is, and waits for the page that this opens.
func (p *Page) Enter(key string) {
	p.t.Helper()
	p.leave(chromedp.KeyEvent(keys(key)))
}

// leave takes steps, and waits for the page that they open.
func (p *Page) leave(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Press presses keys one after the other: characters, or "Tab", "Shift+Tab", "Enter", "Escape", "Up", "Down", "Left", "Right".
func (p *Page) Press(names ...string) {
	p.t.Helper()
	for _, name := range names {
		var options []chromedp.KeyOption
		if rest, shift := strings.CutPrefix(name, "Shift+"); shift {
			name, options = rest, append(options, chromedp.KeyModifiers(kb.ModifierShift))
		}
		p.Do(chromedp.KeyEvent(keys(name), options...))
	}
}

func keys(name string) string {
	switch name {
	case "Tab":
		return kb.Tab
	case "Enter":
		return kb.Enter
	case "Escape":
		return kb.Escape
	case "Up":
		return kb.ArrowUp
	case "Down":
		return kb.ArrowDown
	case "Left":
		return kb.ArrowLeft
	case "Right":
		return kb.ArrowRight
	}
	return name
}

// NoScript keeps the page from running scripts, as some visitors do. It holds for what is opened from now on.
func (p *Page) NoScript() {
	p.t.Helper()
	p.Do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
}

// Language is what the browser asks for from now on, such as "de".
func (p *Page) Language(tag string) {
	p.t.Helper()
	p.Do(call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}}))
}

// Look shows the page so many pixels wide, and light or dark, from now on.
func (p *Page) Look(width int, dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.Do(
		chromedp.EmulateViewport(int64(width), 800),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
	)
}

// Screenshot looks at the page like Look. With go test -artifacts it keeps a picture of all of it, as name.png.
func (p *Page) Screenshot(name string, width int, dark bool) {
	p.t.Helper()
	p.Look(width, dark)
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" {
		return
	}
	file := filepath.Join(p.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(file, p.picture(width), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// picture is a PNG of the whole page, in a window that is as high.
func (p *Page) picture(width int) []byte {
	p.t.Helper()
	height := Ask(p, chromedp.Evaluate[int64]("Math.ceil(document.body.getBoundingClientRect().height)"))
	p.Do(chromedp.EmulateViewport(int64(width), height))
	return Ask(p, chromedp.CaptureScreenshot())
}
