package mail

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// DKIMConfig selects the keys that sign messages. The zero value signs nothing; then the relay signs.
type DKIMConfig struct {
	Domain   string `toml:"domain"` // the domain that takes responsibility (d=)
	Selector string `toml:"selector"`
	KeyFile  string `toml:"key_file"` // RSA, PEM
	// A second signature, for receivers that prefer it. It is never the only one, because many receivers
	// check RSA only.
	Ed25519Selector string `toml:"ed25519_selector"`
	Ed25519KeyFile  string `toml:"ed25519_key_file"`
}

// Enabled reports whether any key is configured.
func (c DKIMConfig) Enabled() bool { return c != DKIMConfig{} }

// Validate reports everything that is wrong, each with its key and how to fix it. It does not open the key
// files, because the user who edits the configuration may not be allowed to read them.
func (c DKIMConfig) Validate() error {
	if !c.Enabled() {
		return nil
	}
	var errs []error
	if _, err := asciiDomain(c.Domain); err != nil {
		errs = append(errs, fmt.Errorf("domain: invalid name %q: must be the domain of the sender; remove the key to use that", c.Domain))
	}
	if c.Selector == "" && c.KeyFile == "" {
		errs = append(errs, errors.New("key_file: missing: many receivers check RSA only; set key_file and selector, or remove this section"))
	} else {
		errs = append(errs, checkPair("", c.Selector, c.KeyFile))
	}
	if c.Ed25519Selector != "" || c.Ed25519KeyFile != "" {
		errs = append(errs, checkPair("ed25519_", c.Ed25519Selector, c.Ed25519KeyFile))
	}
	// Two records under one name are undefined (RFC 6376, 3.6.2.2).
	if c.Selector != "" && strings.EqualFold(c.Selector, c.Ed25519Selector) {
		errs = append(errs, fmt.Errorf("ed25519_selector: must differ from selector: use, for example, %q", c.Selector+"-ed"))
	}
	return errors.Join(errs...)
}

// checkPair checks that a selector and its key file are both set.
func checkPair(prefix, selector, file string) error {
	if file == "" {
		return fmt.Errorf("%skey_file: missing for selector %q: set it to the file with the private key", prefix, selector)
	}
	if selector == "" {
		return fmt.Errorf("%sselector: missing for the key file: choose a name, for example \"postrider1\"", prefix)
	}
	if _, err := asciiDomain(selector); err != nil || firstNonASCII([]byte(selector)) >= 0 {
		return fmt.Errorf("%sselector: invalid name %q: must contain only letters, digits and hyphens", prefix, selector)
	}
	return nil
}

// CheckFrom rejects a sender domain that does not align with the signing domain. DMARC ignores such a
// signature, because it asks for one by the organization in From (RFC 7489, 3.1.1, relaxed).
func (c DKIMConfig) CheckFrom(domain string) error {
	ours, err := asciiDomain(c.Domain)
	from, fromErr := asciiDomain(domain)
	if err != nil || fromErr != nil || aligned(ours, from) {
		return nil // invalid domains are reported elsewhere
	}
	return fmt.Errorf("domain: invalid for this sender: is %q, must be the sender's domain %q or a parent domain of it; remove the key to use that", c.Domain, from)
}

// aligned reports whether two domains belong to the same organization, that is, have the same label and
// public suffix ("example.co.uk").
func aligned(a, b string) bool {
	if a == b {
		return true
	}
	orgA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	orgB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && orgA == orgB
}
