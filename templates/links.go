package templates

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// contact is the address that members write to in order to unsubscribe, or "" if the footer has links for that.
func (s Site) contact() string {
	if !s.NoPages {
		return ""
	}
	return s.Contact
}

// repliesRead reports whether a person reads what members reply to messages of a kind.
func (s Site) repliesRead(k kind) bool {
	if k == announcementMail {
		return s.AnnouncementRepliesRead
	}
	return s.RepliesRead
}

// checkLinks checks that a layout, printed as text, has the links that every email of the site needs, and no dead ones.
func (s Site) checkLinks(f layoutParts, text string) error {
	contact := s.contact() != "" && strings.Contains(text, s.contact())
	switch {
	case !f.has(slotUnsubscribe) && !contact, !s.NoPages && !f.has(slotSettings):
		return errors.New(`template "layout" must print {{.Settings}} and {{.Unsubscribe}}`)
	case s.NoPages && f.has(slotSettings):
		return errors.New(`template "layout" must print {{.Settings}} only within {{if .Pages}}: web.links is "none"`)
	}
	return nil
}

// onlyContact removes the links of a footer that unsubscribe, if members write to a person instead.
func (s Site) onlyContact(f Footer) Footer {
	if to := s.contact(); to != "" {
		f.Unsubscribe, f.All = mailTo+to, mailTo+to
	}
	return f
}

// checkFooter checks the links of a footer. Only an alert has f.All.
func (s Site) checkFooter(f Footer) error {
	addresses := []string{f.Unsubscribe}
	if !s.NoPages {
		addresses = append(addresses, f.Settings)
	}
	for _, optional := range []string{f.All, f.View} {
		if optional != "" {
			addresses = append(addresses, optional)
		}
	}
	for _, address := range addresses {
		if s.NoPages && strings.HasPrefix(address, mailTo) {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("invalid url %q: must be an http or https URL", address)
		}
	}
	return nil
}

const mailTo = "mailto:"

// fillLink fills a slot with a link. In text, an address is easier to copy than a mailto URL.
func (w *render) fillLink(h slot, address string) {
	w.fill(h, address, strings.TrimPrefix(address, mailTo))
}

// CheckWithoutPages renders the samples as a site without pages does: a layout of the administrator may print links that do not
// exist there.
func (s *Set) CheckWithoutPages(site Site) error {
	return s.renderSamplesFor(site, s.sampled(mailDir, s.members), 80<<10)
}
