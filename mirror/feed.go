package mirror

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"postrider/internal/line"
)

// Feed is one of the feeds in the [mirror] table.
type Feed struct {
	URL      string        `toml:"url"`
	Section  string        `toml:"section"` // title of the section that gets its items
	Interval time.Duration `toml:"interval"`
	Comments bool          `toml:"comments"` // the comments of items become replies
}

// DefaultInterval is how often a feed is polled.
const DefaultInterval = 15 * time.Minute

// interval returns how often the feed is polled.
func (f Feed) interval() time.Duration {
	if f.Interval == 0 {
		return DefaultInterval
	}
	return f.Interval
}

// FeedState is what is known about a feed.
type FeedState struct {
	URL      string `db:"url"`
	BeganAt  int64  `db:"began_at"` // Unix seconds of the first poll that worked; 0: none yet
	NextAt   int64  `db:"next_at"`
	ETag     string `db:"etag"`
	Modified string `db:"modified"`
	Failures int64  `db:"failures"` // since the last poll that worked
	Error    string `db:"error"`    // of the last poll; empty: it worked
}

const (
	// pollsAtOnce is how many feeds are fetched at the same time, so that a slow one does not delay all others.
	pollsAtOnce = 4
	// maxBackoff is the longest pause after failures.
	maxBackoff = 24 * time.Hour
	// maxError is the maximum length of an error that is kept, in characters.
	maxError = 300
	// itemsKept is how long an item is known after it was last in its feed.
	itemsKept = 60 * day
)

// Poller reads feeds.
type Poller struct {
	DB    *DB
	Feeds []Feed
	Log   *slog.Logger
	Agent string // who asks, for the header User-Agent

	timeout time.Duration // of a request; 0: fetchTimeout
}

// PollDue reads the feeds whose time has come, and returns how many posts are new or changed. A feed that cannot be read is reported in
// the log, and read again later: after its interval, then after twice as long, up to a day.
func (p *Poller) PollDue(ctx context.Context, now time.Time) (changed int, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, pollsAtOnce)
	for _, f := range p.Feeds {
		state, wrong := p.DB.feedState(ctx, f.URL)
		if wrong != nil {
			err = errors.Join(err, wrong)
			continue
		}
		if state.NextAt > now.Unix() {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			n, wrong := p.poll(ctx, f, state, now)
			mu.Lock()
			defer mu.Unlock()
			changed += n
			err = errors.Join(err, wrong)
		})
	}
	all.Wait()
	return changed, errors.Join(err, p.DB.forgetItems(ctx, now.Add(-itemsKept)))
}

// poll reads one feed and saves when it is due next. Only errors of our database are returned.
func (p *Poller) poll(ctx context.Context, f Feed, state FeedState, now time.Time) (changed int, err error) {
	client := newClient(cmp.Or(p.timeout, fetchTimeout))
	defer client.CloseIdleConnections()
	asked := state
	if f.Comments {
		asked.ETag, asked.Modified = "", "" // WordPress says "not modified" when there are only new comments
	}
	got, failed := p.fetch(ctx, client, f.URL, asked)
	if ctx.Err() != nil {
		return 0, nil
	}
	first := state.BeganAt == 0
	var comments []commentFeed
	if failed == nil {
		changed, comments, failed = p.DB.storeFeed(ctx, f, &state, got, now)
	}
	if failed != nil {
		state.Failures, state.Error = state.Failures+1, line.Fit(failed.Error(), maxError) // it may repeat what the server answered
		wait := backoff(f.interval(), state.Failures)
		state.NextAt = now.Add(max(wait, got.wait)).Unix()
		p.Log.Warn("cannot read a feed", "feed", redacted(f.URL), "err", state.Error, "failures", state.Failures, "next", wait)
		return 0, p.DB.saveFeed(ctx, state)
	}
	if state.Failures > 0 {
		p.Log.Info("the feed can be read again", "feed", redacted(f.URL), "failures", state.Failures)
	}
	n, err := p.readComments(ctx, client, f, comments, now)
	if err != nil {
		return changed, err
	}
	changed += n
	state.Failures, state.Error, state.NextAt = 0, "", now.Add(f.interval()).Unix()
	switch {
	case first:
		p.Log.Info("first poll of a feed: what is in it counts as old, only later items are sent", "feed", redacted(f.URL), "items", len(got.items))
	case changed > 0:
		p.Log.Info("the feed has new or changed items", "feed", redacted(f.URL), "posts", changed)
	}
	return changed, p.DB.saveFeed(ctx, state)
}

// backoff returns the pause after failures in a row: the interval, then twice as long each time.
func backoff(interval time.Duration, failures int64) time.Duration {
	wait := interval
	for range failures - 1 {
		if wait *= 2; wait >= maxBackoff {
			return max(interval, maxBackoff)
		}
	}
	return wait
}

// FeedStates returns what is known about feeds. Those that were never polled have only a URL.
func (db *DB) FeedStates(ctx context.Context, feeds []Feed) ([]FeedState, error) {
	var all []FeedState
	err := db.transaction(ctx, func(tx *transaction) error {
		for _, f := range feeds {
			s := FeedState{URL: f.URL}
			if err := tx.get("feed", args{"url": f.URL}, &s); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			all = append(all, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the state of feeds: %w", err)
	}
	return all, nil
}

// feedState returns what is known about a feed, and remembers a new one.
func (db *DB) feedState(ctx context.Context, url string) (s FeedState, err error) {
	err = db.transaction(ctx, func(tx *transaction) error {
		if _, err := tx.exec("add_feed", args{"url": url}); err != nil {
			return err
		}
		return tx.get("feed", args{"url": url}, &s)
	})
	if err != nil {
		return FeedState{}, fmt.Errorf("reading the state of a feed: %w", err)
	}
	return s, nil
}

func (db *DB) saveFeed(ctx context.Context, s FeedState) error {
	err := db.transaction(ctx, func(tx *transaction) error {
		_, err := tx.exec("save_feed", args{"url": s.URL, "began_at": s.BeganAt, "next_at": s.NextAt, "etag": s.ETag, "modified": s.Modified,
			"failures": s.Failures, "error": s.Error})
		return err
	})
	if err != nil {
		return fmt.Errorf("saving the state of a feed: %w", err)
	}
	return nil
}

func (db *DB) forgetItems(ctx context.Context, before time.Time) error {
	err := db.transaction(ctx, func(tx *transaction) error {
		_, err := tx.exec("forget_feed_items", args{"before": before.Unix()})
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting old items of feeds: %w", err)
	}
	return nil
}
