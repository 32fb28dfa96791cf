package alarm

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
)

// Config is the [alarms] table. The log is told in any case.
type Config struct {
	Email   string `toml:"email"`   // address of the administrator; empty: no mail
	Webhook string `toml:"webhook"` // address that is posted to; empty: none
	Secret  string `toml:"secret"`  // signs what is posted; empty: not signed
}

// Validate says what is wrong, each error beginning with its key.
func (c Config) Validate() error {
	var errs []error
	if c.Email != "" {
		if _, err := netmail.ParseAddress(c.Email); err != nil {
			errs = append(errs, fmt.Errorf("email is %q, which is no address: give one such as \"admin@example.org\"", c.Email))
		}
	}
	if c.Webhook != "" {
		u, err := url.Parse(c.Webhook)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			errs = append(errs, errors.New("webhook is no web address: give one such as \"https://example.org/hooks/postrider\"")) // it may hold a secret
		}
	}
	if c.Secret != "" && len(c.Secret) < 16 {
		errs = append(errs, errors.New("secret is shorter than 16 characters: make one with: openssl rand -hex 32"))
	}
	return errors.Join(errs...)
}
