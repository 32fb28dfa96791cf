package admin

import (
	"context"
	"sync"
	"time"

	"postrider/daemon"
	"postrider/store"
)

const (
	// longestCount is how long an audience may be counted: a million members take a few minutes.
	longestCount = 15 * time.Minute
	// keptCounts is how many audiences' sizes are remembered.
	keptCounts = 32
)

// count is how large an audience is, or how far it is counted.
type count struct {
	daemon.Census
	At      time.Time // when it was begun
	Over    bool
	Fault   bool      // it could not be counted
	changed time.Time // when what was counted was written
}

// counter counts audiences, each one by itself, so that no page has to wait for a large forum.
type counter struct {
	mu     sync.Mutex
	counts map[int64]*count
	work   sync.WaitGroup
}

// of tells what is known of an announcement's audience as it is written now.
func (c *counter) of(a store.Announcement) (count, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts[a.ID]
	if n == nil || !n.changed.Equal(a.Changed) {
		return count{}, false
	}
	return *n, true
}

// set changes what is known.
func (c *counter) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// begin forgets what was counted before.
func (c *counter) begin(a store.Announcement, now time.Time) *count {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil || len(c.counts) >= keptCounts {
		c.counts = make(map[int64]*count)
	}
	n := &count{At: now, changed: a.Changed}
	c.counts[a.ID] = n
	return n
}

// forget forgets what is known of an announcement.
func (c *counter) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.counts, id)
}

// countAudience begins to count for whom an announcement is, unless that is being done.
func (s *Server) countAudience(ctx context.Context, a store.Announcement) {
	if n, known := s.counter.of(a); known && !n.Over {
		return
	}
	n := s.counter.begin(a, s.Now())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestCount) // the request is over long before
	s.counter.work.Go(func() {
		defer cancel()
		census, err := s.herald.Census(ctx, &a.Announcement, s.Now(), func(members int) {
			s.counter.set(func() { n.Members = members })
		})
		if err != nil {
			s.Log.Warn("audience not counted", "announcement", a.ID, "err", err)
		}
		s.counter.set(func() { n.Census, n.Over, n.Fault = census, true, err != nil })
	})
	s.counter.work.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.stopped:
			cancel()
		}
	})
}

// paces are how fast announcements go, as whoever looked on has noted.
type paces struct {
	mu    sync.Mutex
	known map[int64]*daemon.Pace
}

// note takes down how far an announcement has come, and tells how many mails a minute go and how long the rest takes; zeros: not known.
func (p *paces) note(now time.Time, c store.Course) (perMinute int, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.State != store.Sending && c.State != store.InCanary {
		delete(p.known, c.ID)
		return 0, 0
	}
	if p.known == nil {
		p.known = make(map[int64]*daemon.Pace)
	}
	pace := p.known[c.ID]
	if pace == nil {
		pace = &daemon.Pace{}
		p.known[c.ID] = pace
	}
	pace.Note(now, c.Settled())
	return int(pace.PerMinute()), pace.Left(c.Waiting())
}
