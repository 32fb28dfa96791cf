package config

import (
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"time"

	"postrider/admin"
	"postrider/alarm"
	"postrider/inbound"
	"postrider/internal/dsn"
	"postrider/mail"
	"postrider/mirror"
	"postrider/source"
	"postrider/web"
)

// Forum is the [forum] table.
type Forum struct {
	source.Config
	DSNFile string `toml:"dsn_file"`
}

// Mirror is the [mirror] table.
type Mirror struct {
	mirror.Config
	PushSecretFile string `toml:"push_secret_file"`
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
	PasswordFile  string        `toml:"password_file"`
	From          string        `toml:"from"`
	ReplyTo       string        `toml:"reply_to"`
	Fallback      Fallback      `toml:"fallback"`
	Announcements Announcements `toml:"announcements"`
}

// Fallback is the [smtp.fallback] table: the relay that takes over while the first one is unreachable.
type Fallback struct {
	mail.SMTPConfig
	PasswordFile string `toml:"password_file"`
}

// Enabled reports whether a fallback is configured.
func (f Fallback) Enabled() bool { return f.URL != "" }

// Validate returns all invalid keys; each error starts with its key.
func (f Fallback) Validate() error {
	if !f.Enabled() && f != (Fallback{SMTPConfig: defaultRelay()}) {
		return errors.New("url: missing: must be the second relay, for example \"smtp+starttls://user@host:587\"; or remove [smtp.fallback]")
	}
	if !f.Enabled() {
		return nil
	}
	return f.SMTPConfig.Validate()
}

func defaultRelay() mail.SMTPConfig {
	return mail.SMTPConfig{Timeout: mail.DefaultTimeout, MaxConnections: mail.DefaultConnections, MaxMessagesPerConnection: mail.DefaultRecycle}
}

// Bounces is the [bounces] table.
type Bounces struct {
	inbound.Config
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
	LinkSecretFile string `toml:"link_secret_file"`
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

// Validate returns all invalid keys; each error starts with its key.
func (s Store) Validate() error {
	var errs []error
	if !strings.HasPrefix(s.DSN, "sqlite:") && !strings.HasPrefix(s.DSN, "postgres://") && !strings.HasPrefix(s.DSN, "postgresql://") {
		errs = append(errs, errors.New("dsn: unknown database type: must be like \"sqlite:FILE\" or \"postgres://user:password@host/database\""))
	}
	if err := dsn.CheckPassword(s.DSN); err != nil {
		errs = append(errs, fmt.Errorf("dsn: %w", err))
	}
	if s.Lease < time.Second || s.Lease > time.Hour {
		errs = append(errs, fmt.Errorf("lease: invalid duration %v: must be between 1s and 1h", s.Lease))
	}
	return errors.Join(errs...)
}

func (s SMTP) validateSenders() error {
	var errs []error
	if _, err := netmail.ParseAddress(s.From); err != nil {
		errs = append(errs, fmt.Errorf("from: invalid address %q: must be like \"Example Forum <digest@forum.example.org>\"", s.From))
	}
	if s.ReplyTo != "" {
		if _, err := netmail.ParseAddress(s.ReplyTo); err != nil {
			errs = append(errs, fmt.Errorf("reply_to: invalid address %q: must be like \"admin@example.org\", or empty", s.ReplyTo))
		}
	}
	return errors.Join(errs...)
}

// fromDomain returns the domain of the sender, or "" if the sender is invalid.
func (s SMTP) fromDomain() string { return domainOf(s.From) }

// Validate returns all invalid keys; each error starts with its key.
func (l Log) Validate() error {
	var errs []error
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		errs = append(errs, fmt.Errorf("level: invalid value %q: must be debug, info, warn or error", l.Level))
	}
	if l.Format != "text" && l.Format != "json" {
		errs = append(errs, fmt.Errorf("format: invalid value %q: must be text or json", l.Format))
	}
	return errors.Join(errs...)
}
