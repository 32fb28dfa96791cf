package admin_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/store"
)

func TestSettings_ShowConfigAndAuditLog(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	check(t, w.store.Audit.Record(t.Context(), store.AuditEntry{At: noon, Actor: "cli: " + hostile, Action: "start", Object: hostile, Detail: hostile}))
	b := w.admin()
	page := b.get("/settings").body
	for _, want := range []string{"<code>smtp.url</code>", "smtp://127.0.0.1:25", "<code>smtp.password</code>", "hidden", "logged in", "from 192.0.2.7"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	wantEscaped(t, "settings", page)
}

// previewAddress is the path of a preview, with parameters given as names and values in turn.
func previewAddress(path string, pairs ...string) string {
	q := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + q.Encode()
}

func TestPreview_RendersEveryKindInEveryLanguage(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	for _, kind := range []string{"digest", "alert", "announcement", "alarm"} {
		for _, locale := range []string{"en", "de"} {
			page := b.get(previewAddress("/settings/mails", "kind", kind, "locale", locale))
			if !strings.Contains(page.body, "<iframe") || strings.Contains(page.body, `role="alert"`) {
				t.Errorf("%s, %s: no message is shown:\n%s", kind, locale, page.body)
			}
			mail := b.get(previewAddress("/settings/mails/html", "kind", kind, "locale", locale))
			policy := mail.header.Get("Content-Security-Policy")
			if mail.status != http.StatusOK || !strings.Contains(mail.body, `<html lang="`+locale+`"`) || !strings.HasPrefix(policy, "sandbox; default-src 'none'; ") || mail.header.Get("X-Frame-Options") != "SAMEORIGIN" {
				t.Errorf("%s, %s: status %d, policy %q", kind, locale, mail.status, policy)
			}
			if dark := b.get(previewAddress("/settings/mails/html", "kind", kind, "dark", "yes")).body; !strings.Contains(dark, "@media all{") || strings.Contains(mail.body, "@media all{") {
				t.Errorf("%s: wrong color scheme", kind)
			}
			if text := b.get(previewAddress("/settings/mails", "kind", kind, "text", "yes")).body; !strings.Contains(text, "<pre") || strings.Contains(text, "<iframe") {
				t.Errorf("%s: no text", kind)
			}
		}
	}
}

func TestPreview_RendersForAMember(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	for _, c := range []struct{ kind, member, page, mail string }{
		{"digest", "Frau Doppelstock", "<iframe", "Frau Doppelstock"},
		{"digest", "13", "<iframe", "Frau Doppelstock"},
		{"announcement", "13", "<iframe", "Frau Doppelstock"},
		{"alert", "13", "<iframe", "Frau Doppelstock"},
		{"digest", "Nobody At All", `id="nobody"`, ""},
		{"alert", "Nobody At All", `id="nobody"`, ""},
		{"announcement", "Nobody At All", `id="nobody"`, ""},
	} {
		page := b.get(previewAddress("/settings/mails", "kind", c.kind, "member", c.member)).body
		mail := b.get(previewAddress("/settings/mails/html", "kind", c.kind, "member", c.member))
		if !strings.Contains(page, c.page) || !strings.Contains(mail.body, c.mail) || (mail.status == http.StatusOK) != (c.mail != "") {
			t.Errorf("%s for %s: status %d\n%s", c.kind, c.member, mail.status, page)
		}
		if strings.Contains(mail.body, "pages.example") {
			t.Errorf("%s for %s: preview contains an unsubscribe link", c.kind, c.member)
		}
	}
	if got := b.get(previewAddress("/settings/mails", "kind", hostile, "member", hostile, "locale", hostile, "days", hostile)); got.status != http.StatusOK {
		t.Errorf("hostile form: status %d", got.status)
	} else {
		wantEscaped(t, "a hostile form", got.body)
	}
}

func TestPreview_ReadsChangedTemplates(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.deps.Templates = t.TempDir()
	w.open()
	b := w.admin()
	shipped := string(must(os.ReadFile("../templates/mail/announcement.txt"))(t))
	path := filepath.Join(w.deps.Templates, "mail", "announcement.txt")
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	address := previewAddress("/settings/mails", "kind", "announcement", "text", "yes")
	if strings.Contains(b.get(address).body, "brand new words") {
		t.Fatal("the text is there before the template was changed")
	}
	check(t, os.WriteFile(path, []byte(strings.Replace(shipped, `{{- define "announcement"}}`, `{{- define "announcement"}}brand new words `, 1)), 0o644))
	if !strings.Contains(b.get(address).body, "brand new words") {
		t.Errorf("the changed template is not used:\n%s", shipped)
	}
	check(t, os.WriteFile(path, []byte("{{define"), 0o644))
	if got := b.get(address).body; !strings.Contains(got, `role="alert"`) || !strings.Contains(got, "announcement.txt") {
		t.Errorf("the template error is not shown:\n%s", got)
	}
}

func TestPreview_ReloadsWhenATemplateIsSaved(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	address := previewAddress("/settings/mails", "kind", "announcement")
	if got := b.get(address); runsScript(got.body) || strings.Contains(got.header.Get("Content-Security-Policy"), "connect-src") {
		t.Errorf("a page without custom templates follows something:\n%s", got.body)
	}
	w.deps.Templates = t.TempDir()
	w.open()
	page := b.get(address)
	_, rest, _ := strings.Cut(page.body, `data-stream="/base`)
	stream, _, _ := strings.Cut(rest, `"`)
	if !strings.Contains(page.header.Get("Content-Security-Policy"), "script-src 'self'") || !strings.Contains(page.body, `data-page="/base/settings/mails?`) || stream == "" {
		t.Fatalf("the page has no stream:\n%s", page.body)
	}
	check(t, os.MkdirAll(filepath.Join(w.deps.Templates, "mail"), 0o755))
	check(t, os.WriteFile(filepath.Join(w.deps.Templates, "mail", "alert.txt"), []byte("x"), 0o644))
	if got := b.get(stream); !strings.Contains(got.body, "event: reload\ndata: ") {
		t.Errorf("after a file was saved: stream is %q", got.body)
	}
	check(t, os.Remove(filepath.Join(w.deps.Templates, "mail", "alert.txt")))
	w.server.(interface{ Close() }).Close() // ends streams
	if got := b.get(stream); got.header.Get("Content-Type") != "text/event-stream" || strings.Contains(got.body, "event:") {
		t.Errorf("without a saved file: stream is %q", got.body)
	}
}
