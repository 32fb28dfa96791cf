// Package browsertest opens pages in a real browser, headless Chromium, as a visitor would.
//
//	page := browsertest.New(t)                   // a tab with its own cookies
//	page.Open(url)                               // waits until the page is loaded
//	page.Click("#save")                          // or with the keyboard: page.Press("Tab", "Enter")
//	page.Do(chromedp.WaitVisible(".notice"))     // whatever else chromedp can do
//	page.Axe()                                   // fails on violations that axe-core calls serious or critical
//	page.Screenshot("saved", 360, true)          // for people to check: 360 pixels wide, dark
//
// One browser serves all tests of a binary, which may run in parallel: each tab is private. Tests are skipped if Chromium is not
// installed. A test fails if a page requests anything from another host, violates its own Content-Security-Policy or has a script
// that fails.
package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"postrider/internal/servertest"
)

// stepTimeout limits each step: a machine busy with tests is slow.
const stepTimeout = 60 * time.Second

// One browser serves all tests of a binary, because starting one takes a second. It stops when the test binary ends, see package
// servertest.
var browser = sync.OnceValues(startBrowser)

// startBrowser starts a browser and returns the context for new tabs.
func startBrowser() (context.Context, error) {
	program, _ := findBrowser()
	dir, err := servertest.Dir("chromium")
	if err != nil {
		return nil, err
	}
	var address string
	ready := func(context.Context) (err error) {
		address, err = devTools(dir)
		return err
	}
	_, err = servertest.Start(ready, dir, program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--no-default-browser-check", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-features=Translate,MediaRouter", "--mute-audio", "--hide-scrollbars",
		"--remote-debugging-port=0", "--user-data-dir="+dir, "about:blank")
	if err != nil {
		return nil, err
	}
	allocator, _ := remote.NewAllocator(context.Background(), address, remote.NoModifyURL)
	ctx, _ := chromedp.NewContext(allocator)
	return ctx, chromedp.Do(ctx) // connects
}

func findBrowser() (string, bool) { return servertest.Find("chromium", "/usr/lib/chromium") }

// devTools returns the address of the browser's DevTools, which the browser writes to a file once it is ready.
func devTools(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
	if err != nil {
		return "", err
	}
	port, path, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !ok {
		return "", fmt.Errorf("DevToolsActivePort contains %q", text)
	}
	return "ws://127.0.0.1:" + port + path, nil
}

// Page is a tab.
type Page struct {
	t        testing.TB
	ctx      context.Context
	mu       sync.Mutex
	host     string          // of the opened page
	problems map[string]bool // not yet reported to the test
}

// New opens a tab that lives as long as the test. It skips the test if Chromium is not installed.
func New(t testing.TB) *Page {
	t.Helper()
	if _, found := findBrowser(); !found {
		t.Skip("SKIPPED: Chromium is not installed (no chromium in PATH or /usr/lib/chromium)")
	}
	browserCtx, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, problems: make(map[string]bool)}
	ctx, cancel := chromedp.NewContext(browserCtx, chromedp.WithNewBrowserContext())
	p.ctx = ctx
	if err := chromedp.Listen(ctx, p.recordProblem); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		cancel()
		p.reportProblems()
	})
	return p
}

// recordProblem records what none of our pages may do. It must not block.
func (p *Page) recordProblem(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		pageHost := p.host
		if e.Type != network.ResourceTypeDocument { // the request may be for the previous page, for example its icon
			pageHost = hostOf(e.DocumentURL)
		}
		if host := hostOf(e.Request.URL); host != "" && host != pageHost {
			p.problems["request to another host: "+e.Request.URL] = true
		}
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || e.Entry.Source == log.EntrySourceJavascript {
			p.problems[e.Entry.Text] = true
		}
	case *runtime.EventExceptionThrown:
		p.problems[e.ExceptionDetails.Text] = true
	}
}

// hostOf returns the host of a URL; empty: it has none, for example "data:".
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// reportProblems fails the test with the recorded problems.
func (p *Page) reportProblems() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for problem := range p.problems {
		p.t.Errorf("%s: %s", p.host, problem)
	}
	clear(p.problems)
}
