package config

import (
	"cmp"
	"errors"
	"fmt"
	netmail "net/mail"

	"github.com/BurntSushi/toml"

	"postrider/internal/addr"
	"postrider/mail"
)

// Announcements is the [smtp.announcements] table: who announcements are from and which relay they go through, if that differs from all
// other messages. Providers judge senders by their domain, their signing domain and the address of their relay, so complaints about
// announcements then do not count against alerts and digests.
type Announcements struct {
	mail.SMTPConfig
	PasswordFile string          `toml:"password_file"`
	From         string          `toml:"from"`
	ReplyTo      string          `toml:"reply_to"`
	DKIM         mail.DKIMConfig `toml:"dkim"`
}

// OwnRelay reports whether announcements have a relay of their own.
func (a Announcements) OwnRelay() bool { return a.URL != "" }

// AnnouncementFrom returns the sender of announcements: their own, or else that of all messages.
func (s SMTP) AnnouncementFrom() string { return cmp.Or(s.Announcements.From, s.From) }

// AnnouncementDKIM returns the keys that sign announcements: their own, or else those of all messages.
func (c Config) AnnouncementDKIM() mail.DKIMConfig {
	if c.SMTP.Announcements.DKIM.Enabled() {
		return c.SMTP.Announcements.DKIM
	}
	return c.DKIM
}

// inheritRelay completes the relay of announcements with the keys of [smtp].
func (c *Config) inheritRelay(meta toml.MetaData) {
	a := &c.SMTP.Announcements
	if !a.OwnRelay() {
		return
	}
	a.Inherit(c.SMTP.SMTPConfig, func(key string) bool {
		if key == "password" { // it may come from a file or the environment
			return a.Password == ""
		}
		return !meta.IsDefined("smtp", "announcements", key)
	})
}

// validateAnnouncementRelay returns the invalid keys of the relay of announcements; each error starts with its key.
func (c *Config) validateAnnouncementRelay() error {
	a := c.SMTP.Announcements
	switch {
	case !a.OwnRelay() && (a.SMTPConfig != defaultRelay() || a.PasswordFile != ""):
		return errors.New("url: missing: must be the relay of announcements, for example \"smtp+starttls://user@host:587\"; " +
			"or remove the other keys of the relay, and announcements use that of [smtp]")
	case !a.OwnRelay():
		return nil
	case a.IsSameRelay(c.SMTP.SMTPConfig):
		return errors.New("url: invalid: is the relay of smtp.url: must be another server or another account, so that complaints about announcements " +
			"do not hurt alerts and digests; or remove it, and announcements use that of [smtp]")
	}
	return a.Validate()
}

// validateAnnouncementSender returns the invalid keys of the sender of announcements; each error starts with its key. The keys of
// [dkim] must be aligned with the sender unless announcements have their own: DMARC ignores any other signature.
func (c *Config) validateAnnouncementSender() error {
	var errs []error
	a := c.SMTP.Announcements
	if a.From != "" {
		if _, err := netmail.ParseAddress(a.From); err != nil {
			errs = append(errs, fmt.Errorf("from: invalid address %q: must be like \"Example Forum <news@news.example.org>\", or empty for smtp.from", a.From))
		}
	}
	if a.ReplyTo != "" {
		if _, err := netmail.ParseAddress(a.ReplyTo); err != nil {
			errs = append(errs, fmt.Errorf("reply_to: invalid address %q: must be like \"admin@example.org\", or empty for smtp.reply_to", a.ReplyTo))
		}
	}
	if domain := domainOf(a.From); c.DKIM.Enabled() && !a.DKIM.Enabled() && c.DKIM.CheckFrom(domain) != nil {
		errs = append(errs, fmt.Errorf("from: the domain %q does not belong to dkim.domain (%q), so DMARC ignores the signature: "+
			"set selector and key_file in [smtp.announcements.dkim], or use an address of that organization", domain, c.DKIM.Domain))
	}
	return errors.Join(errs...)
}

// domainOf returns the domain of an address with or without a name, or "" if the address is invalid.
func domainOf(address string) string {
	a, err := netmail.ParseAddress(address)
	if err != nil {
		return ""
	}
	return addr.Domain(a.Address)
}
