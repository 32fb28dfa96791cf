// Package config loads config.toml.
//
// Each package defines its own table with defaults and validation. This package combines the tables, and reports each
// mistake with its line, its key and how to fix it.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/admin"
	"postrider/daemon/settings"
	"postrider/mail"
	"postrider/metrics"
	"postrider/mirror"
	"postrider/source"
	"postrider/web"
)

// Config holds all settings.
type Config struct {
	Forum     Forum                  `toml:"forum"`
	Mirror    Mirror                 `toml:"mirror"`
	Store     Store                  `toml:"store"`
	SMTP      SMTP                   `toml:"smtp"`
	DKIM      mail.DKIMConfig        `toml:"dkim"`
	Digest    settings.Digest        `toml:"digest"`
	Alerts    settings.Alerts        `toml:"alerts"`
	Notify    settings.Notify        `toml:"notify"`
	Scan      settings.Scan          `toml:"scan"`
	Delivery  settings.Delivery      `toml:"delivery"`
	Bounces   Bounces                `toml:"bounces"`
	Alarms    Alarms                 `toml:"alarms"`
	Announce  settings.Announcements `toml:"announcements"`
	Brand     Brand                  `toml:"brand"`
	Web       Web                    `toml:"web"`
	Admin     Admin                  `toml:"admin"`
	Metrics   metrics.Config         `toml:"metrics"`
	Templates Templates              `toml:"templates"`
	Log       Log                    `toml:"log"`
}

// Default returns the settings that apply without a configuration file.
func Default() Config {
	return Config{
		Forum:  Forum{Config: source.DefaultConfig()},
		Mirror: Mirror{Config: mirror.DefaultConfig()},
		Store:  Store{DSN: "sqlite:postrider.db", Lease: 2 * time.Minute},
		SMTP: SMTP{
			SMTPConfig: defaultRelay(), Fallback: Fallback{SMTPConfig: defaultRelay()}, Announcements: Announcements{SMTPConfig: defaultRelay()},
		},
		Digest: settings.DefaultDigest(), Alerts: settings.DefaultAlerts(), Notify: settings.DefaultNotify(),
		Scan: settings.DefaultScan(), Delivery: settings.DefaultDelivery(), Announce: settings.DefaultAnnouncements(),
		Brand: Brand{Address: []string{}, Links: []BrandLink{}},
		Web:   Web{Config: web.DefaultConfig()}, Admin: Admin{Config: admin.DefaultConfig()},
		Log: Log{Level: "info", Format: "text"},
	}
}

// Load reads a configuration file. It reports all mistakes together, each with its line, its key and how to fix it.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, unreadable(path, err)
	}
	c, err := Parse(string(text), filepath.Dir(path), getenv)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// unreadable explains why a configuration file cannot be read.
func unreadable(path string, err error) error {
	fix := "copy config.example.toml and pass its path with -c"
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		fix = "this is a folder: pass the path of the file in it with -c"
	case errors.Is(err, os.ErrPermission):
		fix = "the file or its folder is not readable for the user that runs postrider: run it as that file's owner, or change the owner (chown)"
	}
	return fmt.Errorf("reading the configuration: %w; %s", err, fix)
}

// Parse reads a configuration. Relative file names in it are relative to dir.
func Parse(text, dir string, getenv func(string) string) (Config, error) {
	c := Default()
	meta, err := toml.Decode(text, &c)
	if err != nil {
		return Config{}, syntaxError(err)
	}
	errs := append(unknownKeys(meta, text), bareDurations(meta, text)...)
	for _, s := range c.secrets() {
		if err := s.read(dir, getenv); err != nil {
			errs = append(errs, locateError(text, tableOf(s.key), err))
		}
	}
	c.resolvePaths(dir)
	c.inheritRelay(meta)
	c.fillIn()
	if c.Web.NoLinks() && !meta.IsDefined("web", "listen") {
		c.Web.Listen = "" // nothing links to the pages
	}
	errs = append(errs, c.validate(text)...)
	return c, errors.Join(errs...)
}

// resolvePaths makes all paths relative to the configuration file. If they followed the working directory, the same command from
// another one would begin a new store, and email everyone again.
func (c *Config) resolvePaths(dir string) {
	for _, path := range []*string{
		&c.DKIM.KeyFile, &c.DKIM.Ed25519KeyFile, &c.Bounces.Maildir, &c.Forum.Queries, &c.SMTP.CAFile, &c.SMTP.Fallback.CAFile, &c.Templates.Dir, &c.Brand.Logo,
		&c.SMTP.Announcements.CAFile, &c.SMTP.Announcements.DKIM.KeyFile, &c.SMTP.Announcements.DKIM.Ed25519KeyFile,
	} {
		*path = resolvePath(dir, *path)
	}
	c.Store.DSN, c.Forum.DSN = resolveDSN(dir, c.Store.DSN), resolveDSN(dir, c.Forum.DSN)
}

// resolveDSN resolves the path of a SQLite database.
func resolveDSN(dir, dsn string) string {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok || path == "" || strings.HasPrefix(path, ":") {
		return dsn
	}
	return "sqlite:" + resolvePath(dir, path)
}

// fillIn sets the defaults that depend on other keys.
func (c *Config) fillIn() {
	if c.Web.URL == "" {
		c.Web.URL = besideForum(c.Forum.URL) + "/postrider"
	}
	if c.Forum.Name == "" {
		if u, err := url.Parse(c.Forum.URL); err == nil {
			c.Forum.Name = u.Host
		}
	}
	if c.DKIM.Enabled() && c.DKIM.Domain == "" {
		c.DKIM.Domain = c.SMTP.fromDomain()
	}
	if keys := &c.SMTP.Announcements.DKIM; keys.Enabled() && keys.Domain == "" {
		keys.Domain = domainOf(c.SMTP.AnnouncementFrom())
	}
}

func (c *Config) validate(text string) []error {
	var errs []error
	for _, t := range []struct {
		table string
		err   error
	}{
		{"forum", c.Forum.Validate()},
		{"mirror", errors.Join(c.Mirror.Validate(), c.checkMirror())},
		{"store", c.Store.Validate()},
		{"smtp", errors.Join(c.SMTP.SMTPConfig.Validate(), c.SMTP.validateSenders())},
		{"smtp.fallback", c.SMTP.Fallback.Validate()},
		{"smtp.announcements", errors.Join(c.validateAnnouncementSender(), c.validateAnnouncementRelay())},
		{"smtp.announcements.dkim", errors.Join(
			c.SMTP.Announcements.DKIM.Validate(), c.SMTP.Announcements.DKIM.CheckFrom(domainOf(c.SMTP.AnnouncementFrom())))},
		{"dkim", errors.Join(c.DKIM.Validate(), c.DKIM.CheckFrom(c.SMTP.fromDomain()))},
		{"digest", c.Digest.Validate()},
		{"alerts", c.Alerts.Validate()},
		{"notify", c.Notify.Validate()},
		{"scan", c.Scan.Validate()},
		{"delivery", c.Delivery.Validate()},
		{"bounces", c.Bounces.Validate()},
		{"alarms", c.Alarms.Validate()},
		{"announcements", c.Announce.Validate()},
		{"brand", c.validateBrand()},
		{"web", c.Web.Validate()},
		{"metrics", c.Metrics.Validate()},
		{"admin", errors.Join(c.Admin.Validate(), c.checkUserHeader())},
		{"log", c.Log.Validate()},
	} {
		errs = append(errs, locateErrors(text, t.table, t.err)...)
	}
	return errs
}

func (c *Config) validateBrand() error {
	_, err := c.Brand.Read()
	return err
}

// checkMirror rejects a table that would have no effect.
func (c *Config) checkMirror() error {
	if len(c.Mirror.Feeds) > 0 && c.Forum.Type != source.MirrorType {
		return errors.New("feeds: only for a forum of type \"mirror\": remove them, or see docs/mirror.md")
	}
	if c.Mirror.PushSecret != "" && c.Forum.Type != source.MirrorType {
		return errors.New("push_secret: only for a forum of type \"mirror\": remove it, or see docs/mirror.md")
	}
	if c.Mirror.Subscribe && c.Forum.Type != source.MirrorType {
		return errors.New("subscribe: only for a forum of type \"mirror\": remove it, or see docs/mirror.md")
	}
	if c.Mirror.Subscribe && (c.Web.Listen == "" || c.Web.NoLinks()) {
		return errors.New("subscribe: needs postrider's pages: set web.listen, and web.links to \"pages\"")
	}
	return nil
}

// checkUserHeader requires trusted proxies, because any other client could forge the header.
func (c *Config) checkUserHeader() error {
	if c.Admin.UserHeader != "" && len(c.Web.TrustedProxies) == 0 {
		return errors.New("user_header: web.trusted_proxies is empty, so no request can set this header: add the proxy's address to web.trusted_proxies")
	}
	return nil
}

// besideForum returns the folder of a forum's URL. XenForo without friendly URLs has one that ends in "/index.php?".
func besideForum(forum string) string {
	forum, _, _ = strings.Cut(forum, "?")
	return strings.TrimRight(strings.TrimSuffix(forum, "/index.php"), "/")
}
