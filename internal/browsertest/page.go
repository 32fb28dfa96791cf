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

// Open opens a URL and waits until the page is loaded.
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

// Do runs steps of chromedp one after the other.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Run runs a step that returns a result.
func Run[T any](p *Page, step chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTimeout)
	defer cancel()
	result, err := chromedp.Run(ctx, step)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// command is the step that sends a command of the DevTools protocol.
func command[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// Text returns the visible text of the element that matches a CSS selector.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Run(p, chromedp.Text(chromedp.CSS(selector)))
}

// URL returns the page's current URL.
func (p *Page) URL() string {
	p.t.Helper()
	return Run(p, chromedp.Location())
}

// Click clicks on an element and waits for the page that this opens.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.scrollTo(selector)
	p.navigate(chromedp.Click(chromedp.CSS(selector)))
}

// scrollTo scrolls an element into view and waits until the page is drawn there. Before that a click can still reach an iframe that
// was at this position before the page scrolled.
func (p *Page) scrollTo(selector string) {
	p.t.Helper()
	p.Do(chromedp.ScrollIntoView(chromedp.CSS(selector)))
	Run(p, chromedp.CaptureScreenshot())
}

// Tick clicks on an element that opens no other page: a checkbox, a radio button, a summary.
func (p *Page) Tick(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// PressAndWait presses Enter (or another key, for example " ") on the focused element and waits for the page that this opens.
func (p *Page) PressAndWait(key string) {
	p.t.Helper()
	p.navigate(chromedp.KeyEvent(keySequence(key)))
}

// navigate runs steps and waits for the page that they open.
func (p *Page) navigate(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTimeout)
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
		p.Do(chromedp.KeyEvent(keySequence(name), options...))
	}
}

func keySequence(name string) string {
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

// NoScript disables scripts, as some visitors do, for all pages opened from now on.
func (p *Page) NoScript() {
	p.t.Helper()
	p.Do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
}

// Language sets the language that the browser requests from now on, for example "de".
func (p *Page) Language(tag string) {
	p.t.Helper()
	p.Do(command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}}))
}

// Zone sets the browser's time zone from now on, for example "Asia/Tokyo".
func (p *Page) Zone(name string) {
	p.t.Helper()
	p.Do(command(emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name}))
}

// Emulate sets the width in pixels and the color scheme from now on.
func (p *Page) Emulate(width int, dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.Do(
		chromedp.EmulateViewport(int64(width), 800),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
	)
}

// Screenshot calls Emulate. With go test -artifacts it also saves a screenshot of the whole page as NAME.png.
func (p *Page) Screenshot(name string, width int, dark bool) {
	p.t.Helper()
	p.Emulate(width, dark)
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" {
		return
	}
	file := filepath.Join(p.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(file, p.capture(width), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// capture returns a PNG of the whole page, in a window of the page's height.
func (p *Page) capture(width int) []byte {
	p.t.Helper()
	height := Run(p, chromedp.Evaluate[int64]("Math.ceil(document.body.getBoundingClientRect().height)"))
	p.Do(chromedp.EmulateViewport(int64(width), height))
	return Run(p, chromedp.CaptureScreenshot())
}
