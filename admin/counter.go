package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"postrider/daemon"
	"postrider/daemon/audience"
	"postrider/store"
)

const (
	// countTimeout limits how long an audience may be counted: a million members take a few minutes.
	countTimeout = 15 * time.Minute
	// maxCounts is how many counts are kept.
	maxCounts = 32
	// maxParallelCounts is how many audiences are counted at the same time: the forum's database also serves visitors and the daemon.
	maxParallelCounts = 2
)

// audienceCount is the size of an audience, or the progress of counting it.
type audienceCount struct {
	audience.Stats
	At       time.Time // when the count started
	Finished bool
	Failed   bool      // counting failed
	changed  time.Time // last change of the counted announcement
	cancel   context.CancelFunc
}

// audienceCounter counts audiences in the background, so that no page waits for a large forum.
type audienceCounter struct {
	mu      sync.Mutex
	counts  map[int64]*audienceCount
	slots   chan struct{} // one for each running count
	running sync.WaitGroup
}

// get returns the count of an announcement's audience, if it is for the announcement's current version.
func (c *audienceCounter) get(a store.Announcement) (audienceCount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts[a.ID]
	if n == nil || !n.changed.Equal(a.Changed) {
		return audienceCount{}, false
	}
	return *n, true
}

// update changes counts under the lock.
func (c *audienceCounter) update(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// start discards the announcement's earlier count, cancels it if it is still running, and adds a new one. The returned context
// limits the new count.
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
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), countTimeout) // the request ends long before
	n := &audienceCount{At: now, changed: a.Changed, cancel: end}
	c.counts[a.ID] = n
	return ctx, n
}

// forget discards the count of an announcement.
func (c *audienceCounter) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
}

// drop discards a count and cancels it.
func (c *audienceCounter) drop(id int64) {
	if n := c.counts[id]; n != nil {
		n.cancel()
		delete(c.counts, id)
	}
}

// countAudience starts to count an announcement's audience, unless a count is running.
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
		stats, err := s.resolver.Count(ctx, &a.Announcement, s.Now(), func(members int) {
			s.counter.update(func() { n.Members = members })
		})
		if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
			s.Log.Warn("cannot count an audience", "announcement", a.ID, "err", err)
		}
		s.counter.update(func() { n.Stats, n.Finished, n.Failed = stats, true, err != nil })
	})
	s.counter.running.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.stopped:
			n.cancel()
		}
	})
}

// rateEstimators estimate the speed of announcements, from what their pages have loaded.
type rateEstimators struct {
	mu   sync.Mutex
	byID map[int64]*daemon.RateEstimator
}

// update records an announcement's progress. It returns the messages a minute and the remaining time; zeros: not known.
func (p *rateEstimators) update(now time.Time, c store.AnnouncementProgress) (perMinute int, remaining time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.State != store.Sending && c.State != store.InCanary {
		delete(p.byID, c.ID)
		return 0, 0
	}
	if p.byID == nil {
		p.byID = make(map[int64]*daemon.RateEstimator)
	}
	estimator := p.byID[c.ID]
	if estimator == nil {
		estimator = &daemon.RateEstimator{}
		p.byID[c.ID] = estimator
	}
	estimator.Add(now, c.Settled())
	return int(estimator.PerMinute()), estimator.Remaining(c.Waiting())
}
