package daemon

import "time"

const (
	backlogEvery        = 5 * time.Minute
	minConsecutiveRises = 3   // in a row
	minBacklog          = 100 // messages; a smaller backlog is never a problem
)

// backlog detects a queue that keeps growing. When the editions of an hour are planned, thousands of messages wait for a
// moment; only repeated growth is a problem.
type backlog struct {
	last  int
	at    time.Time // time of last
	rises int       // in a row, up to last
	peak  int       // of the current growth; 0: not growing
}

// observe adds a count and reports whether the backlog grows. It keeps reporting growth until half of the peak is gone.
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
