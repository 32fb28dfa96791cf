package admin_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"postrider/admin"
	"postrider/daemon"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/digest"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// noon is the time at which tests start.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const password = "correct horse battery"

// fixture is the sample forum, a store, and the admin pages for both.
type fixture struct {
	testing.TB
	source    *source.DB
	store     *store.Store
	storePath string // the store's file
	forumPath string // the forum's file
	config    admin.Config
	deps      admin.Deps
	log       *bytes.Buffer // read it only while no request runs
	server    http.Handler
	now       time.Time
	wakeups   int

	testSends   []string     // announcements sent as a test
	testOutcome mail.Outcome // the result of those
	testError   error
}

// cheapHash hashes a password at almost no cost.
func cheapHash(password string) string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(password), salt, 1, 8<<10, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	w := &fixture{TB: t, now: noon, log: &bytes.Buffer{}, storePath: sampletest.Write(t, "postrider.db", sampletest.Store(t))}
	w.store = must(store.Open(t.Context(), "sqlite:"+w.storePath))(t)
	t.Cleanup(func() { w.store.Close() })
	w.forumPath = sampletest.Write(t, "forum.db", sampletest.Forum(t, noon))
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+w.forumPath, demo.URL
	w.source = must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { w.source.Close() })
	w.config = admin.DefaultConfig()
	w.config.URL, w.config.PasswordHash = "http://admin.example/base", cheapHash(password)
	site := templates.Site{Name: "Example Forum", URL: demo.URL, Locale: "en", Links: w.source.Links()}
	set := must(templates.Load(""))(t)
	w.deps = admin.Deps{
		Store: w.store, Forum: w.source, Pages: set.Pages(site, "/base"), Zone: time.UTC, Proxies: []string{"10.0.0.1"},
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now }, Wake: func() { w.wakeups++ },
		Renderer: set.NewRenderer(site, 1000), Links: must(link.NewSigner("http://pages.example", bytes.Repeat([]byte{1}, 32)))(t),
		Settings: settings.Settings{Digest: settings.DefaultDigest(), Alerts: settings.DefaultAlerts(), Announce: settings.DefaultAnnouncements(), Site: demo.Name, URL: demo.URL},
		SendTest: func(_ context.Context, a *digest.Announcement, as, to string) (mail.Outcome, error) {
			w.testSends = append(w.testSends, fmt.Sprintf("%d as %q to %s", a.ID, as, to))
			return w.testOutcome, w.testError
		},
	}
	w.deps.Config = []admin.Setting{{Key: "smtp.url", Value: "smtp://127.0.0.1:25", Set: true}, {Key: "smtp.password", Hidden: true, Set: true}, {Key: "digest.hour", Value: "8"}}
	w.deps.Site = site
	w.deps.PreviewDaemon = daemon.New(daemon.Deps{
		Forum: w.source, Store: w.store, Renderer: must(templates.Load(""))(t).NewRenderer(site, 0), Log: w.deps.Log, Now: w.deps.Now,
		Links: must(link.NewSigner("http://pages.example", bytes.Repeat([]byte{1}, 32)))(t),
	}, settings.Settings{Digest: settings.DefaultDigest(), Alerts: settings.DefaultAlerts()})
	w.open()
	return w
}

// open starts the admin pages, as a daemon does at startup.
func (w *fixture) open() {
	w.Helper()
	server := must(admin.New(w.deps, w.config))(w)
	w.Cleanup(server.Close)
	w.server = server
}

// openStoreDB opens the store's file, to inspect or change it.
func (w *fixture) openStoreDB() *sql.DB {
	w.Helper()
	db := must(sql.Open("sqlite", "file:"+w.storePath+"?_pragma=busy_timeout(5000)"))(w)
	w.Cleanup(func() { db.Close() })
	return db
}

// auditOf returns the audit log of an object, each entry as "ACTOR ACTION DETAIL".
func (w *fixture) auditOf(object string) (list []string) {
	w.Helper()
	for _, e := range must(w.store.Audit.OfSubject(w.Context(), object))(w) {
		list = append(list, strings.TrimSpace(e.Actor+" "+e.Action+" "+e.Detail))
	}
	return list
}

// browser is a client that keeps one cookie.
type browser struct {
	*fixture
	remoteAddr string            // of its requests
	headers    map[string]string // added to each request
	cookie     *http.Cookie
}

func (w *fixture) browser() *browser { return &browser{fixture: w, remoteAddr: "192.0.2.7:1234"} }

// admin returns a browser that is logged in.
func (w *fixture) admin() *browser {
	w.Helper()
	b := w.browser()
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		w.Fatalf("login: status %d\n%s", got.status, got.body)
	}
	return b
}

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   string
	cookie *http.Cookie // the cookie that it set
}

func (b *browser) do(method, path, body string) response {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, b.config.URL+path, strings.NewReader(body))
	r.RemoteAddr = b.remoteAddr
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.headers {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	if b.cookie != nil {
		r.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	}
	rec := httptest.NewRecorder()
	b.server.ServeHTTP(rec, r)
	got := response{status: rec.Code, header: rec.Header(), body: rec.Body.String()}
	for _, c := range rec.Result().Cookies() {
		got.cookie = c
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return got
}

func (b *browser) get(path string) response { b.Helper(); return b.do(http.MethodGet, path, "") }

// post submits a form, given as names and values in turn.
func (b *browser) post(path string, pairs ...string) response {
	b.Helper()
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form.Encode())
}

func (b *browser) logIn(password string) response {
	b.Helper()
	return b.post("/login", "password", password, "next", "/")
}

// token returns the token in the forms of the session.
func (b *browser) token() string {
	b.Helper()
	_, rest, found := strings.Cut(b.get("/").body, `name="token" value="`)
	if !found {
		b.Fatal("no form on the page has a token")
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// postWithToken submits a form with the session's token.
func (b *browser) postWithToken(path string, pairs ...string) response {
	b.Helper()
	return b.post(path, append([]string{"token", b.token()}, pairs...)...)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
