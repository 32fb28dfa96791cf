package daemon

import "time"

// RateEstimator estimates how fast an announcement is sent, from the settled messages of the last minute. The zero value is
// ready to use.
type RateEstimator struct{ samples []mark }

// mark is the number of settled messages at a time.
type mark struct {
	at      time.Time
	settled int
}

// Add records the current number of settled messages.
func (p *RateEstimator) Add(now time.Time, settled int) {
	p.samples = append(p.samples, mark{now, settled})
	for len(p.samples) > 2 && now.Sub(p.samples[0].at) > time.Minute {
		p.samples = p.samples[1:]
	}
}

// PerMinute returns how many messages per minute were settled recently; 0: unknown, or none.
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

// Remaining returns how long a number of messages takes at this rate; 0: unknown.
func (p *RateEstimator) Remaining(mails int) time.Duration {
	rate := p.PerMinute()
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(mails) / rate * float64(time.Minute))
}
