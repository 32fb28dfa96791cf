package daemon

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// DeliveryConfig is the [delivery] table.
type DeliveryConfig struct {
	AllowList     []string      `toml:"allow_only"`
	OnUncertain   string        `toml:"on_uncertain"` // "retry" or "give_up", see docs/delivery-guarantees.md
	UncertainWait time.Duration `toml:"uncertain_wait"`

	Rate       float64            `toml:"rate"`        // mails a second at most; 0: as fast as the relay takes them
	DomainRate map[string]float64 `toml:"domain_rate"` // the same for single providers, by one of their domains; "*": for every other

	MaxPerMemberPerDay int `toml:"max_per_member_per_day"` // mails to one member in one of his days at most; 0: as many as there are
}

// DefaultDelivery mails everybody, and repeats what may not have arrived.
func DefaultDelivery() DeliveryConfig {
	return DeliveryConfig{AllowList: []string{}, OnUncertain: uncertainRetry, UncertainWait: 15 * time.Minute, DomainRate: map[string]float64{}, MaxPerMemberPerDay: 50}
}

// What is done with a mail when nobody can tell whether the relay has taken it.
const (
	uncertainRetry  = "retry" // once more, with the same Message-ID, by which many receivers drop the second
	uncertainGiveUp = "give_up"
)

func (c DeliveryConfig) repeats() bool { return c.OnUncertain != uncertainGiveUp }

// Validate says what is wrong, each error beginning with its key.
func (c DeliveryConfig) Validate() error {
	errs := []error{c.validateOnly()}
	if c.OnUncertain != uncertainRetry && c.OnUncertain != uncertainGiveUp {
		errs = append(errs, fmt.Errorf("on_uncertain is %q: choose %s or %s", c.OnUncertain, uncertainRetry, uncertainGiveUp))
	}
	if c.UncertainWait < 0 || c.UncertainWait > 24*time.Hour {
		errs = append(errs, fmt.Errorf("uncertain_wait is %v: choose \"0s\" to \"24h\"", c.UncertainWait))
	}
	if c.Rate < 0 || c.Rate > maxRate {
		errs = append(errs, fmt.Errorf("rate is %v: choose 0 to %d mails a second", c.Rate, maxRate))
	}
	if c.MaxPerMemberPerDay < 0 {
		errs = append(errs, fmt.Errorf("max_per_member_per_day is %d: choose how many mails a member may get in a day, or 0 for no limit", c.MaxPerMemberPerDay))
	}
	for domain, each := range c.DomainRate {
		if domain != anyDomain && (!strings.Contains(domain, ".") || strings.ContainsAny(domain, "@ *")) {
			errs = append(errs, fmt.Errorf("domain_rate has %q: give domains such as \"gmail.com\", or \"*\" for all others", domain))
		}
		if each <= 0 || each > maxRate {
			errs = append(errs, fmt.Errorf("domain_rate of %q is %v: choose more than 0 and at most %d mails a second", domain, each, maxRate))
		}
	}
	return errors.Join(errs...)
}

const (
	// maxRate is beyond what one daemon can send in a second.
	maxRate = 100_000
	// anyDomain stands for all domains that are not named.
	anyDomain = "*"
)

// limiter is the limit of all mails together; nil: there is none. It may be used up in bursts of a quarter of a second.
func (c DeliveryConfig) limiter() *rate.Limiter {
	if c.Rate == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/4)))
}

// batchSize is how many mails are claimed at a time: no more than go before a batch is too old, or they were built in vain.
func (c DeliveryConfig) batchSize() int {
	if c.Rate == 0 {
		return batchSize
	}
	return min(batchSize, max(1, int(c.Rate*maxBatchAge.Seconds()/2)))
}

func (c DeliveryConfig) validateOnly() error {
	for _, entry := range c.AllowList {
		name, domain, ok := strings.Cut(entry, "@")
		if !ok || domain == "" || strings.ContainsAny(name+domain, " <>,@") {
			return fmt.Errorf("allow_only has %q: give addresses (\"me@example.org\") or domains (\"@example.org\")", entry)
		}
	}
	return nil
}

// allows tells whether an address may be mailed: all may where no list is set.
func (c DeliveryConfig) allows(address string) bool {
	for _, entry := range c.AllowList {
		_, domain, _ := strings.Cut(address, "@")
		if strings.EqualFold(entry, address) || strings.EqualFold(entry, "@"+domain) {
			return true
		}
	}
	return len(c.AllowList) == 0
}
