package bounce

import "time"

const (
	// minSamples is how many messages of a cohort must be rejected before the domain is blamed. With fewer, some dead
	// addresses at a small provider would look like a fault of the provider.
	minSamples = 10
	// minRelaySamples rejections suffice if the relay rejected everything: a small forum sends no more than that in a minute.
	minRelaySamples = 3
	// MinHold is the length of the first hold of a domain. Each hold that follows soon is twice as long.
	MinHold = 15 * time.Minute
	// MaxHold is the longest hold: a few attempts a day suffice to notice that the domain accepts mail again.
	MaxHold = 8 * time.Hour
)

// Cohort counts the messages sent through one relay to a domain within one minute. If most of them were rejected, the reason is not the
// single address.
type Cohort struct {
	Relay   string // in the names of the store
	Domain  string // empty: all domains, everything sent to the relay
	Minute  time.Time
	Refused int // of different members, during delivery or by a later report
	AtSMTP  int // of these, during delivery: reports can be forged
	Handed  int // total
}

// DomainAtFault reports whether the domain rejects us as a sender, so that no address is to blame.
func (c Cohort) DomainAtFault() bool {
	if c.Domain == "" && c.Refused >= minRelaySamples && c.Refused == c.Handed {
		return true
	}
	return c.Refused >= minSamples && 2*c.Refused > c.Handed
}

// HoldsDomain reports whether delivery to the domain must stop. Only rejections during delivery count: otherwise, a few
// accounts could stop all messages to a large provider with forged reports.
func (c Cohort) HoldsDomain() bool {
	c.Refused = c.AtSMTP
	return c.Domain != "" && c.DomainAtFault()
}

// NextHold returns the length of the next hold of a domain. last is the length of a hold that ended recently, 0 if none did.
func NextHold(last time.Duration) time.Duration {
	return min(max(MinHold, 2*last), MaxHold)
}
