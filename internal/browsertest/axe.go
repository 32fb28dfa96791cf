package browsertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// axe is the program of axe-core, which npm installs next to this file.
var axe = sync.OnceValues(func() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "axe", "node_modules", "axe-core", "axe.min.js"))
	return string(text), err
})

// Axe checks the page as it looks now against axe-core's rules. It fails the test on each serious or critical violation, and logs
// lesser ones. If rules are given ("color-contrast"), it checks only these. It skips the rest of the test if axe-core is not
// installed.
func (p *Page) Axe(rules ...string) {
	p.t.Helper()
	for _, v := range p.violations(rules) {
		if v.Impact == "serious" || v.Impact == "critical" {
			p.t.Errorf("%s: %s", p.URL(), v)
			continue
		}
		p.t.Logf("%s: %s", p.URL(), v)
	}
}

// violation is a violated rule, with the elements concerned.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		Target  string `json:"target"` // a CSS selector
		HTML    string `json:"html"`
		Summary string `json:"summary"`
	} `json:"nodes"`
}

func (v violation) String() string {
	text := fmt.Sprintf("axe (%s): %s: %s", v.Impact, v.ID, v.Help)
	for _, n := range v.Nodes {
		text += "\n  " + n.Target + ": " + n.HTML + "\n    " + strings.ReplaceAll(n.Summary, "\n", "\n    ")
	}
	return text
}

// violations runs axe-core. The page's Content-Security-Policy does not apply to scripts that come over DevTools.
func (p *Page) violations(rules []string) []violation {
	p.t.Helper()
	program, err := axe()
	if errors.Is(err, fs.ErrNotExist) {
		p.t.Skip("SKIPPED: axe-core is not installed (npm ci --ignore-scripts in internal/browsertest/axe)")
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if !Run(p, chromedp.Evaluate[bool](`typeof axe == "object"`)) {
		p.Do(chromedp.Evaluate[chromedp.Void](program))
	}
	options := `{resultTypes: ["violations"]`
	if len(rules) > 0 {
		options += `, runOnly: ["` + strings.Join(rules, `", "`) + `"]`
	}
	return Run(p, chromedp.Evaluate[[]violation](
		`axe.run(document, `+options+`}).then(found => found.violations.map(v => ({
			id: v.id, impact: v.impact, help: v.help,
			nodes: v.nodes.map(n => ({target: n.target.join(" "), html: n.html, summary: n.failureSummary})),
		})))`, chromedp.EvalAwaitPromise))
}
