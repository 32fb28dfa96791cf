package admin_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"postrider/admin"
	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/internal/link"
	"postrider/web"
)

func TestWebServer_ServesNoAdminPages(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	config := web.DefaultConfig()
	config.URL = "http://pages.example/base"
	links := must(link.NewSigner(config.URL, bytes.Repeat([]byte{1}, 32)))(t)
	public := must(web.New(web.Deps{
		Members: members.New(nil, w.store, settings.Settings{Digest: settings.DefaultDigest()}), Links: links, Pages: w.deps.Pages,
		Forum: "Example Forum", Log: w.deps.Log, Now: w.deps.Now, Wake: func() {},
	}, config))(t)
	b := w.admin()
	server := w.server.(*admin.Server)
	paths := append(append(server.Paths(http.MethodGet), server.Paths(http.MethodPost)...), "/login", "/admin", "/admin/login")
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, config.URL+path, nil)
			r.AddCookie(b.cookie)
			rec := httptest.NewRecorder()
			public.ServeHTTP(rec, r)
			if rec.Code != http.StatusNotFound || len(rec.Result().Cookies()) > 0 {
				t.Errorf("%s %s: status %d", method, path, rec.Code)
			}
		}
	}
}
