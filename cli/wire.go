package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"os"
	"strings"
	"time"

	"postrider/config"
	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/internal/addr"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/mirror"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// app holds the parts of the program, connected as the configuration says.
type app struct {
	cfg      config.Config
	set      *templates.Set
	forum    *source.DB
	mirror   *mirror.DB // nil: the forum has its own database
	store    *store.Store
	renderer *templates.Renderer
	links    *link.Signer
	log      *slog.Logger
	fallback delivery.Sender // nil if there is no fallback relay
	ownRelay delivery.Sender // of announcements; nil if they have none of their own
	owner    string          // identifies this process among those that share a store
	watcher  daemon.Observer // nil: no metrics
	rehearse bool            // the first digests of a new store are due immediately, see settings.Settings.AwaitSlot

	tempDir string // removed on close; empty if there is none
}

// fragmentCacheSize is how many rendered posts stay in memory: about 4 KB each.
const fragmentCacheSize = 1 << 15

// load reads the configuration that -c names.
func (c *cmdEnv) load() (config.Config, error) {
	cfg, err := config.Load(c.config, c.getenv)
	return cfg, asUsage(err)
}

// open opens the store and the forum and creates the renderer. It migrates the store.
func (c *cmdEnv) open(ctx context.Context, cfg config.Config) (*app, error) {
	a, err := c.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := a.openForum(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// openStore opens everything except the forum: enough to alert the administrator that the forum is down.
func (c *cmdEnv) openStore(ctx context.Context, cfg config.Config) (_ *app, err error) {
	a, err := c.newApp(cfg)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.store, err = store.Open(ctx, cfg.Store.DSN); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	if _, err = a.store.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("upgrading the store: %w", err)
	}
	return a, a.signLinks(ctx)
}

// newApp loads the templates and opens the log.
func (c *cmdEnv) newApp(cfg config.Config) (*app, error) {
	brand, err := cfg.Brand.Read()
	if err != nil {
		return nil, usagef("brand.%w", err)
	}
	set, err := templates.LoadBranded(cfg.Templates.Dir, brand)
	if err != nil {
		return nil, usagef("loading templates: %w", err)
	}
	return &app{cfg: cfg, log: newLog(c.err, cfg.Log), owner: instanceName(), set: set}, nil
}

// signLinks creates the signer of links, with the store's keys, and the renderer.
func (a *app) signLinks(ctx context.Context) error {
	keys, err := a.store.LinkKeys.All(ctx)
	if err != nil {
		return err
	}
	if a.links, err = newLinks(a.cfg, keys...); err != nil {
		return err
	}
	if err := checkTemplatesForSite(a.set, a.site()); err != nil {
		return usagef("loading templates: %w", err)
	}
	a.renderer = a.set.NewRenderer(a.site(), fragmentCacheSize)
	return nil
}

// openForum opens the forum. From then on, messages link to its pages.
func (a *app) openForum(ctx context.Context) (err error) {
	if err := a.openMirror(ctx); err != nil {
		return fmt.Errorf("opening the forum: %w", err)
	}
	if a.forum, err = source.Open(ctx, a.cfg.Forum.Config); err != nil {
		return fmt.Errorf("opening the forum: %w", err)
	}
	site := a.site()
	site.Links = a.forum.Links()
	a.renderer = a.set.NewRenderer(site, fragmentCacheSize)
	return nil
}

// site describes the forum for messages and pages.
func (a *app) site() templates.Site { return messageSite(a.cfg) }

func messageSite(cfg config.Config) templates.Site {
	site := templates.Site{
		Name: cfg.Forum.Name, URL: cfg.Forum.URL, Excerpt: cfg.Digest.Excerpt, MaxItems: cfg.Digest.MaxItems, Locale: cfg.Digest.Locale,
		SubjectPrefix: cfg.Alerts.SubjectPrefix, RepliesRead: repliesRead(cfg), AnnouncementRepliesRead: announcementRepliesRead(cfg),
		NoPages: cfg.Web.NoLinks(),
	}
	if site.NoPages && cfg.Bounces.Domain == "" {
		site.Contact = contact(cfg)
	}
	return site
}

// newLinks creates the links of messages, as web.links says.
func newLinks(cfg config.Config, keys ...[]byte) (*link.Signer, error) {
	links, err := link.NewSigner(cfg.Web.URL, keys...)
	if err == nil && cfg.Web.NoLinks() {
		links = links.WithoutPages(cfg.Bounces.Domain)
	}
	return links, err
}

// checkTemplatesForSite checks what Load cannot know: whether the site's language exists, and whether a layout of the
// administrator links to pages that are off.
func checkTemplatesForSite(set *templates.Set, site templates.Site) error {
	if !set.HasLocale(site.Locale) {
		return fmt.Errorf("digest.locale is %q, and there are no texts in this language: must be one of %s, or one with its own file locales/%[1]s.toml in [templates] dir",
			site.Locale, strings.Join(set.Locales(), ", "))
	}
	if !site.NoPages {
		return nil
	}
	return set.CheckWithoutPages(site)
}

// closeForum ends the connections to the forum.
func (a *app) closeForum() {
	if a.forum != nil {
		a.forum.Close()
	}
	if a.mirror != nil {
		a.mirror.Close()
	}
}

func (a *app) close() {
	a.closeForum()
	if a.store != nil {
		a.store.Close()
	}
	if a.tempDir != "" {
		os.RemoveAll(a.tempDir)
	}
}

// settings returns the part of the configuration that the daemon needs.
func (a *app) settings() settings.Settings {
	cfg := a.cfg
	ownConnections := 0
	if cfg.SMTP.Announcements.OwnRelay() {
		ownConnections = cfg.SMTP.Announcements.MaxConnections
	}
	return settings.Settings{
		Digest: cfg.Digest, Alerts: cfg.Alerts, Notify: cfg.Notify, Scan: cfg.Scan, Delivery: cfg.Delivery,
		Announce: cfg.Announce, Alarms: cfg.Alarms.Config,
		Site: cfg.Forum.Name, URL: cfg.Forum.URL, Host: host(cfg.Forum.URL),
		From: address(cfg.SMTP.From), ReplyTo: address(cfg.SMTP.ReplyTo),
		AnnounceFrom: address(cfg.SMTP.Announcements.From), AnnounceReplyTo: address(cfg.SMTP.Announcements.ReplyTo),
		Connections: cfg.SMTP.MaxConnections, AnnounceConnections: ownConnections,
		Lease: cfg.Store.Lease,
		Owner: a.owner, AwaitSlot: !a.rehearse,
		Bounces: cfg.Bounces.Domain,
	}
}

// instanceName returns a name unique to this process.
func instanceName() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return fmt.Sprintf("%s/%d/%d", name, os.Getpid(), time.Now().UnixNano())
}

// composer signs Message-IDs with the store's first key: they stay the same after restarts and when a key is added.
func (a *app) composer(ctx context.Context) (*mail.Composer, error) {
	keys, err := a.store.LinkKeys.All(ctx)
	if err != nil {
		return nil, err
	}
	return mail.NewComposer(addr.Domain(address(a.cfg.SMTP.From).Address), keys[0])
}

// daemon creates a daemon that sends its messages through sender.
func (a *app) daemon(ctx context.Context, sender delivery.Sender, now func() time.Time) (*daemon.Daemon, error) {
	composer, err := a.composer(ctx)
	if err != nil {
		return nil, err
	}
	signer, announcementSigner, err := signers(a.cfg)
	if err != nil {
		return nil, err
	}
	parts := daemon.Deps{
		Forum: a.forum, Store: a.store, Renderer: a.renderer, Composer: composer,
		Signer: signer, AnnouncementSigner: announcementSigner, Sender: sender, Fallback: a.fallback, AnnouncementSender: a.ownRelay, Links: a.links, Log: a.log, Now: now, Observer: a.watcher,
	}
	return daemon.New(parts, a.settings()), nil
}

// signers returns what signs messages, and what signs announcements. Each is nil if the relay does.
func signers(cfg config.Config) (all, announcements *mail.Signer, err error) {
	if all, err = mail.NewSigner(cfg.DKIM); err != nil {
		return nil, nil, usagef("dkim.%w", err)
	}
	if !cfg.SMTP.Announcements.DKIM.Enabled() {
		return all, all, nil
	}
	if announcements, err = mail.NewSigner(cfg.SMTP.Announcements.DKIM); err != nil {
		return nil, nil, usagef("smtp.announcements.dkim.%w", err)
	}
	return all, announcements, nil
}

// selfCheck fails if the forum does not look as its adapter expects.
func (a *app) selfCheck(ctx context.Context) error {
	warnings, err := a.forum.SelfCheck(ctx)
	for _, f := range warnings {
		a.log.Warn("forum self-check", "part", f.Part, "text", f.Text, "fix", f.Fix)
	}
	return err
}

// sender returns the relay, or a folder if dir is set. It also sets up the fallback relay and that of announcements if they are
// configured.
func (a *app) sender(dir string) (delivery.Sender, func(), error) {
	if dir != "" {
		folder, err := mail.NewFolder(dir)
		return folder, func() {}, err
	}
	smtp, err := mail.NewSMTP(a.cfg.SMTP.SMTPConfig, a.log)
	if err != nil {
		return nil, nil, asUsage(err)
	}
	all := []*mail.SMTP{smtp}
	for _, more := range []struct {
		table string
		set   mail.SMTPConfig
		into  *delivery.Sender
	}{{"smtp.fallback", a.cfg.SMTP.Fallback.SMTPConfig, &a.fallback}, {"smtp.announcements", a.cfg.SMTP.Announcements.SMTPConfig, &a.ownRelay}} {
		if more.set.URL == "" {
			continue
		}
		relay, err := mail.NewSMTP(more.set, a.log)
		if err != nil {
			return nil, nil, usagef("%s: %w", more.table, err)
		}
		all = append(all, relay)
		*more.into = relay
	}
	closeAll := func() {
		for _, relay := range all {
			relay.Close()
		}
	}
	return smtp, closeAll, nil
}

func newLog(w io.Writer, cfg config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo // the configuration was checked; this is the default of a Config{} in tests
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// address parses an address that the configuration has already checked; it is zero if there is none.
func address(s string) netmail.Address {
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return netmail.Address{}
	}
	return *a
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
