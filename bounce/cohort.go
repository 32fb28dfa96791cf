package bounce

import "time"

const (
	// minSamples is how many mails of a cohort must be refused before anything is concluded: below that, a few dead addresses
	// of a small town's provider would look like its fault.
	minSamples = 10
	// few is enough to see that the relay takes nothing at all, for whomever it may be: a small forum mails no more in a minute.
	few = 3
	// HoldFirst is how long a domain is held that is at fault; each time that follows soon holds it twice as long.
	HoldFirst = 15 * time.Minute
	// HoldMost is the longest hold: several a day are enough to learn that all is well again.
	HoldMost = 8 * time.Hour
)

// Cohort is the mails that were handed over for a domain within one minute. What befalls most of them has little to do
// with the single address.
type Cohort struct {
	Domain  string // empty: whatever its domain, all that the relay got
	Minute  time.Time
	Refused int // of different members, at once or by a report since
	Handed  int // in all
}

// DomainAtFault tells that the domain is to blame (or we are, in its eyes), and none of its addresses.
func (c Cohort) DomainAtFault() bool {
	if c.Domain == "" && c.Refused >= few && c.Refused == c.Handed {
		return true
	}
	return c.Refused >= minSamples && 2*c.Refused > c.Handed
}

// NextHold is how long a domain is held next, last having been the length of a hold that is over since not long; 0: there was
// none.
func NextHold(last time.Duration) time.Duration {
	return min(max(HoldFirst, 2*last), HoldMost)
}
