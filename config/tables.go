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
	"postrider/mail"
	"postrider/source"
	"postrider/web"
)

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

// Enabled tells whether there is one.
func (f Fallback) Enabled() bool { return f.URL != "" }

// Validate says what is wrong, each error beginning with its key.
func (f Fallback) Validate() error {
	if !f.Enabled() && f != (Fallback{SMTPConfig: defaultRelay()}) {
		return errors.New("url: it is missing; give the second relay's, such as \"smtp+starttls://user@host:587\", or take [smtp.fallback] out")
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
