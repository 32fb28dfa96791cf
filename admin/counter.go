package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"postrider/daemon"
	"postrider/store"
)

const (
	// countTimeout is how long an audience may be counted: a million members take a few minutes.
	countTimeout = 15 * time.Minute
	// keptCounts is how many audiences' sizes are remembered.
	keptCounts = 32
	// countsAtOnce is how many audiences are counted at a time: the forum's database has its visitors to serve, and the daemon.
	countsAtOnce = 2
)

// audienceCount is how large an audience is, or how far it is counted.
type audienceCount struct {
	daemon.AudienceStats
	At      time.Time // when it was begun
	Over    bool
	Fault   bool      // it could not be counted
	changed time.Time // when what was counted was written
	end     context.CancelFunc
}

// audienceCounter counts audiences, each one by itself, so that no page has to wait for a large forum.
type audienceCounter struct {
	mu     sync.Mutex
	counts map[int64]*audienceCount
	turns  chan struct{} // holds one for each that is being counted
	work   sync.WaitGroup
}

// of tells what is known of an announcement's audience as it is written now.
func (c *audienceCounter) of(a store.Announcement) (audienceCount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts[a.ID]
	if n == nil || !n.changed.Equal(a.Changed) {
		return audienceCount{}, false
	}
	return *n, true
}

// set changes what is known.
func (c *audienceCounter) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// start forgets what was counted before, and ends what still counts it. The new count goes on until its context ends.
func (c *audienceCounter) start(ctx context.Context, a store.Announcement, now time.Time) (context.Context, *audienceCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(a.ID)
	if c.counts == nil || len(c.counts) >= keptCounts {
		for id := range c.counts {
			c.drop(id)
		}
		c.counts = make(map[int64]*audienceCount)
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), countTimeout) // the request is over long before
	n := &audienceCount{At: now, changed: a.Changed, end: end}
	c.counts[a.ID] = n
	return ctx, n
}

// forget forgets what is known of an announcement.
func (c *audienceCounter) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
}

// drop forgets, and ends what counts for nobody any more.
func (c *audienceCounter) drop(id int64) {
	if n := c.counts[id]; n != nil {
		n.end()
		delete(c.counts, id)
	}
}

// countAudience begins to count for whom an announcement is, unless that is being done.
func (s *Server) countAudience(ctx context.Context, a store.Announcement) {
	if n, known := s.counter.of(a); known && !n.Over {
		return
	}
	ctx, n := s.counter.start(ctx, a, s.Now())
	s.counter.work.Go(func() {
		defer n.end()
		select {
		case s.counter.turns <- struct{}{}:
			defer func() { <-s.counter.turns }()
		case <-ctx.Done():
		}
		census, err := s.herald.CountAudience(ctx, &a.Announcement, s.Now(), func(members int) {
			s.counter.set(func() { n.Members = members })
		})
		if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
			s.Log.Warn("audience not counted", "announcement", a.ID, "err", err)
		}
		s.counter.set(func() { n.AudienceStats, n.Over, n.Fault = census, true, err != nil })
	})
	s.counter.work.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.stopped:
			n.end()
		}
	})
}

// rateEstimators are how fast announcements go, as whoever looked on has noted.
type rateEstimators struct {
	mu    sync.Mutex
	known map[int64]*daemon.RateEstimator
}

// note takes down how far an announcement has come, and tells how many mails a minute go and how long the rest takes; zeros: not known.
func (p *rateEstimators) note(now time.Time, c store.AnnouncementProgress) (perMinute int, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.State != store.Sending && c.State != store.InCanary {
		delete(p.known, c.ID)
		return 0, 0
	}
	if p.known == nil {
		p.known = make(map[int64]*daemon.RateEstimator)
	}
	pace := p.known[c.ID]
	if pace == nil {
		pace = &daemon.RateEstimator{}
		p.known[c.ID] = pace
	}
	pace.Add(now, c.Settled())
	return int(pace.PerMinute()), pace.Remaining(c.Waiting())
}
