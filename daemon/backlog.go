package daemon

import "time"

const (
	backlogEvery        = 5 * time.Minute
	minConsecutiveRises = 3   // in a row
	minBacklog          = 100 // mails; below, nobody need care
)

// backlog watches how many mails wait. When an hour's editions are planned, thousands wait for a moment; only what grows and
// grows is news.
type backlog struct {
	last  int
	at    time.Time // when last was counted
	rises int       // in a row, up to last
	peak  int       // of a growth that is told; 0: none is
}

// observe takes in a count, and tells whether the backlog grows. It does until half of it is gone.
func (b *backlog) observe(waiting int, now time.Time) (grows bool) {
	if b.peak > 0 {
		b.peak = max(b.peak, waiting)
		if waiting >= minBacklog && waiting > b.peak/2 {
			return true
		}
		*b = backlog{}
	}
	if now.Sub(b.at) < backlogEvery {
		return false
	}
	if b.at.IsZero() || waiting <= b.last {
		b.rises = 0
	} else {
		b.rises++
	}
	b.last, b.at = waiting, now
	if b.rises >= minConsecutiveRises && waiting >= minBacklog {
		b.peak = waiting
	}
	return b.peak > 0
}
