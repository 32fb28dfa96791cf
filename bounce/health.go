package bounce

import "time"

const (
	// Threshold is the score at which an address is suppressed.
	Threshold = 4
	// Reset is how long after the last bounce the score starts again at 0: people empty their mailboxes and reactivate
	// old addresses.
	Reset = 30 * 24 * time.Hour
	// Decay is what each delivered message subtracts from the score.
	Decay = 0.1

	// domainMissingLimit is how long a domain must be missing until it counts: DNS can fail for a day or two.
	domainMissingLimit = 3 * 24 * time.Hour
	day                = 24 * time.Hour
)

// Health is the bounce record of an address. The zero Health is an address without bounces.
type Health struct {
	Score     float64
	Day       time.Time // UTC midnight before the newest bounce worth less than Threshold
	DayScore  float64   // points added by such bounces on that day
	Missing   time.Time // since when its domain is missing; zero: the domain exists
	LastEvent time.Time
	// SuppressedSince is the start of the suppression; zero: not suppressed.
	SuppressedSince time.Time
	SuppressedUntil time.Time // zero: until an operator lifts it
	Reason          string    // of the suppression
}

// Suppressed reports whether the address is suppressed at the given time.
func (h Health) Suppressed(at time.Time) bool {
	return !h.SuppressedSince.IsZero() && (h.SuppressedUntil.IsZero() || at.Before(h.SuppressedUntil))
}

// isManual reports whether an operator suppressed the address. No bounce changes the end of such a suppression.
func (h Health) isManual() bool { return !h.SuppressedSince.IsZero() && h.SuppressedUntil.IsZero() }

// SuppressedByHand reports whether a suppression has no bounce or no end: then a person suppressed the address.
func (h Health) SuppressedByHand() bool {
	return !h.SuppressedSince.IsZero() && (h.LastEvent.IsZero() || h.SuppressedUntil.IsZero())
}

// RecordDelivered returns the health after the given number of messages was delivered.
func (h Health) RecordDelivered(accepted int) Health {
	if h.Score > 0 {
		h.Score = max(0, h.Score-Decay*float64(accepted))
	}
	return h
}

// RecordBounce returns the health after a bounce. reason is recorded if the bounce causes a suppression.
func (h Health) RecordBounce(c Class, at time.Time, reason string) Health {
	if h.isManual() || c != ClassDomainNotFound && c.points() == 0 {
		return h
	}
	if !h.LastEvent.IsZero() && at.Sub(h.LastEvent) >= Reset {
		h = Health{}
	}
	if at.After(h.LastEvent) {
		h.LastEvent = at
	}
	h.Score += h.addedScore(c, at)
	switch {
	case c != ClassDomainNotFound:
		h.Missing = time.Time{} // a server of the domain rejected it, so the domain exists
	case h.Missing.IsZero():
		h.Missing = at
	}
	if points := c.points(); points > 0 && points < Threshold {
		h = h.recordDay(points, at)
	}
	if h.Score < Threshold-Decay/2 { // tenths are not exact in binary
		return h
	}
	if h.SuppressedSince.IsZero() {
		h.SuppressedSince, h.Reason = at, reason
	}
	h.SuppressedUntil = h.LastEvent.Add(Reset)
	return h
}

// addedScore returns how many points a bounce adds. Bounces worth less than Threshold count once a day: ten messages to a
// full mailbox are still one full mailbox.
func (h Health) addedScore(c Class, at time.Time) float64 {
	if c == ClassDomainNotFound {
		if !h.Missing.IsZero() && at.Sub(h.Missing) >= domainMissingLimit {
			return deadPoints
		}
		return 0
	}
	points := c.points()
	if points < Threshold && at.UTC().Truncate(day).Equal(h.Day) {
		return max(0, points-h.DayScore)
	}
	return points
}

// recordDay records the points of a bounce on its day.
func (h Health) recordDay(points float64, at time.Time) Health {
	midnight := at.UTC().Truncate(day)
	if !midnight.Equal(h.Day) {
		h.Day, h.DayScore = midnight, 0
	}
	h.DayScore = max(h.DayScore, points)
	return h
}
