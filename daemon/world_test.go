package daemon

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/internal/storetest"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Sections of the sample forum, and the roles of its members.
const (
	tonight, routes, dining = 2, 3, 5
	guardsvan               = 11 // stewards only

	passenger, steward = 2, 3
	writer             = 7 // a member of the sample forum who writes all posts unless a test sets another author
)

// worldStart is when a world begins: an hour after the default hour of digests.
var worldStart = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// world is the sample forum without posts, a real store, a relay with configurable replies, and a clock that a test
// moves by hand.
type world struct {
	testing.TB
	forumPath string  // of the forum's file
	forum     *sql.DB // direct access to the forum's tables
	source    *source.DB
	store     *store.Store
	faults    storetest.Faults // of the store
	storePath string           // path of the store's file
	relay     *fakeRelay
	sender    delivery.Sender // the relay, unless a test has another
	ownRelay  delivery.Sender // of announcements; nil: they have none of their own
	// What signs messages and announcements; nil: the relay does.
	signer, announcementSigner *mail.Signer

	log      *bytes.Buffer
	logLevel slog.LevelVar // read it when nothing runs
	set      settings.Settings
	daemon   *Daemon

	mu           sync.Mutex
	now          time.Time
	runningSince time.Time // when the clock was set to now and started; zero: it is stopped
}

// emptyForum is the file of the sample forum with all members and permissions, but without posts. It is created once.
var emptyForum = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "postrider-world-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "forum.db")
	if err := demo.Create(context.Background(), path, worldStart); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	for _, table := range []string{"post_like", "thread_read", "thread_watch", "section_watch", "ignored", "post", "thread"} {
		if _, err := db.Exec("DELETE FROM " + table); err != nil {
			return nil, err
		}
	}
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// newWorld opens a world without watches.
func newWorld(t testing.TB) *world {
	t.Helper()
	file, err := emptyForum()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return openWorld(t, path)
}

// openWorld opens a world around a sample forum.
func openWorld(t testing.TB, path string) *world {
	t.Helper()
	w := &world{TB: t, forumPath: path, storePath: filepath.Join(t.TempDir(), "postrider.db"), now: worldStart, log: &bytes.Buffer{}}
	w.relay = &fakeRelay{clock: w.clock}
	w.sender = w.relay
	w.set = settings.Settings{
		Digest: settings.DefaultDigest(), Scan: settings.DefaultScan(), Delivery: settings.DefaultDelivery(),
		Site: demo.Name, Host: "upperberth.example",
		From:        netmail.Address{Name: demo.Name, Address: "digest@upperberth.example"},
		Connections: 2, Lease: time.Minute, Owner: "test",
	}
	var err error
	if w.forum, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=synchronous(0)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.forum.Close() })
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+path, demo.URL
	if w.source, err = source.Open(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.source.Close() })
	if err := os.WriteFile(w.storePath, sampletest.Store(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.store, err = store.Open(t.Context(), "sqlite:"+w.storePath, store.WithConnector(w.faults.Wrap)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.restart()
	return w
}

// restart replaces the daemon with a new one, which loses the state in memory.
func (w *world) restart() {
	w.Helper()
	set, err := templates.Load("")
	if err != nil {
		w.Fatal(err)
	}
	links, err := link.NewSigner(demo.URL+"/postrider", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		w.Fatal(err)
	}
	composer, err := mail.NewComposer("upperberth.example", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		w.Fatal(err)
	}
	site := templates.Site{Name: demo.Name, URL: demo.URL, Links: w.source.Links(), Excerpt: w.set.Digest.Excerpt}
	w.daemon = New(Deps{
		Forum: w.source, Store: w.store, Renderer: set.NewRenderer(site, 1000), Composer: composer, Sender: w.sender, AnnouncementSender: w.ownRelay, Signer: w.signer, AnnouncementSigner: w.announcementSigner, Links: links,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, &slog.HandlerOptions{Level: &w.logLevel})), Now: w.clock,
	}, w.set)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.runningSince.IsZero() {
		return w.now.Add(time.Since(w.runningSince)).Truncate(time.Second)
	}
	return w.now
}

// run starts the clock. In a bubble of testing/synctest, time passes only while all goroutines wait.
func (w *world) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runningSince = time.Now()
}

// setClock sets the clock to a time on a day of May.
func (w *world) setClock(day int, clock string) {
	w.Helper()
	when, err := time.Parse("15:04", clock)
	if err != nil {
		w.Fatal(err)
	}
	w.setTime(time.Date(2026, 5, day, when.Hour(), when.Minute(), 0, 0, time.UTC))
}

// setTime sets the clock.
func (w *world) setTime(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

// round runs a full round that must succeed.
func (w *world) round() Report {
	w.Helper()
	report, err := w.daemon.RunOnce(w.Context())
	if err != nil {
		w.Fatalf("round of %s: %v", w.clock().Format("2 Jan 15:04"), err)
	}
	return report
}

// prepare runs the steps of a round up to the outbox: due messages are planned, but not sent.
func (w *world) prepare() {
	w.Helper()
	d := w.daemon
	if err := d.main.steps(w.Context(), d.main.scanner.scanAll, d.main.scanner.scanMoves, d.main.subscribers.syncSubscribers, d.main.alerts.planAlerts, d.main.digests.planDigests); err != nil {
		w.Fatal(err)
	}
}

// deliverWith delivers with other hooks.
func (w *world) deliverWith(change func(*delivery.Hooks)) {
	w.Helper()
	l := w.daemon.main
	hooks := l.hooks(store.AllPriorities)
	change(&hooks)
	if _, err := delivery.New(l.delivery.Deps, w.set, w.daemon.shared, hooks, store.AllPriorities).Deliver(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func keysOf(rows []store.Row) (keys []string) {
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return keys
}

func (w *world) deliver() {
	w.Helper()
	if err := w.daemon.main.deliver(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func (w *world) execSQL(query string, args ...any) {
	w.Helper()
	if _, err := w.forum.ExecContext(w.Context(), query, args...); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
}

func (w *world) queryInt(query string, args ...any) (n int64) {
	w.Helper()
	if err := w.forum.QueryRowContext(w.Context(), query, args...).Scan(&n); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
	return n
}

// member adds a member in UTC who watches sections for all posts.
func (w *world) member(id int64, name string, role int, sections ...int) {
	w.Helper()
	w.execSQL(`INSERT INTO member VALUES (?, ?, ?, 'UTC', 'en', ?, '', 0, 'active', 1)`, id, name, address(name), role)
	for _, s := range sections {
		w.execSQL(`INSERT INTO section_watch VALUES (?, ?, 'posts', 1)`, id, s)
	}
}

func address(name string) string { return name + "@example.org" }

// thread adds a thread whose opening post is too old to be new.
func (w *world) thread(section int) int64 {
	w.Helper()
	id := w.queryInt(`SELECT COALESCE(MAX(id), 0) + 1 FROM thread`)
	first := w.next()
	old := worldStart.AddDate(-1, 0, 0).Unix()
	w.execSQL(`INSERT INTO thread VALUES (?, ?, ?, ?, 'Kate', ?, ?, 'visible', NULL)`, id, section, fmt.Sprintf("Thread %d", id), writer, old, first)
	w.insertPost(first, id, old, "visible")
	return id
}

func (w *world) next() int64 { return w.queryInt(`SELECT COALESCE(MAX(id), 0) + 1 FROM post`) }

func (w *world) insertPost(id, thread, at int64, state string) {
	w.Helper()
	w.execSQL(`INSERT INTO post VALUES (?, ?, ?, 'Kate', ?, 0, ?, ?)`, id, thread, writer, at, state, fmt.Sprintf("This is post %d.", id))
}

// writePost writes a post now.
func (w *world) writePost(thread int64) forum.PostID { return w.writePostAs(thread, "visible") }

func (w *world) writePostAs(thread int64, state string) forum.PostID {
	w.Helper()
	id := w.next()
	w.insertPost(id, thread, w.clock().Unix(), state)
	return forum.PostID(id)
}

// wantMessages checks the posts of each message to a member since the last call: one list a message.
func (w *world) wantMessages(name string, want ...[]forum.PostID) {
	w.Helper()
	got := w.relay.takeMessages(w, address(name))
	if !slices.EqualFunc(got, want, slices.Equal) {
		w.Errorf("%s: %s got messages with posts %v, want %v", w.clock().Format("2 Jan 15:04"), name, got, want)
	}
}

func posts(ids ...forum.PostID) []forum.PostID { return ids }

// countByState counts the outbox by state.
func (w *world) countByState() map[string]int {
	w.Helper()
	list, err := w.store.Queue.Counts(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	counts := make(map[string]int)
	for _, c := range list {
		counts[c.State] += c.Messages
	}
	return counts
}

// outcomes lists the results of the messages to a member.
func (w *world) outcomes(member forum.MemberID) []store.Outcome {
	w.Helper()
	list, err := w.store.Queue.Outcomes(w.Context(), member, time.Time{})
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// openStoreFile opens the database of the store directly.
func (w *world) openStoreFile() *sql.DB {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.storePath+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { db.Close() })
	return db
}
