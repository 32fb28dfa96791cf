package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/templates"
	"postrider/web"
)

func TestSamples_RenderInEveryLanguage(t *testing.T) {
	w := newFixture(t)
	var list []templates.Language
	for _, l := range w.pages.LanguageNames() {
		list = append(list, w.pages.Language(l.Tag))
	}
	check(t, must(web.New(dependencies(w), w.config))(t).RenderSamples(list))
}

// dependencies returns what the pages of a fixture depend on.
func dependencies(w *fixture) (deps web.Deps) {
	w.deps = func(d *web.Deps) { deps = *d }
	w.open()
	return deps
}

// What the owner of the site wrote is rendered at startup, in all languages that it can break.
func TestNew_RejectsFaultyPagesOfTheOwner(t *testing.T) {
	w := newFixture(t)
	deps := dependencies(w)
	for name, src := range map[string]string{
		"for everybody":    `{{define "title"}}{{end}}{{define "main"}}{{.Nowhere}}{{end}}`,
		"for one language": `{{define "title"}}{{end}}{{define "main"}}{{if eq (t "notice_title.not_found") "Seite nicht gefunden"}}{{.Nowhere}}{{end}}{{end}}`,
	} {
		dir := t.TempDir()
		check(t, os.MkdirAll(filepath.Join(dir, "page"), 0o755))
		check(t, os.WriteFile(filepath.Join(dir, "page", "notice.html"), []byte(src), 0o644))
		deps.Pages = must(templates.Load(dir))(t).Pages(templates.Site{Name: "Forum", Locale: "en"}, "")
		_, err := web.New(deps, w.config)
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "page", "notice.html")+":1") {
			t.Errorf("%s: New = %v, want an error with the file and the line", name, err)
		}
	}
}
