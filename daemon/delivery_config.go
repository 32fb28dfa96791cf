package daemon

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// DeliveryConfig is the [delivery] table.
type DeliveryConfig struct {
	Only          []string      `toml:"only"`
	Uncertain     string        `toml:"uncertain"` // "repeat" or "leave", see docs/flow.md
	UncertainWait time.Duration `toml:"uncertain_wait"`
}

// DefaultDelivery mails everybody, and repeats what may not have arrived.
func DefaultDelivery() DeliveryConfig {
	return DeliveryConfig{Only: []string{}, Uncertain: repeat, UncertainWait: 15 * time.Minute}
}

// What is done with a mail when nobody can tell whether the relay has taken it.
const (
	repeat = "repeat" // once more, with the same Message-ID, by which many receivers drop the second
	leave  = "leave"
)

func (c DeliveryConfig) repeats() bool { return c.Uncertain != leave }

// Validate says what is wrong, each error beginning with its key.
func (c DeliveryConfig) Validate() error {
	errs := []error{c.validateOnly()}
	if c.Uncertain != repeat && c.Uncertain != leave {
		errs = append(errs, fmt.Errorf("uncertain is %q: choose %s or %s", c.Uncertain, repeat, leave))
	}
	if c.UncertainWait < 0 || c.UncertainWait > 24*time.Hour {
		errs = append(errs, fmt.Errorf("uncertain_wait is %v: choose \"0s\" to \"24h\"", c.UncertainWait))
	}
	return errors.Join(errs...)
}

func (c DeliveryConfig) validateOnly() error {
	for _, entry := range c.Only {
		name, domain, ok := strings.Cut(entry, "@")
		if !ok || domain == "" || strings.ContainsAny(name+domain, " <>,@") {
			return fmt.Errorf("only has %q: give addresses (\"me@example.org\") or domains (\"@example.org\")", entry)
		}
	}
	return nil
}

// skipNotListed is why members get nothing on a staging system.
const skipNotListed = "not on the allow-list"

// admits tells whether an address may be mailed: all may where no list is set.
func (c DeliveryConfig) admits(address string) bool {
	for _, entry := range c.Only {
		_, domain, _ := strings.Cut(address, "@")
		if strings.EqualFold(entry, address) || strings.EqualFold(entry, "@"+domain) {
			return true
		}
	}
	return len(c.Only) == 0
}
