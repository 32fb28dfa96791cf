package web_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/daemon/subscription"
	"postrider/daemon/view"
	"postrider/demo"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
	"postrider/web"
)

// sampleTime is the current time in the sample forum.
var sampleTime = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// anna is a member of the sample forum who watches sections and threads, and whose language is German.
const anna = forum.MemberID(13)

// fixture is the sample forum, a store, and the pages for both.
type fixture struct {
	testing.TB
	forumDB  *sql.DB // with write access, as the forum has
	source   *source.DB
	store    *store.Store
	storeDB  *sql.DB // to inspect the store
	links    *link.Signer
	pages    *templates.Pages
	renderer *templates.Renderer
	config   web.Config
	settings settings.Settings
	log      *bytes.Buffer // read it only while no request runs
	site     *httptest.Server
	now      time.Time
	wakeups  int             // calls of Wake
	deps     func(*web.Deps) // changes what the pages depend on; nil: nothing
}

// builtIn are the templates, loaded once because that takes longer than most tests.
var builtIn = sync.OnceValues(func() (*templates.Set, error) { return templates.Load("") })

// newFixture returns a fixture whose daemon knows all members and has sent nothing yet.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	return openFixture(t, sampletest.Forum(t, sampleTime), sampletest.Store(t))
}

// openFixture returns a fixture for the database files of a forum and a store.
func openFixture(t testing.TB, forum, stored []byte) *fixture {
	t.Helper()
	w := &fixture{TB: t, now: sampleTime, log: &bytes.Buffer{}}
	w.config = web.DefaultConfig()
	w.settings = settings.Settings{Digest: settings.DefaultDigest(), Alerts: settings.DefaultAlerts()}
	var path string
	w.forumDB, path = w.database("forum.db", forum)
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+path, demo.URL
	w.source = must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { w.source.Close() })
	w.storeDB, path = w.database("postrider.db", stored)
	w.store = must(store.Open(t.Context(), "sqlite:"+path))(t)
	t.Cleanup(func() { w.store.Close() })
	w.open()
	return w
}

// database writes a database file and opens it.
func (w *fixture) database(name string, file []byte) (*sql.DB, string) {
	w.Helper()
	path := filepath.Join(w.TempDir(), name)
	check(w, os.WriteFile(path, file, 0o600))
	db := must(sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"))(w)
	w.Cleanup(func() { db.Close() })
	return db, path
}

// open starts the pages.
func (w *fixture) open() {
	w.Helper()
	handler := &lateHandler{}
	w.site = httptest.NewServer(handler)
	w.Cleanup(w.site.Close)
	w.config.URL = w.site.URL + "/postrider"
	w.links = must(link.NewSigner(w.config.URL, bytes.Repeat([]byte{1}, 32)))(w)
	site := templates.Site{Name: demo.Name, URL: demo.URL, Links: w.source.Links(), Locale: "en"}
	set := must(builtIn())(w)
	w.pages, w.renderer = set.Pages(site, "/postrider"), set.NewRenderer(site, 1000)
	members := members.New(w.source, w.store, w.settings)
	deps := web.Deps{
		Members: members, Viewer: view.New(w.source, w.store, w.settings, w.renderer, w.links), Links: w.links, Pages: w.pages, Forum: demo.Name,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now }, Wake: func() { w.wakeups++ }, Values: w.store.Values, SettingsLinks: subscription.NewSettingsLinks(w.links, w.store),
	}
	if w.deps != nil {
		w.deps(&deps)
	}
	handler.Handler = must(web.New(deps, w.config))(w)
}

// lateHandler is a handler that is set after its server's address is known.
type lateHandler struct{ http.Handler }

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

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   string
}

// do sends a request without following redirects.
func (w *fixture) do(r *http.Request) response {
	w.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got := must(client.Do(r))(w)
	defer got.Body.Close()
	body := must(io.ReadAll(got.Body))(w)
	return response{got.StatusCode, got.Header, string(body)}
}

func (w *fixture) request(method, address string, body io.Reader) *http.Request {
	w.Helper()
	return must(http.NewRequestWithContext(w.Context(), method, address, body))(w)
}

func (w *fixture) get(address string) response {
	w.Helper()
	return w.do(w.request(http.MethodGet, address, nil))
}

// post submits a form, given as names and values in turn.
func (w *fixture) post(address string, pairs ...string) response {
	w.Helper()
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := w.request(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

func (w *fixture) url(scope link.Scope, object int64) string {
	return w.links.URL(link.Claims{Scope: scope, Member: int64(anna), Object: object})
}

func (w *fixture) preferences() digest.Preferences {
	w.Helper()
	return must(w.store.Preferences.OfMembers(w.Context(), []forum.MemberID{anna}))(w)[anna]
}

func (w *fixture) overrides() digest.Overrides {
	w.Helper()
	return must(w.store.Preferences.Overrides(w.Context(), []forum.MemberID{anna}))(w)[anna]
}

// dumpStore returns the content of all tables in the store.
func (w *fixture) dumpStore() string {
	w.Helper()
	var all strings.Builder
	tables := must(w.storeDB.Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))(w)
	defer tables.Close()
	for tables.Next() {
		var table string
		check(w, tables.Scan(&table))
		rows := must(w.storeDB.Query("SELECT * FROM " + table + " ORDER BY 1, 2"))(w)
		columns := must(rows.Columns())(w)
		for rows.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			check(w, rows.Scan(into...))
			all.WriteString(table)
			for _, v := range values {
				all.WriteString("\t" + fmt.Sprint(v))
			}
			all.WriteByte('\n')
		}
		check(w, rows.Close())
	}
	return all.String()
}
