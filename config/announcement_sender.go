package config

import (
	"cmp"
	"errors"
	"fmt"
	netmail "net/mail"

	"postrider/internal/addr"
	"postrider/mail"
)

// AnnouncementSender is the [smtp.announcements] table: who announcements are from, if that differs from all other messages. Providers
// judge senders by their domain and their signing domain, so complaints about announcements then do not count against alerts and digests.
type AnnouncementSender struct {
	From    string          `toml:"from"`
	ReplyTo string          `toml:"reply_to"`
	DKIM    mail.DKIMConfig `toml:"dkim"`
}

// AnnouncementFrom returns the sender of announcements: their own, or else that of all messages.
func (s SMTP) AnnouncementFrom() string { return cmp.Or(s.Announcements.From, s.From) }

// validateAnnouncementSender returns the invalid keys of [smtp.announcements]; each error starts with its key. The keys of [dkim] must
// be aligned with the sender unless announcements have their own: DMARC ignores any other signature.
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
