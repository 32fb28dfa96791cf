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

	"postrider/daemon"
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

// born is the moment at which the sample forum stands.
var born = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// anna is a member of the sample forum who watches sections and threads, and reads German.
const anna = forum.MemberID(13)

// world is the sample forum, a store beside it, and the pages over both.
type world struct {
	testing.TB
	forum  *sql.DB // as the forum itself has it
	source *source.DB
	store  *store.Store
	stored *sql.DB // the store's file, to look at
	links  *link.Signer
	pages  *templates.Pages
	press  *templates.Renderer
	config web.Config
	set    daemon.Settings
	log    *bytes.Buffer // read it when nothing runs
	site   *httptest.Server
	now    time.Time
	woken  int // how often the daemon was
}

// builtIn are the templates. To read and try them takes longer than most tests.
var builtIn = sync.OnceValues(func() (*templates.Set, error) { return templates.Load("") })

// newWorld opens a world in which the daemon knows all members and has sent nothing yet.
func newWorld(t testing.TB) *world {
	t.Helper()
	return openWorld(t, sampletest.Forum(t, born), sampletest.Store(t))
}

// openWorld opens a world around the files of a forum and a store.
func openWorld(t testing.TB, forum, stored []byte) *world {
	t.Helper()
	w := &world{TB: t, now: born, log: &bytes.Buffer{}}
	w.config = web.DefaultConfig()
	w.set = daemon.Settings{Digest: daemon.DefaultDigest(), Alerts: daemon.DefaultAlerts()}
	var path string
	w.forum, path = w.database("forum.db", forum)
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+path, demo.URL
	w.source = must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { w.source.Close() })
	w.stored, path = w.database("postrider.db", stored)
	w.store = must(store.Open(t.Context(), "sqlite:"+path))(t)
	t.Cleanup(func() { w.store.Close() })
	w.open()
	return w
}

// database writes the file of a database, and opens it.
func (w *world) database(name string, file []byte) (*sql.DB, string) {
	w.Helper()
	path := filepath.Join(w.TempDir(), name)
	check(w, os.WriteFile(path, file, 0o600))
	db := must(sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"))(w)
	w.Cleanup(func() { db.Close() })
	return db, path
}

// open opens the pages.
func (w *world) open() {
	w.Helper()
	handler := &swap{}
	w.site = httptest.NewServer(handler)
	w.Cleanup(w.site.Close)
	w.config.URL = w.site.URL + "/postrider"
	w.links = must(link.NewSigner(w.config.URL, bytes.Repeat([]byte{1}, 32)))(w)
	site := templates.Site{Name: demo.Name, URL: demo.URL, Links: w.source.Links(), Locale: "en"}
	set := must(builtIn())(w)
	w.pages, w.press = set.Pages(site, "/postrider"), set.NewRenderer(site, 1000)
	desk := daemon.NewMemberService(w.source, w.store, w.set)
	handler.Handler = must(web.New(web.Deps{
		Desk: desk, Viewer: daemon.NewViewer(desk, w.press, w.links), Links: w.links, Pages: w.pages, Forum: demo.Name,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now }, Wake: func() { w.woken++ },
	}, w.config))(w)
}

// swap is a handler that is put in later: its address must be known before it is made.
type swap struct{ http.Handler }

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

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as it stands; redirects are not followed.
func (w *world) ask(r *http.Request) answer {
	w.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response := must(client.Do(r))(w)
	defer response.Body.Close()
	body := must(io.ReadAll(response.Body))(w)
	return answer{response.StatusCode, response.Header, string(body)}
}

func (w *world) request(method, address string, body io.Reader) *http.Request {
	w.Helper()
	return must(http.NewRequestWithContext(w.Context(), method, address, body))(w)
}

func (w *world) get(address string) answer {
	w.Helper()
	return w.ask(w.request(http.MethodGet, address, nil))
}

// post sends a form: names and values in turn.
func (w *world) post(address string, pairs ...string) answer {
	w.Helper()
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := w.request(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.ask(r)
}

func (w *world) url(scope link.Scope, object int64) string {
	return w.links.URL(link.Claims{Scope: scope, Member: int64(anna), Object: object})
}

func (w *world) choices() digest.Preferences {
	w.Helper()
	return must(w.store.Preferences.OfMembers(w.Context(), []forum.MemberID{anna}))(w)[anna]
}

func (w *world) wishes() digest.Overrides {
	w.Helper()
	return must(w.store.Preferences.Overrides(w.Context(), []forum.MemberID{anna}))(w)[anna]
}

// dump is all that the store holds, table by table.
func (w *world) dump() string {
	w.Helper()
	var all strings.Builder
	tables := must(w.stored.Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))(w)
	defer tables.Close()
	for tables.Next() {
		var table string
		check(w, tables.Scan(&table))
		rows := must(w.stored.Query("SELECT * FROM " + table + " ORDER BY 1, 2"))(w)
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
