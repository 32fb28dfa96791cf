package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

const (
	// rescanOverlap is how many IDs each scan reads again: a forum may commit post 8 before post 7.
	rescanOverlap = 1000
	pageSize      = 1000 // rows per query
)

// scanner finds new posts on the forum and records their sightings.
type scanner struct {
	*base
	recentPosts map[forum.PostID]forum.SectionID // already sighted posts in the overlap, see postClassifier
	dryRun      *editions.Overlay                // of a forecast; nil: a real run
	report      *Report                          // of the current round
}

// scanAll records sightings of new and newly visible posts. It saves IDs and times, never text.
func (sc *scanner) scanAll(ctx context.Context) error { return sc.scan(ctx, true) }

// scanNew scans for new posts only. If there are none, that is a single query on the forum, answered from an index.
func (sc *scanner) scanNew(ctx context.Context) error { return sc.scan(ctx, false) }

func (sc *scanner) scan(ctx context.Context, pending bool) error {
	now := sc.Now()
	oldest, err := sc.cutoff(ctx, now)
	if err != nil {
		return err
	}
	err = sc.Forum.Read(ctx, func(s *source.Snapshot) error {
		sift := postClassifier{now: now, oldest: oldest, met: sc.recentPosts}
		if err := sc.scanNewPosts(ctx, s, &sift); err != nil || !pending {
			return err
		}
		return sc.recheckPending(ctx, s, &sift)
	})
	if err != nil {
		clear(sc.recentPosts) // its posts may not have been saved
		return fmt.Errorf("gathering: %w", err)
	}
	sc.Observer.ScanFinished(now)
	return nil
}

// cutoff returns the time before which posts never count as new, for example imported threads, or the archive on the first
// run.
func (sc *scanner) cutoff(ctx context.Context, now time.Time) (time.Time, error) {
	born, err := sc.firstRunAt(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	first := born.Add(-sc.settings.Digest.FirstWindow)
	if stale := now.Add(-sc.settings.Scan.MaxAge); stale.After(first) {
		return stale, nil
	}
	return first, nil
}

// firstRunAt returns when Postrider first ran on this store.
func (sc *scanner) firstRunAt(ctx context.Context, now time.Time) (time.Time, error) {
	text, ok, err := sc.Store.Values.Get(ctx, firstRunKey)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time of the first run: %w", err)
	}
	if !ok && sc.dryRun != nil {
		return now, nil
	}
	if !ok {
		text = now.UTC().Format(time.RFC3339)
		if err := sc.Store.Values.Set(ctx, firstRunKey, text); err != nil {
			return time.Time{}, fmt.Errorf("saving the time of the first run: %w", err)
		}
	}
	born, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("invalid time of the first run %q in the store: %w", text, err)
	}
	return born, nil
}

const firstRunKey = "born"

// startAfter returns the post ID after which to read, and prepares the classifier with the state of the store.
func (sc *scanner) startAfter(ctx context.Context, s *source.Snapshot, sift *postClassifier) (forum.PostID, error) {
	cursor, ok, err := sc.Store.Sightings.Cursor(ctx)
	if err != nil {
		return 0, err
	}
	if ok {
		sift.cursor = cursor
		return max(0, cursor-rescanOverlap), sc.loadRecentPosts(ctx, sift, max(0, cursor-rescanOverlap))
	}
	first, err := s.FirstPostSince(ctx, sift.oldest)
	switch {
	case err != nil:
		return 0, err
	case first > 0:
		return first - 1, nil
	}
	return s.LastPostID(ctx)
}

// loadRecentPosts reads, after a start or an error, which posts of the overlap were sighted before. Otherwise a post whose
// thread was moved would look new in its current section and be sent again.
func (sc *scanner) loadRecentPosts(ctx context.Context, sift *postClassifier, behind forum.PostID) error {
	if len(sift.met) > 0 {
		return nil
	}
	places, err := sc.Store.Sightings.CurrentPlaces(ctx, sift.oldest)
	if err != nil {
		return err
	}
	for _, p := range places {
		if p.Post > behind {
			sift.met[p.Post] = p.Section
		}
	}
	return nil
}

// scanNewPosts reads all posts after the cursor, one page at a time.
func (sc *scanner) scanNewPosts(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	cursor, err := sc.startAfter(ctx, s, sift)
	if err != nil {
		return err
	}
	for {
		arrivals, err := s.PostsAfter(ctx, cursor, rescanOverlap+pageSize)
		if err != nil {
			return err
		}
		for _, a := range arrivals {
			sift.add(a)
			cursor = max(cursor, a.Post)
		}
		if err := sc.saveSightings(ctx, sift.take(cursor)); err != nil {
			return err
		}
		if len(arrivals) < rescanOverlap+pageSize {
			sift.forget(cursor - rescanOverlap)
			return nil
		}
	}
}

// recheckPending checks posts again that were not visible: they may have been approved or restored.
func (sc *scanner) recheckPending(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	ids, err := sc.Store.Sightings.Pending(ctx, 100*pageSize)
	if err != nil || len(ids) == 0 {
		return err
	}
	arrivals, err := s.PostStates(ctx, ids)
	if err != nil {
		return err
	}
	g := store.ScanResult{Now: sift.now}
	left := make(map[forum.PostID]bool, len(ids))
	for _, id := range ids {
		left[id] = true
	}
	for _, a := range arrivals {
		switch {
		case a.PostedAt.Before(sift.oldest):
		case a.Visible && !a.PostedAt.After(sift.now):
			g.Sighted = append(g.Sighted, a)
			sift.met[a.Post] = a.Section
		default:
			delete(left, a.Post) // still pending
		}
	}
	for id := range left {
		g.Settled = append(g.Settled, id)
	}
	return sc.saveSightings(ctx, g)
}

// saveSightings saves the result of a scan, if there is any.
func (sc *scanner) saveSightings(ctx context.Context, g store.ScanResult) error {
	if len(g.Sighted)+len(g.Moved)+len(g.Pending)+len(g.Settled) == 0 && g.Cursor == 0 {
		return nil
	}
	if sc.dryRun != nil {
		return sc.rehearse(ctx, g)
	}
	added, err := sc.Store.Sightings.Save(ctx, g)
	if err != nil {
		return fmt.Errorf("recording sightings: %w", err)
	}
	sc.report.Sighted += added
	return nil
}

// postClassifier sorts arrivals into sighted, pending and past.
type postClassifier struct {
	now, oldest time.Time
	met         map[forum.PostID]forum.SectionID // sections where posts of the overlap were sighted; 0: pending
	batch       store.ScanResult
	cursor      forum.PostID
}

func (s *postClassifier) add(a forum.Arrival) {
	if a.PostedAt.Before(s.oldest) {
		return
	}
	// A post with a future date (the forum's clock is ahead) waits until that time.
	visible := a.Visible && !a.PostedAt.After(s.now)
	was, known := s.met[a.Post]
	switch {
	case !known && visible:
		s.batch.Sighted = append(s.batch.Sighted, a)
		s.met[a.Post] = a.Section
	case !known:
		s.batch.Pending = append(s.batch.Pending, a.Post)
		s.met[a.Post] = 0
	case visible && was != 0 && was != a.Section: // moved, merged, or split off alone
		s.batch.Moved = append(s.batch.Moved, store.Move{Arrival: a, From: was})
		s.met[a.Post] = a.Section
	}
}

// take returns the results since the last call, with the cursor if it moved.
func (s *postClassifier) take(cursor forum.PostID) store.ScanResult {
	g := s.batch
	g.Now = s.now
	if cursor > s.cursor {
		g.Cursor, s.cursor = cursor, cursor
	}
	s.batch = store.ScanResult{}
	return g
}

// forget drops posts that are no longer in the overlap.
func (s *postClassifier) forget(before forum.PostID) {
	for id := range s.met {
		if id < before {
			delete(s.met, id)
		}
	}
}
