// Package config loads config.toml.
//
// Each room has its own table with its own defaults and checks; this room only gathers them, so
// that a fault is reported with its key, its line and its cure.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/admin"
	"postrider/alarm"
	"postrider/daemon"
	"postrider/letterbox"
	"postrider/mail"
	"postrider/source"
	"postrider/web"
)

// Config is everything that an owner may set.
type Config struct {
	Forum     Forum                 `toml:"forum"`
	Store     Store                 `toml:"store"`
	SMTP      SMTP                  `toml:"smtp"`
	DKIM      mail.DKIMConfig       `toml:"dkim"`
	Digest    daemon.DigestConfig   `toml:"digest"`
	Alerts    daemon.AlertConfig    `toml:"alerts"`
	Gather    daemon.GatherConfig   `toml:"gather"`
	Delivery  daemon.DeliveryConfig `toml:"delivery"`
	Bounces   Bounces               `toml:"bounces"`
	Alarms    Alarms                `toml:"alarms"`
	Announce  daemon.AnnounceConfig `toml:"announcements"`
	Web       Web                   `toml:"web"`
	Admin     Admin                 `toml:"admin"`
	Templates Templates             `toml:"templates"`
	Log       Log                   `toml:"log"`
}

// Forum is the [forum] table.
type Forum struct {
	source.Config
	DSNFile string `toml:"dsn_file"`
}

// Store is the [store] table.
type Store struct {
	DSN     string        `toml:"dsn"`
	DSNFile string        `toml:"dsn_file"`
	Lease   time.Duration `toml:"lease"`
}

// SMTP is the [smtp] table.
type SMTP struct {
	mail.SMTPConfig
	PasswordFile string   `toml:"password_file"`
	From         string   `toml:"from"`
	ReplyTo      string   `toml:"reply_to"`
	Fallback     Fallback `toml:"fallback"`
}

// Fallback is the [smtp.fallback] table: the relay that takes over while the first cannot be reached.
type Fallback struct {
	mail.SMTPConfig
	PasswordFile string `toml:"password_file"`
}

// On tells whether there is one.
func (f Fallback) On() bool { return f.URL != "" }

// Validate says what is wrong, each error beginning with its key.
func (f Fallback) Validate() error {
	if !f.On() && f != (Fallback{SMTPConfig: defaultRelay()}) {
		return errors.New("url: it is missing; give the second relay's, such as \"smtp+starttls://user@host:587\", or take [smtp.fallback] out")
	}
	if !f.On() {
		return nil
	}
	return f.SMTPConfig.Validate()
}

func defaultRelay() mail.SMTPConfig {
	return mail.SMTPConfig{Timeout: mail.DefaultTimeout, Connections: mail.DefaultConnections, Recycle: mail.DefaultRecycle}
}

// Bounces is the [bounces] table.
type Bounces struct {
	letterbox.Config
	PasswordFile string `toml:"password_file"`
}

// Alarms is the [alarms] table.
type Alarms struct {
	alarm.Config
	SecretFile string `toml:"secret_file"`
}

// Web is the [web] table.
type Web struct {
	web.Config
	HookSecretFile string `toml:"hook_secret_file"`
}

// Admin is the [admin] table.
type Admin struct {
	admin.Config
	PasswordHashFile string `toml:"password_hash_file"`
}

// Templates is the [templates] table.
type Templates struct {
	Dir string `toml:"dir"`
}

// Log is the [log] table.
type Log struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
}

// Default is what holds where the owner says nothing.
func Default() Config {
	return Config{
		Forum:  Forum{Config: source.DefaultConfig()},
		Store:  Store{DSN: "sqlite:postrider.db", Lease: 2 * time.Minute},
		SMTP:   SMTP{SMTPConfig: defaultRelay(), Fallback: Fallback{SMTPConfig: defaultRelay()}},
		Digest: daemon.DefaultDigest(), Alerts: daemon.DefaultAlerts(),
		Gather: daemon.DefaultGather(), Delivery: daemon.DefaultDelivery(), Announce: daemon.DefaultAnnounce(),
		Web: Web{Config: web.DefaultConfig()}, Admin: Admin{Config: admin.DefaultConfig()},
		Log: Log{Level: "info", Format: "text"},
	}
}

// Load reads a configuration file. All that is wrong with it is reported at once, each fault with
// its line, its key and its cure.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w; copy config.example.toml and name it with -c", err)
	}
	c, err := Parse(string(text), filepath.Dir(path), getenv)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads a configuration. Files that it names lie beside dir.
func Parse(text, dir string, getenv func(string) string) (Config, error) {
	c := Default()
	meta, err := toml.Decode(text, &c)
	if err != nil {
		return Config{}, syntax(err)
	}
	errs := append(unknown(meta, text), bareDurations(meta, text)...)
	for _, s := range c.secrets() {
		if err := s.read(dir, getenv); err != nil {
			errs = append(errs, fault(text, table(s.key), err))
		}
	}
	c.DKIM.KeyFile, c.DKIM.Ed25519KeyFile = beside(dir, c.DKIM.KeyFile), beside(dir, c.DKIM.Ed25519KeyFile)
	c.Bounces.Maildir = beside(dir, c.Bounces.Maildir)
	c.fillIn()
	errs = append(errs, c.validate(text)...)
	return c, errors.Join(errs...)
}

// fillIn sets what follows from other keys.
func (c *Config) fillIn() {
	if c.Web.URL == "" {
		c.Web.URL = strings.TrimRight(c.Forum.URL, "/") + "/postrider"
	}
	if c.Forum.Name == "" {
		if u, err := url.Parse(c.Forum.URL); err == nil {
			c.Forum.Name = u.Host
		}
	}
	if c.DKIM.On() && c.DKIM.Domain == "" {
		c.DKIM.Domain = c.SMTP.fromDomain()
	}
}

// syntax words a fault of TOML itself.
func syntax(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d: %s", parse.Position.Line, parse.Message)
	}
	return err
}

func unknown(meta toml.MetaData, text string) []error {
	var errs []error
	for _, key := range meta.Undecoded() {
		name := key.String()
		err := fmt.Errorf("line %d: there is no key %s", lineOf(text, name), name)
		if known := nearest(name); known != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, known)
		}
		errs = append(errs, err)
	}
	return errs
}

// bareDurations refuses numbers where a duration is wanted: 600 of what?
func bareDurations(meta toml.MetaData, text string) []error {
	var errs []error
	known := keys()
	for _, key := range meta.Keys() {
		name := key.String()
		if known[name] == reflect.TypeFor[time.Duration]() && meta.Type(key...) != "String" {
			errs = append(errs, fmt.Errorf("line %d: %s is a bare number; give it a unit, such as \"10s\" or \"5m\"", lineOf(text, name), name))
		}
	}
	return errs
}

func (c *Config) validate(text string) []error {
	var errs []error
	for _, t := range []struct {
		table string
		err   error
	}{
		{"forum", c.Forum.Validate()},
		{"store", c.Store.Validate()},
		{"smtp", errors.Join(c.SMTP.SMTPConfig.Validate(), c.SMTP.validateSenders())},
		{"smtp.fallback", c.SMTP.Fallback.Validate()},
		{"dkim", errors.Join(c.DKIM.Validate(), c.DKIM.CheckFrom(c.SMTP.fromDomain()))},
		{"digest", c.Digest.Validate()},
		{"alerts", c.Alerts.Validate()},
		{"gather", c.Gather.Validate()},
		{"delivery", c.Delivery.Validate()},
		{"bounces", c.Bounces.Validate()},
		{"alarms", c.Alarms.Validate()},
		{"announcements", c.Announce.Validate()},
		{"web", c.Web.Validate()},
		{"admin", errors.Join(c.Admin.Validate(), c.checkUserHeader())},
		{"log", c.Log.Validate()},
	} {
		errs = append(errs, faults(text, t.table, t.err)...)
	}
	return errs
}

// checkUserHeader wants it known whose header it is: from anybody else it could be a lie.
func (c *Config) checkUserHeader() error {
	if c.Admin.UserHeader != "" && len(c.Web.TrustedProxies) == 0 {
		return errors.New("user_header is believed only from web.trusted_proxies, and there are none: name the address of the proxy there")
	}
	return nil
}

// faults gives each of the errors its line and its table.
func faults(text, table string, err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, faults(text, table, e)...)
		}
		return errs
	}
	if err == nil {
		return nil
	}
	return []error{fault(text, table, err)}
}

// fault words an error that begins with its key.
func fault(text, table string, err error) error {
	key, _, _ := strings.Cut(err.Error(), " ")
	key = table + "." + strings.TrimRight(key, ":")
	if line := lineOf(text, key); line > 0 {
		return fmt.Errorf("line %d: %s.%w", line, table, err)
	}
	return fmt.Errorf("%s.%w", table, err)
}

func table(key string) string { return key[:strings.LastIndexByte(key, '.')] }

// Validate says what is wrong, each error beginning with its key.
func (s Store) Validate() error {
	var errs []error
	if !strings.HasPrefix(s.DSN, "sqlite:") && !strings.HasPrefix(s.DSN, "postgres://") && !strings.HasPrefix(s.DSN, "postgresql://") {
		errs = append(errs, errors.New("dsn names neither SQLite nor PostgreSQL: give \"sqlite:FILE\" or \"postgres://user:password@host/database\""))
	}
	if s.Lease < time.Second || s.Lease > time.Hour {
		errs = append(errs, fmt.Errorf("lease is %v: choose \"1s\" to \"1h\"", s.Lease))
	}
	return errors.Join(errs...)
}

func (s SMTP) validateSenders() error {
	var errs []error
	if _, err := netmail.ParseAddress(s.From); err != nil {
		errs = append(errs, fmt.Errorf("from is %q, which is no address: give one such as \"Example Forum <digest@forum.example.org>\"", s.From))
	}
	if s.ReplyTo != "" {
		if _, err := netmail.ParseAddress(s.ReplyTo); err != nil {
			errs = append(errs, fmt.Errorf("reply_to is %q, which is no address: give one, or leave it out", s.ReplyTo))
		}
	}
	return errors.Join(errs...)
}

// fromDomain is the domain of the sender, or "" where there is none.
func (s SMTP) fromDomain() string {
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return ""
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}

// Validate says what is wrong, each error beginning with its key.
func (l Log) Validate() error {
	var errs []error
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		errs = append(errs, fmt.Errorf("level is %q: choose debug, info, warn or error", l.Level))
	}
	if l.Format != "text" && l.Format != "json" {
		errs = append(errs, fmt.Errorf("format is %q: choose text or json", l.Format))
	}
	return errors.Join(errs...)
}
