package e2e

import (
	"bytes"
	"database/sql"
	"log/slog"
	netmail "net/mail"
	"sync"
	"testing"
	"time"

	"postrider/config"
	"postrider/daemon"
	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/daemon/view"
	"postrider/internal/link"
	"postrider/internal/servertest"
	"postrider/mail"
	"postrider/metrics"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
	"postrider/web"
)

// lifeWorld is a forum on MariaDB, a store on PostgreSQL, a relay, and a daemon in this process whose clock a test moves. The
// configuration file is also that of daemons that run as processes.
type lifeWorld struct {
	*testing.T
	mariadb  *servertest.MariaDBServer
	postgres *servertest.Cluster
	relay    *lifeRelay
	path     string // of the configuration
	config   config.Config
	db       *sql.DB // the forum's, with write access
	log      lockedBuffer
	counts   *metrics.Metrics

	forum    *source.DB
	store    *store.Store
	sender   *mail.SMTP
	composer *mail.Composer
	settings settings.Settings
	deps     daemon.Deps
	daemon   *daemon.Daemon
	pages    *web.Server

	mu  sync.Mutex
	now time.Time
}

// lockedBuffer is the log of a daemon.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// tail returns the last lines.
func (b *lockedBuffer) tail(lines int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := bytes.Split(b.buf.Bytes(), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}

func newLifeWorld(t *testing.T, now time.Time) *lifeWorld {
	t.Helper()
	w := &lifeWorld{T: t, now: now, counts: metrics.New(), mariadb: servertest.NewMariaDBServer(t), postgres: servertest.NewCluster(t)}
	servertest.LoadDump(t, w.mariadb.DSN(), "../source/testdata/mybb-mariadb.sql.gz")
	w.db = servertest.OpenMariaDB(t, w.mariadb.DSN())
	w.relay = newLifeRelay(t, w.clock)
	w.path = writeConfig(t, t.TempDir(), "mybb", w.mariadb.DSN(), w.postgres.DSN(), "smtp://"+w.relay.address)
	replaceInConfig(t, w.path, "[forum]\n", "[forum]\ntimeout = \"2s\"\n")
	// Alerts without earlier posts: each link to a post is then the post itself, or one that it quotes.
	appendConfig(t, w.path, "[alerts]\ncontext_posts = 0\n")
	var err error
	if w.config, err = config.Load(w.path, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	w.open()
	t.Cleanup(w.close)
	return w
}

func (w *lifeWorld) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// advance moves the clock.
func (w *lifeWorld) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// mustLife ends the test if err is not nil.
func mustLife[T any](v T, err error) func(*lifeWorld) T {
	return func(w *lifeWorld) T {
		w.Helper()
		if err != nil {
			w.Fatalf("%s: %v\n%s", w.clock().Format(time.TimeOnly), err, w.log.tail(20))
		}
		return v
	}
}

// open starts a daemon in this process, as the command run does, without its loops.
func (w *lifeWorld) open() {
	w.Helper()
	ctx, cfg := w.Context(), w.config
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	set := mustLife(templates.Load(""))(w)
	w.store = mustLife(store.Open(ctx, cfg.Store.DSN))(w)
	mustLife(w.store.Migrate(ctx))(w)
	keys := mustLife(w.store.LinkKeys.All(ctx))(w)
	links := mustLife(link.NewSigner(cfg.Web.URL, keys...))(w)
	w.forum = mustLife(source.Open(ctx, cfg.Forum.Config))(w)
	site := templates.Site{Name: cfg.Forum.Name, URL: cfg.Forum.URL, Excerpt: cfg.Digest.Excerpt, Locale: cfg.Digest.Locale, Links: w.forum.Links()}
	from := mustLife(netmail.ParseAddress(cfg.SMTP.From))(w)
	w.settings = settings.Settings{
		Digest: cfg.Digest, Alerts: cfg.Alerts, Scan: cfg.Scan, Delivery: cfg.Delivery, Announce: cfg.Announce, Alarms: cfg.Alarms.Config,
		Site: cfg.Forum.Name, URL: cfg.Forum.URL, Host: "forum.example.org", From: *from,
		Connections: cfg.SMTP.MaxConnections, Lease: cfg.Store.Lease, Owner: "life/" + w.clock().Format(time.RFC3339), AwaitSlot: true,
	}
	mustLife(0, w.store.AcquireInstance(ctx, w.settings.Owner))(w)
	w.composer = mustLife(mail.NewComposer("forum.example.org", keys[0]))(w)
	w.sender = mustLife(mail.NewSMTP(cfg.SMTP.SMTPConfig, log))(w)
	w.deps = daemon.Deps{
		Forum: w.forum, Store: w.store, Renderer: set.NewRenderer(site, 1000), Composer: w.composer, Sender: w.sender, Links: links, Log: log,
		Now: w.clock, Observer: w.counts,
	}
	w.daemon = daemon.New(w.deps, w.settings)
	w.pages = mustLife(web.New(web.Deps{
		Members: members.New(w.forum, w.store, w.settings), Viewer: view.New(w.forum, w.store, w.settings, w.deps.Renderer, links), Links: links,
		Forum: cfg.Forum.Name, Pages: set.Pages(site, "/postrider"), Log: log, Now: w.clock, Wake: w.daemon.Wake, Values: w.store.Values,
	}, cfg.Web.Config))(w)
}

// close ends the daemon.
func (w *lifeWorld) close() {
	w.sender.Close()
	w.forum.Close()
	w.store.Close()
}

// restart replaces the daemon by a new one, which has nothing in memory.
func (w *lifeWorld) restart() {
	w.Helper()
	w.close()
	w.open()
}

func (w *lifeWorld) exec(query string, args ...any) sql.Result {
	w.Helper()
	return mustLife(w.db.ExecContext(w.Context(), query, args...))(w)
}
