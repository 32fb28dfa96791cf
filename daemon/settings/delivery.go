package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/addr"
)

// BatchSize is how many members are planned, claimed and built at a time. Data that is read once per batch is shared by
// that many messages.
const BatchSize = 1000

// MaxBatchAge is how long built messages may wait. Those not sent by then are built again, because the members' access
// rights may have changed.
const MaxBatchAge = time.Minute

// RefusalSettleTime is how long a rejection waits before it is evaluated: other rejections by its domain in that time show
// whether the address is the cause. A dead address can wait ten minutes.
const RefusalSettleTime = 10 * time.Minute

// Delivery is the [delivery] table.
type Delivery struct {
	AllowList     []string      `toml:"allow_only"`
	Share         float64       `toml:"share"`  // percent of the members; 0 is like 100
	Always        []string      `toml:"always"` // addresses, domains and IDs of members in every share
	AlwaysGroups  []int64       `toml:"always_groups"`
	Never         []string      `toml:"never"` // of members who get no messages
	NeverGroups   []int64       `toml:"never_groups"`
	OnUncertain   string        `toml:"on_uncertain"` // "retry" or "give_up", see docs/delivery-guarantees.md
	UncertainWait time.Duration `toml:"uncertain_wait"`

	Rate       float64            `toml:"rate"`        // maximum messages per second; 0: as fast as the relay accepts them
	DomainRate map[string]float64 `toml:"domain_rate"` // the same for single providers, by one of their domains; "*": each other provider

	MaxPerMemberPerDay int `toml:"max_per_member_per_day"` // maximum messages to one member per local day; 0: no limit
}

// DefaultDelivery returns the defaults: all addresses are allowed, and uncertain messages are repeated.
func DefaultDelivery() Delivery {
	return Delivery{AllowList: []string{}, Share: 100, Always: []string{}, AlwaysGroups: []int64{}, Never: []string{}, NeverGroups: []int64{}, OnUncertain: uncertainRetry, UncertainWait: 15 * time.Minute, DomainRate: map[string]float64{}, MaxPerMemberPerDay: 50}
}

// What to do with an uncertain message.
const (
	uncertainRetry  = "retry" // once, with the same Message-ID: many receivers drop duplicates
	UncertainGiveUp = "give_up"
)

// RetriesUncertain reports whether messages that the relay may have are sent again.
func (c Delivery) RetriesUncertain() bool { return c.OnUncertain != UncertainGiveUp }

// Validate returns the invalid settings. Each error starts with its key.
func (c Delivery) Validate() error {
	errs := []error{c.validateOnly(), validateMembers("always", c.Always), validateMembers("never", c.Never)}
	if c.Share <= 0 || c.Share > 100 {
		errs = append(errs, fmt.Errorf("share is %v: must be above 0 and at most 100 percent of the members; to stop all messages, run: postrider queue pause", c.Share))
	}
	if c.OnUncertain != uncertainRetry && c.OnUncertain != UncertainGiveUp {
		errs = append(errs, fmt.Errorf("on_uncertain is %q: must be %s or %s", c.OnUncertain, uncertainRetry, UncertainGiveUp))
	}
	if c.UncertainWait < 0 || c.UncertainWait > 24*time.Hour {
		errs = append(errs, fmt.Errorf("uncertain_wait is %v: must be \"0s\" to \"24h\"", c.UncertainWait))
	}
	if c.Rate < 0 || c.Rate > maxRate {
		errs = append(errs, fmt.Errorf("rate is %v: must be 0 to %d messages per second", c.Rate, maxRate))
	}
	if c.MaxPerMemberPerDay < 0 {
		errs = append(errs, fmt.Errorf("max_per_member_per_day is %d: must be the number of messages that a member may get per day, or 0 for no limit", c.MaxPerMemberPerDay))
	}
	for domain, each := range c.DomainRate {
		if domain != AnyDomain && (!strings.Contains(domain, ".") || strings.ContainsAny(domain, "@ *")) {
			errs = append(errs, fmt.Errorf("domain_rate has %q: must be a domain, for example \"gmail.com\", or \"*\" for all others", domain))
		}
		if each <= 0 || each > maxRate {
			errs = append(errs, fmt.Errorf("domain_rate of %q is %v: must be above 0 and at most %d messages per second", domain, each, maxRate))
		}
	}
	return errors.Join(errs...)
}

const (
	// maxRate is more than one daemon can send in a second.
	maxRate = 100_000
	// AnyDomain stands for all domains that are not named.
	AnyDomain = "*"
)

// Limiter returns the limit of all messages together, or nil for no limit. It allows bursts of a quarter of a second.
func (c Delivery) Limiter() *rate.Limiter {
	if c.Rate == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/4)))
}

// BatchSize returns how many messages are claimed at a time: not more than can be sent before the batch is too old.
func (c Delivery) ClaimSize() int {
	if c.Rate == 0 {
		return BatchSize
	}
	return min(BatchSize, max(1, int(c.Rate*MaxBatchAge.Seconds()/2)))
}

func (c Delivery) validateOnly() error {
	for _, entry := range c.AllowList {
		if !isAddress(entry) {
			return fmt.Errorf("allow_only has %q: must be an address (\"me@example.org\") or a domain (\"@example.org\")", entry)
		}
	}
	return nil
}

// validateMembers checks a list of addresses, domains and IDs.
func validateMembers(key string, list []string) error {
	for _, entry := range list {
		if id, err := strconv.ParseInt(entry, 10, 64); (err != nil || id <= 0) && !isAddress(entry) {
			return fmt.Errorf("%s has %q: must be an address (\"me@example.org\"), a domain (\"@example.org\") or the ID of a member (\"42\")", key, entry)
		}
	}
	return nil
}

// isAddress reports whether an entry of a list is an address, or a domain after an "@".
func isAddress(entry string) bool {
	name, domain, ok := strings.Cut(entry, "@")
	return ok && domain != "" && !strings.ContainsAny(name+domain, " <>,@")
}

// InShare reports whether a member gets messages, by their link.Signer.Percentile. Whoever is in a share is in every larger one.
func (c Delivery) InShare(percentile float64) bool { return c.Share == 0 || percentile < c.Share }

// Allows reports whether messages to an address are allowed. Without a list all addresses are.
func (c Delivery) Allows(address string) bool {
	return len(c.AllowList) == 0 || slices.ContainsFunc(c.AllowList, func(entry string) bool { return matches(entry, address) })
}

// matches reports whether an entry is an address, or its domain.
func matches(entry, address string) bool {
	domain, isDomain := strings.CutPrefix(entry, "@")
	return strings.EqualFold(entry, address) || isDomain && addr.Domain(domain) == addr.Domain(address)
}

// NeedsGroups reports whether Blocked needs the groups of members.
func (c Delivery) NeedsGroups() bool { return len(c.AlwaysGroups)+len(c.NeverGroups) > 0 }

// Blocked returns why the site sends no messages to a member, whatever they chose, or "" if it does. Percentile is that of
// link.Signer. Strangers who are asked to confirm a subscription are in every share.
func (c Delivery) Blocked(m forum.Member, groups []forum.GroupID, percentile float64) string {
	switch {
	case listed(c.Never, c.NeverGroups, m, groups):
		return digest.ReasonNever
	case !c.Allows(m.Email):
		return digest.ReasonNotAllowListed
	case m.ID != forum.Guest && !c.InShare(percentile) && !listed(c.Always, c.AlwaysGroups, m, groups):
		return digest.ReasonNotInShare
	}
	return ""
}

// listed reports whether a member or one of their groups is on a list.
func listed(list []string, listedGroups []int64, m forum.Member, groups []forum.GroupID) bool {
	id := strconv.FormatInt(int64(m.ID), 10)
	return slices.ContainsFunc(list, func(entry string) bool { return entry == id || matches(entry, m.Email) }) ||
		slices.ContainsFunc(groups, func(g forum.GroupID) bool { return slices.Contains(listedGroups, int64(g)) })
}
