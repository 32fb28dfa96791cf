package bounce

import "time"

const (
	// Threshold is the score at which an address gets no more mail.
	Threshold = 4
	// Reset is how long after the last event an address is as good as new: people empty mailboxes and take old
	// addresses up again.
	Reset = 30 * 24 * time.Hour
	// Decay is what each mail that was accepted and did not come back takes off the score.
	Decay = 0.1

	// domainMissingLimit is how long a domain must not be found: names fail for a day or two, and come back.
	domainMissingLimit = 3 * 24 * time.Hour
	day                = 24 * time.Hour
)

// Health is what is known of an address that mail came back from. The zero Health is that of all others.
type Health struct {
	Score     float64
	Day       time.Time // UTC midnight before the newest event that counted for less than the whole
	DayScore  float64   // what such events of that day have added
	Missing   time.Time // since when its domain cannot be found; zero: it was found
	LastEvent time.Time
	// SuppressedSince is when mail to it ended; zero: it goes on.
	SuppressedSince time.Time
	SuppressedUntil time.Time // zero: until somebody lifts it
	Reason          string    // of the suppression
}

// Suppressed tells whether the address gets no mail at a moment.
func (h Health) Suppressed(at time.Time) bool {
	return !h.SuppressedSince.IsZero() && (h.SuppressedUntil.IsZero() || at.Before(h.SuppressedUntil))
}

// byHand tells that a person has ended mail to it: no event makes that shorter or longer.
func (h Health) byHand() bool { return !h.SuppressedSince.IsZero() && h.SuppressedUntil.IsZero() }

// RecordDelivered is the address after so many mails were accepted for it and did not come back.
func (h Health) RecordDelivered(accepted int) Health {
	if h.Score > 0 {
		h.Score = max(0, h.Score-Decay*float64(accepted))
	}
	return h
}

// RecordBounce is the address after a mail came back, and the reason for a suppression that this may bring.
func (h Health) RecordBounce(c Class, at time.Time, reason string) Health {
	if h.byHand() || c != ClassDomainNotFound && c.points() == 0 {
		return h
	}
	if !h.LastEvent.IsZero() && at.Sub(h.LastEvent) >= Reset {
		h = Health{}
	}
	if at.After(h.LastEvent) {
		h.LastEvent = at
	}
	h.Score += h.counts(c, at)
	switch {
	case c != ClassDomainNotFound:
		h.Missing = time.Time{} // somebody was found who refused
	case h.Missing.IsZero():
		h.Missing = at
	}
	if points := c.points(); points > 0 && points < Threshold {
		h = h.today(points, at)
	}
	if h.Score < Threshold-Decay/2 { // tenths do not add up to a whole in binary
		return h
	}
	if h.SuppressedSince.IsZero() {
		h.SuppressedSince, h.Reason = at, reason
	}
	h.SuppressedUntil = h.LastEvent.Add(Reset)
	return h
}

// counts is how much an event adds. All that is not the whole counts once a day: ten mails to a full mailbox
// are one full mailbox.
func (h Health) counts(c Class, at time.Time) float64 {
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

// today notes that an event of this day has counted.
func (h Health) today(points float64, at time.Time) Health {
	midnight := at.UTC().Truncate(day)
	if !midnight.Equal(h.Day) {
		h.Day, h.DayScore = midnight, 0
	}
	h.DayScore = max(h.DayScore, points)
	return h
}
