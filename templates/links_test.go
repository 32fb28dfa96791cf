package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleMessages renders every kind of message in every variant for a site in a language.
func sampleMessages(t *testing.T, set *Set, ways Site, locale string) map[string]Content {
	t.Helper()
	all := make(map[string]Content)
	add := func(name string, c Content, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = c
	}
	site, d := set.Sample()
	site.NoPages, site.Contact = ways.NoPages, ways.Contact
	p := set.NewRenderer(site, 256)
	d.Member.Locale = locale
	c, err := p.Digest(d, sampleFooter(site), 80<<10)
	add("digest", c, err)
	_, a := set.SampleAlert()
	a.Member.Locale = locale
	c, err = p.Alert(a, sampleFooter(site), 80<<10)
	add("alert", c, err)
	a.Groups = append(a.Groups, a.Groups[0])
	c, err = p.Alert(a, sampleFooter(site), 80<<10)
	add("alert of several threads", c, err)
	_, n, r := set.SampleAnnouncement()
	r.Member.Locale = locale
	compiled, err := p.CompileAnnouncement(n, 80<<10)
	if err == nil {
		c, err = p.Announcement(compiled, r, sampleFooter(site))
	}
	add("announcement", c, err)
	return all
}

func TestNoPages_MessagesLinkToNoPage(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name       string
		ways       Site
		html, text string
	}{
		{"by email", Site{NoPages: true}, `href="mailto:u-`, "@bounces.forum.example\n"},
		{"by writing to a person", Site{NoPages: true, Contact: "team@forum.example"}, `href="mailto:team@forum.example"`, "team@forum.example.\n"},
	} {
		for _, locale := range []string{"en", "de"} {
			for kind, c := range sampleMessages(t, set, tt.ways, locale) {
				html, text := c.HTML.Plain(), c.Text.Plain()
				for _, dead := range []string{"/mail/", `href=""`, "u-@", "Einstellungen", "ettings"} {
					if strings.Contains(html, dead) || strings.Contains(text, dead) {
						t.Errorf("%s, %s, %s: it contains %q", tt.name, locale, kind, dead)
					}
				}
				if !strings.Contains(html, tt.html) || !strings.Contains(text, tt.text) || strings.Contains(text, "mailto:") {
					t.Errorf("%s, %s, %s: no way to unsubscribe in\n%s", tt.name, locale, kind, text)
				}
				if asks := strings.Contains(text, "u-sample@") || strings.Contains(text, "u-all@"); asks != (tt.ways.Contact == "") {
					t.Errorf("%s, %s, %s: addresses to unsubscribe: %v", tt.name, locale, kind, asks)
				}
			}
		}
	}
}

func TestNoPages_RejectsLayoutWithSettings(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "mail"), 0o755); err != nil {
		t.Fatal(err)
	}
	own := "{{define \"layout\"}}{{.Body}}\n{{.Settings}} {{.Unsubscribe}}{{end}}"
	if err := os.WriteFile(filepath.Join(dir, "mail", "digest.txt"), []byte(own+`{{define "section"}}{{end}}{{define "thread"}}{{.Body}}{{end}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = set.CheckWithoutPages(Site{NoPages: true})
	if err == nil || !strings.Contains(err.Error(), "digest.txt") || !strings.Contains(err.Error(), "{{if .Pages}}") {
		t.Errorf("CheckWithoutPages = %v", err)
	}
}
