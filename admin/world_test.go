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
	"postrider/demo"
	"postrider/digest"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// noon is when the tests begin.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const password = "correct horse battery"

// world is the sample forum, a store beside it, and the room over both.
type world struct {
	testing.TB
	source *source.DB
	store  *store.Store
	path   string // of its file
	board  string // of the forum's file
	config admin.Config
	parts  admin.Deps
	log    *bytes.Buffer // read it when nothing runs
	room   http.Handler
	now    time.Time
	woken  int

	tried   []string     // announcements that were sent to one address
	answer  mail.Outcome // the relay's, to those
	trouble error
}

// cheapHash is a password's hash that costs next to nothing.
func cheapHash(password string) string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(password), salt, 1, 8<<10, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: noon, log: &bytes.Buffer{}, path: sampletest.Write(t, "postrider.db", sampletest.Store(t))}
	w.store = must(store.Open(t.Context(), "sqlite:"+w.path))(t)
	t.Cleanup(func() { w.store.Close() })
	w.board = sampletest.Write(t, "forum.db", sampletest.Forum(t, noon))
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+w.board, demo.URL
	w.source = must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { w.source.Close() })
	w.config = admin.DefaultConfig()
	w.config.URL, w.config.PasswordHash = "http://admin.example/room", cheapHash(password)
	site := templates.Site{Name: "Example Forum", URL: demo.URL, Locale: "en", Links: w.source.Links()}
	set := must(templates.Load(""))(t)
	w.parts = admin.Deps{
		Store: w.store, Forum: w.source, Pages: set.Pages(site, "/room"), Zone: time.UTC, Proxies: []string{"10.0.0.1"},
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now }, Wake: func() { w.woken++ },
		Renderer: set.NewRenderer(site, 1000), Links: must(link.NewSigner("http://pages.example", bytes.Repeat([]byte{1}, 32)))(t),
		Settings: daemon.Settings{Digest: daemon.DefaultDigest(), Alerts: daemon.DefaultAlerts(), Announce: daemon.DefaultAnnouncements(), Site: demo.Name, URL: demo.URL},
		SendTest: func(_ context.Context, a *digest.Announcement, as, to string) (mail.Outcome, error) {
			w.tried = append(w.tried, fmt.Sprintf("%d as %q to %s", a.ID, as, to))
			return w.answer, w.trouble
		},
	}
	w.parts.Config = []admin.Setting{{Key: "smtp.url", Value: "smtp://127.0.0.1:25", Set: true}, {Key: "smtp.password", Hidden: true, Set: true}, {Key: "digest.hour", Value: "8"}}
	w.parts.Site = site
	w.parts.PreviewDaemon = daemon.New(daemon.Deps{
		Forum: w.source, Store: w.store, Renderer: must(templates.Load(""))(t).NewRenderer(site, 0), Log: w.parts.Log, Now: w.parts.Now,
		Links: must(link.NewSigner("http://pages.example", bytes.Repeat([]byte{1}, 32)))(t),
	}, daemon.Settings{Digest: daemon.DefaultDigest(), Alerts: daemon.DefaultAlerts()})
	w.open()
	return w
}

// open opens the room, as a daemon does that starts.
func (w *world) open() {
	w.Helper()
	room := must(admin.New(w.parts, w.config))(w)
	w.Cleanup(room.Close)
	w.room = room
}

// stored is the store's file, to look at and to write into.
func (w *world) stored() *sql.DB {
	w.Helper()
	db := must(sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(5000)"))(w)
	w.Cleanup(func() { db.Close() })
	return db
}

// audit is what was done to an object: "ACTOR ACTION DETAIL" each.
func (w *world) audit(object string) (list []string) {
	w.Helper()
	for _, e := range must(w.store.Audit.OfSubject(w.Context(), object))(w) {
		list = append(list, strings.TrimSpace(e.Actor+" "+e.Action+" "+e.Detail))
	}
	return list
}

// browser is somebody with a browser that keeps one cookie.
type browser struct {
	*world
	from   string            // his address
	fields map[string]string // that all his requests have
	cookie *http.Cookie
}

func (w *world) browser() *browser { return &browser{world: w, from: "192.0.2.7:1234"} }

// admin is a browser that is logged in.
func (w *world) admin() *browser {
	w.Helper()
	b := w.browser()
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		w.Fatalf("log in: answer %d\n%s", got.status, got.body)
	}
	return b
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
	cookie *http.Cookie // that it set
}

func (b *browser) do(method, path, body string) answer {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, b.config.URL+path, strings.NewReader(body))
	r.RemoteAddr = b.from
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.fields {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	if b.cookie != nil {
		r.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	}
	rec := httptest.NewRecorder()
	b.room.ServeHTTP(rec, r)
	got := answer{status: rec.Code, header: rec.Header(), body: rec.Body.String()}
	for _, c := range rec.Result().Cookies() {
		got.cookie = c
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return got
}

func (b *browser) get(path string) answer { b.Helper(); return b.do(http.MethodGet, path, "") }

// post sends a form: names and values in turn.
func (b *browser) post(path string, pairs ...string) answer {
	b.Helper()
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form.Encode())
}

func (b *browser) logIn(password string) answer {
	b.Helper()
	return b.post("/login", "password", password, "next", "/")
}

// token is what forms of his session carry.
func (b *browser) token() string {
	b.Helper()
	_, rest, found := strings.Cut(b.get("/").body, `name="token" value="`)
	if !found {
		b.Fatal("no form of the page has a token")
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// order sends a form with the session's token.
func (b *browser) order(path string, pairs ...string) answer {
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
