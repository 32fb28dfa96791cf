package daemon

import "time"

// RateEstimator tells how fast an announcement goes, from how many of its mails were over at moments of the last minute. The zero
// value knows nothing yet.
type RateEstimator struct{ samples []mark }

// mark is how many mails were over at a moment.
type mark struct {
	at      time.Time
	settled int
}

// Add takes down how many mails are over now.
func (p *RateEstimator) Add(now time.Time, settled int) {
	p.samples = append(p.samples, mark{now, settled})
	for len(p.samples) > 2 && now.Sub(p.samples[0].at) > time.Minute {
		p.samples = p.samples[1:]
	}
}

// PerMinute is how many mails a minute were settled lately; 0: not known, or none.
func (p *RateEstimator) PerMinute() float64 {
	if len(p.samples) == 0 {
		return 0
	}
	first, last := p.samples[0], p.samples[len(p.samples)-1]
	took := last.at.Sub(first.at)
	if took <= 0 {
		return 0
	}
	return float64(last.settled-first.settled) / took.Minutes()
}

// Remaining is how long so many mails take at this pace; 0: not known.
func (p *RateEstimator) Remaining(mails int) time.Duration {
	rate := p.PerMinute()
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(mails) / rate * float64(time.Minute))
}
