package daemon

import "time"

// Pace tells how fast an announcement goes, from how many of its mails were over at moments of the last minute. The zero
// value knows nothing yet.
type Pace struct{ marks []mark }

// mark is how many mails were over at a moment.
type mark struct {
	at      time.Time
	settled int
}

// Note takes down how many mails are over now.
func (p *Pace) Note(now time.Time, settled int) {
	p.marks = append(p.marks, mark{now, settled})
	for len(p.marks) > 2 && now.Sub(p.marks[0].at) > time.Minute {
		p.marks = p.marks[1:]
	}
}

// PerMinute is how many mails a minute were settled lately; 0: not known, or none.
func (p *Pace) PerMinute() float64 {
	if len(p.marks) == 0 {
		return 0
	}
	first, last := p.marks[0], p.marks[len(p.marks)-1]
	took := last.at.Sub(first.at)
	if took <= 0 {
		return 0
	}
	return float64(last.settled-first.settled) / took.Minutes()
}

// Left is how long so many mails take at this pace; 0: not known.
func (p *Pace) Left(mails int) time.Duration {
	rate := p.PerMinute()
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(mails) / rate * float64(time.Minute))
}
