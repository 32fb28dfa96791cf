package admin_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/admin"
	"postrider/internal/servertest"
	"postrider/store"
	"postrider/templates"
)

func TestServer_SendsSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	for _, path := range []string{"/", "/login", "/nowhere"} {
		for _, who := range []*browser{b, w.browser()} {
			h := who.get(path).header
			policy := h.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %q", path, policy)
			}
			if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s: header %v", path, h)
			}
		}
	}
}

func TestCheckHost_RejectsForeignHosts(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, c := range []struct {
		host   string
		status int
	}{
		{"admin.example", http.StatusOK},
		{"ADMIN.example", http.StatusOK},
		{"127.0.0.1:8027", http.StatusOK},
		{"localhost:8027", http.StatusOK},
		{"evil.example", http.StatusMisdirectedRequest}, // a foreign name that resolves to us
		{"evil.example:8027", http.StatusMisdirectedRequest},
		{"admin.example.evil.example", http.StatusMisdirectedRequest},
	} {
		b := w.browser()
		b.headers = map[string]string{"Host": c.host}
		if got := b.get("/login"); got.status != c.status {
			t.Errorf("%s: status %d, want %d", c.host, got.status, c.status)
		}
	}
}

func TestPause_IsLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	if got := b.postWithToken("/pause", "reason", `<script>alert("x")</script>`); got.status != http.StatusSeeOther || got.header.Get("Location") != "/base/?done=delivery_paused&n=0" {
		t.Errorf("status %d, redirected to %q", got.status, got.header.Get("Location"))
	}
	p, paused, _ := w.store.Queue.Paused(t.Context())
	if !paused || p.Since != noon {
		t.Errorf("paused %v, %+v", paused, p)
	}
	page := b.get("/?done=delivery_paused").body
	if runsScript(page) || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, `role="status"`) {
		t.Errorf("the page after it:\n%s", page)
	}
	b.postWithToken("/resume")
	if _, paused, _ := w.store.Queue.Paused(t.Context()); paused || w.wakeups != 1 {
		t.Errorf("paused %v, daemon woken %d times", paused, w.wakeups)
	}
	got := w.auditOf("delivery")
	if len(got) != 2 || got[0] != `web: admin pause <script>alert("x")</script>` || got[1] != "web: admin resume" {
		t.Errorf("audit log is %q", got)
	}
	if got := b.get("/?done=evil"); got.status != http.StatusOK || strings.Contains(got.body, `role="status"`) {
		t.Errorf("unknown confirmation: status %d", got.status)
	}
}

func TestSamples_RenderInEveryLanguage(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	list := []templates.Language{w.deps.Pages.AdminLanguage("en")}
	for _, l := range w.deps.Pages.LanguageNames() {
		if admin := w.deps.Pages.AdminLanguage(l.Tag); admin.Tag() == l.Tag && admin != list[0] {
			list = append(list, admin)
		}
	}
	check(t, w.server.(*admin.Server).RenderSamples(list))
}

func TestTemplates_FolderOverridesPages(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	dir := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(dir, "page", "admin"), 0o755))
	own := `{{define "title"}}Ours{{end}}{{define "main"}}<h1>Our own words</h1>{{end}}`
	check(t, os.WriteFile(filepath.Join(dir, "page", "admin", "notice.html"), []byte(own), 0o644))
	w.deps.Pages = must(templates.Load(dir))(t).Pages(w.deps.Site, "/base")
	w.open()
	b := w.admin()
	if got := b.get("/nowhere"); got.status != http.StatusNotFound || !strings.Contains(got.body, "Our own words") || !strings.Contains(got.body, "/base/logout") {
		t.Errorf("status %d\n%s", got.status, got.body)
	}
}

func TestPages_WorkOnPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := servertest.Postgres(t)
	w := newFixture(t)
	w.store = must(store.Open(t.Context(), dsn))(t)
	t.Cleanup(func() { w.store.Close() })
	must(w.store.Migrate(t.Context()))(t)
	w.deps.Store = w.store
	w.open()
	w.fillStore()
	b := w.admin()
	for _, path := range []string{
		"/", "/queue?state=all&reason=alert&domain=refused.example&since=day&member=4", "/queue/mail?key=" + digestKey(4), "/bounces?part=anna&domain=mail.example.org&class=dead",
		"/settings", "/settings/mails?kind=digest&member=13",
	} {
		if got := b.get(path); got.status != http.StatusOK {
			t.Errorf("%s: status %d\n%s", path, got.status, w.log)
		}
	}
	wantDone := func(path string, form ...string) {
		t.Helper()
		if got := b.postWithToken(path, form...); got.status != http.StatusSeeOther {
			t.Errorf("%s: status %d\n%s", path, got.status, w.log)
		}
	}
	all := changeForms()
	for path, c := range all {
		if path != "/logout" && c.prepare == nil && path != "/announcements/1/test" {
			wantDone(path, c.form...)
		}
	}
	wantDone("/announcements/1/count")
	b.waitFor("/announcements/1", "would get it now")
	for _, order := range []string{"start", "pause", "resume", "cancel"} {
		wantDone("/announcements/1/"+order, all["/announcements/1/"+order].form...)
	}
	wantDone("/announcements/1/copy")
	wantDone("/announcements/2/discard", "sure", "yes")
	for _, path := range []string{"/announcements", "/announcements/1", "/members/13", "/explain?member=13&post=1"} {
		if got := b.get(path); got.status != http.StatusOK {
			t.Errorf("%s: status %d\n%s", path, got.status, w.log)
		}
	}
}
