package mail

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// DKIMConfig says with which keys mails are signed. Its zero value is: with none, the relay signs.
type DKIMConfig struct {
	Domain   string `toml:"domain"` // who answers for the mails (d=)
	Selector string `toml:"selector"`
	KeyFile  string `toml:"key_file"` // RSA, PEM
	// A second signature, for receivers that prefer it. It is never the only one: many check RSA alone.
	Ed25519Selector string `toml:"ed25519_selector"`
	Ed25519KeyFile  string `toml:"ed25519_key_file"`
}

// Enabled tells whether there is anything to sign with.
func (c DKIMConfig) Enabled() bool { return c != DKIMConfig{} }

// Validate tells all that is wrong, each with its key and its cure. The key files are not opened: who may write a
// configuration need not be who may read the keys.
func (c DKIMConfig) Validate() error {
	if !c.Enabled() {
		return nil
	}
	var errs []error
	if _, err := asciiDomain(c.Domain); err != nil {
		errs = append(errs, fmt.Errorf("domain: %q is not a valid name; give the domain of smtp.from, or leave it out", c.Domain))
	}
	if c.Selector == "" && c.KeyFile == "" {
		errs = append(errs, errors.New("key_file: there is no RSA key, and many receivers check no other; name one with its selector, or leave all of [dkim] out"))
	} else {
		errs = append(errs, checkPair("", c.Selector, c.KeyFile))
	}
	if c.Ed25519Selector != "" || c.Ed25519KeyFile != "" {
		errs = append(errs, checkPair("ed25519_", c.Ed25519Selector, c.Ed25519KeyFile))
	}
	// Two records under one name have no meaning (RFC 6376, 3.6.2.2).
	if c.Selector != "" && strings.EqualFold(c.Selector, c.Ed25519Selector) {
		errs = append(errs, fmt.Errorf("ed25519_selector: it is that of the RSA key, too; give it a name of its own, such as %q", c.Selector+"-ed"))
	}
	return errors.Join(errs...)
}

// checkPair checks a selector and its key file, which are of no use without each other.
func checkPair(prefix, selector, file string) error {
	if file == "" {
		return fmt.Errorf("%skey_file: there is none for the selector %q; name the file of its private key", prefix, selector)
	}
	if selector == "" {
		return fmt.Errorf("%sselector: there is none for the key; choose a name for it, such as \"postrider1\"", prefix)
	}
	if _, err := asciiDomain(selector); err != nil || firstNonASCII([]byte(selector)) >= 0 {
		return fmt.Errorf("%sselector: %q does not fit into a host name; use letters, digits and hyphens", prefix, selector)
	}
	return nil
}

// CheckFrom refuses a sender in a domain that does not align with ours. A signature that does not is worth nothing to DMARC,
// which asks for one by the organization that stands in From (RFC 7489, 3.1.1, relaxed).
func (c DKIMConfig) CheckFrom(domain string) error {
	ours, err := asciiDomain(c.Domain)
	from, fromErr := asciiDomain(domain)
	if err != nil || fromErr != nil || aligned(ours, from) {
		return nil // what is no domain is told of elsewhere
	}
	return fmt.Errorf("domain: %q does not go with the sender, whose domain is %q; give that or one that it is part of, or leave it out", c.Domain, from)
}

// aligned tells whether two domains are of one organization: whether they are equal from the label before the
// public suffix ("example.co.uk").
func aligned(a, b string) bool {
	if a == b {
		return true
	}
	orgA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	orgB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && orgA == orgB
}
