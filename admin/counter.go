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
	// maxCounts is how many audiences' sizes are remembered.
	maxCounts = 32
	// maxParallelCounts is how many audiences are counted at a time: the forum's database has its visitors to serve, and the daemon.
	maxParallelCounts = 2
)

// audienceCount is how large an audience is, or how far it is counted.
type audienceCount struct {
	daemon.AudienceStats
	At       time.Time // when it was begun
	Finished bool
	Failed   bool      // it could not be counted
	changed  time.Time // when what was counted was written
	cancel   context.CancelFunc
}

// audienceCounter counts audiences, each one by itself, so that no page has to wait for a large forum.
type audienceCounter struct {
	mu      sync.Mutex
	counts  map[int64]*audienceCount
	slots   chan struct{} // holds one for each that is being counted
	running sync.WaitGroup
}

// get tells what is known of an announcement's audience as it is written now.
func (c *audienceCounter) get(a store.Announcement) (audienceCount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts[a.ID]
	if n == nil || !n.changed.Equal(a.Changed) {
		return audienceCount{}, false
	}
	return *n, true
}

// update changes what is known.
func (c *audienceCounter) update(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// start forgets what was counted before, and ends what still counts it. The new count goes on until its context ends.
func (c *audienceCounter) start(ctx context.Context, a store.Announcement, now time.Time) (context.Context, *audienceCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(a.ID)
	if c.counts == nil || len(c.counts) >= maxCounts {
		for id := range c.counts {
			c.drop(id)
		}
		c.counts = make(map[int64]*audienceCount)
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), countTimeout) // the request is over long before
	n := &audienceCount{At: now, changed: a.Changed, cancel: end}
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
		n.cancel()
		delete(c.counts, id)
	}
}

// countAudience begins to count for whom an announcement is, unless that is being done.
func (s *Server) countAudience(ctx context.Context, a store.Announcement) {
	if n, known := s.counter.get(a); known && !n.Finished {
		return
	}
	ctx, n := s.counter.start(ctx, a, s.Now())
	s.counter.running.Go(func() {
		defer n.cancel()
		select {
		case s.counter.slots <- struct{}{}:
			defer func() { <-s.counter.slots }()
		case <-ctx.Done():
		}
		census, err := s.resolver.CountAudience(ctx, &a.Announcement, s.Now(), func(members int) {
			s.counter.update(func() { n.Members = members })
		})
		if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
			s.Log.Warn("audience not counted", "announcement", a.ID, "err", err)
		}
		s.counter.update(func() { n.AudienceStats, n.Finished, n.Failed = census, true, err != nil })
	})
	s.counter.running.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.stopped:
			n.cancel()
		}
	})
}

// rateEstimators are how fast announcements go, as whoever looked on has noted.
type rateEstimators struct {
	mu   sync.Mutex
	byID map[int64]*daemon.RateEstimator
}

// update takes down how far an announcement has come, and tells how many mails a minute go and how long the rest takes; zeros: not known.
func (p *rateEstimators) update(now time.Time, c store.AnnouncementProgress) (perMinute int, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.State != store.Sending && c.State != store.InCanary {
		delete(p.byID, c.ID)
		return 0, 0
	}
	if p.byID == nil {
		p.byID = make(map[int64]*daemon.RateEstimator)
	}
	pace := p.byID[c.ID]
	if pace == nil {
		pace = &daemon.RateEstimator{}
		p.byID[c.ID] = pace
	}
	pace.Add(now, c.Settled())
	return int(pace.PerMinute()), pace.Remaining(c.Waiting())
}
