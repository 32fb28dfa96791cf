package alarm

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
)

// Config is the [alarms] table. The log gets all alarms in any case.
type Config struct {
	Email   string `toml:"email"`   // address for alarm emails; empty: none
	Webhook string `toml:"webhook"` // URL for POST requests; empty: none
	Secret  string `toml:"secret"`  // signs the requests; empty: not signed
}

// Validate returns all invalid keys; each error starts with its key.
func (c Config) Validate() error {
	var errs []error
	if c.Email != "" {
		if _, err := netmail.ParseAddress(c.Email); err != nil {
			errs = append(errs, fmt.Errorf("email: invalid address %q: must be like \"admin@example.org\"", c.Email))
		}
	}
	if c.Webhook != "" {
		u, err := url.Parse(c.Webhook)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			errs = append(errs, errors.New("webhook: invalid URL: must be an http or https URL, for example \"https://example.org/hooks/postrider\"")) // it may contain a secret
		}
	}
	if c.Secret != "" && len(c.Secret) < 16 {
		errs = append(errs, fmt.Errorf("secret: has %d characters: must have 16 or more; create one with: openssl rand -hex 32", len(c.Secret)))
	}
	return errors.Join(errs...)
}
