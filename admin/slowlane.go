package admin

import (
	"context"
	"slices"
	"sync"
	"time"
)

// slowLane lets one in at a time, with a pause after each. Those who have tried least go first.
type slowLane struct {
	pause   time.Duration
	size    int
	mu      sync.Mutex
	busy    bool
	waiting []*waiter // by tried, then by arrival
}

// waiter waits in a slowLane.
type waiter struct {
	tried int
	turn  chan bool // closed: it may enter; receives false: there is no place for it
}

func newSlowLane(pause time.Duration, size int) *slowLane { return &slowLane{pause: pause, size: size} }

// enter waits for the turn of someone who has tried before as often as given. It returns false if ctx ended first, or if too
// many wait who have tried less. After true, the caller must call leave.
func (l *slowLane) enter(ctx context.Context, tried int) bool {
	w := l.join(tried)
	if w == nil {
		return true
	}
	select {
	case _, dropped := <-w.turn:
		return !dropped
	case <-ctx.Done():
		return l.giveUp(w)
	}
}

// join returns nil if the lane is free.
func (l *slowLane) join(tried int) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.busy {
		l.busy = true
		return nil
	}
	w := &waiter{tried, make(chan bool, 1)}
	at, _ := slices.BinarySearchFunc(l.waiting, tried+1, func(w *waiter, tried int) int { return w.tried - tried })
	l.waiting = slices.Insert(l.waiting, at, w)
	if len(l.waiting) > l.size {
		last := len(l.waiting) - 1
		l.waiting[last].turn <- false
		l.waiting = l.waiting[:last]
	}
	return w
}

// giveUp ends waiting. It returns true if the turn came at the same moment.
func (l *slowLane) giveUp(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := slices.Index(l.waiting, w); at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
		return false
	}
	_, dropped := <-w.turn
	return !dropped
}

// leave lets the next one in after the pause.
func (l *slowLane) leave() {
	time.AfterFunc(l.pause, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.waiting) == 0 {
			l.busy = false
			return
		}
		close(l.waiting[0].turn)
		l.waiting = slices.Delete(l.waiting, 0, 1)
	})
}
