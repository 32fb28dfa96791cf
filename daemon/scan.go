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
	recentPosts map[forum.PostID]metPost // already met posts in the overlap, see postClassifier
	scannedAt   time.Time                // when the last scan began; zero: there was none since the start
	dryRun      *editions.Overlay        // of a forecast; nil: a real run
	report      *Report                  // of the current round
	lagReported bool                     // the log has a warning that the forum lags behind
}

// scanAll records sightings of new and newly visible posts. It saves IDs and times, never text.
func (sc *scanner) scanAll(ctx context.Context) error { return sc.scan(ctx, true) }

// scanNew scans for new posts only. If there are none, that is a single query on the forum, answered from an index.
func (sc *scanner) scanNew(ctx context.Context) error { return sc.scan(ctx, false) }

func (sc *scanner) scan(ctx context.Context, complete bool) error {
	now := sc.Now()
	sift, err := sc.newClassifier(ctx, now)
	if err != nil {
		return err
	}
	err = sc.Forum.Read(ctx, func(s *source.Snapshot) error {
		if err := sc.scanNewPosts(ctx, s, sift); err != nil {
			return err
		}
		if complete {
			if err := sc.scanLatePosts(ctx, s, sift); err != nil {
				return err
			}
			if err := sc.recheckPending(ctx, s, sift); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		sc.reportImports(sift)
	}
	if err == nil && complete && sc.dryRun == nil {
		err = sc.Store.Sightings.SaveLastScan(ctx, now)
	}
	if err != nil {
		clear(sc.recentPosts) // its posts may not have been saved
		return fmt.Errorf("gathering: %w", err)
	}
	sc.scannedAt = now
	sc.Observer.ScanFinished(now)
	return nil
}

// newClassifier reads what the store knows before the forum is read. Then the forum still has all posts up to the cursor, unless
// it lost some: another daemon cannot move the cursor beyond what this scan sees.
func (sc *scanner) newClassifier(ctx context.Context, now time.Time) (*postClassifier, error) {
	oldest, err := sc.cutoff(ctx, now)
	if err != nil {
		return nil, err
	}
	sift := newPostClassifier(now, oldest, sc.recentPosts)
	if sift.cursor, sift.started, err = sc.Store.Sightings.Cursor(ctx); err != nil {
		return nil, err
	}
	sift.scanned = sift.cursor
	last, err := sc.Store.Sightings.LastScan(ctx)
	if err != nil {
		return nil, err
	}
	if sift.scannedAt = last; sc.scannedAt.After(last) {
		sift.scannedAt = sc.scannedAt
	}
	sift.late, sift.importedBefore = lateSince(last, now, oldest), importedBefore(last, now)
	if sc.dryRun != nil {
		sc.dryRun.Oldest = oldest
	}
	return sift, nil
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
	if sift.started {
		behind := max(0, sift.cursor-rescanOverlap)
		return behind, sc.loadRecentPosts(ctx, sift, behind)
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

// loadRecentPosts reads, after a start or an error, which posts of the overlap were met before. Otherwise a post whose
// thread was moved would look new in its current section and be sent again, and one that was approved would look imported.
func (sc *scanner) loadRecentPosts(ctx context.Context, sift *postClassifier, behind forum.PostID) error {
	if len(sift.met) > 0 {
		return nil
	}
	places, err := sc.Store.Sightings.CurrentPlaces(ctx, sift.oldest)
	if err != nil {
		return err
	}
	for _, p := range places {
		if p.Post > behind || !p.PostedAt.Before(sift.late) {
			sift.met[p.Post] = metAt(p)
		}
	}
	pending, err := sc.Store.Sightings.Pending(ctx, 100*pageSize)
	for _, id := range pending {
		if _, known := sift.met[id]; !known {
			sift.met[id] = metPost{}
		}
	}
	return err
}

// scanNewPosts reads all posts after the cursor and those of the overlap before it.
func (sc *scanner) scanNewPosts(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	was := sift.cursor
	after, err := sc.startAfter(ctx, s, sift)
	if err != nil {
		return err
	}
	sift.newest = newestMet(sift.met)
	newest, err := sc.scanPages(ctx, s, sift, after)
	if err != nil {
		return err
	}
	if sift.started {
		if err := sc.checkLostPosts(ctx, s, sift, was, newest); err != nil {
			return err
		}
	}
	sift.forget(max(newest, after) - rescanOverlap)
	return nil
}

// scanPages reads all posts after an ID, one page at a time. It returns the ID of the newest one; 0: there is none.
func (sc *scanner) scanPages(ctx context.Context, s *source.Snapshot, sift *postClassifier, after forum.PostID) (newest forum.PostID, err error) {
	for {
		arrivals, err := s.PostsAfter(ctx, after, rescanOverlap+pageSize)
		if err != nil {
			return 0, err
		}
		for _, a := range arrivals {
			sift.add(a)
			newest = max(newest, a.Post)
		}
		after = max(after, newest)
		if err := sc.settleDoubts(ctx, s, sift); err != nil {
			return 0, err
		}
		if err := sc.settleCopies(ctx, s, sift); err != nil {
			return 0, err
		}
		if err := sc.saveSightings(ctx, sift.take(after)); err != nil {
			return 0, err
		}
		if len(arrivals) < rescanOverlap+pageSize {
			return newest, nil
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
			sift.met[a.Post] = metNow(a, a.Place())
		default:
			delete(left, a.Post) // still pending
		}
	}
	for id := range left {
		if sift.met[id].section == 0 {
			delete(sift.met, id) // it is gone, and its ID may be used again
		}
		g.Settled = append(g.Settled, id)
	}
	return sc.saveSightings(ctx, g)
}

// saveSightings saves the result of a scan, if there is any.
func (sc *scanner) saveSightings(ctx context.Context, g store.ScanResult) error {
	if len(g.Sighted)+len(g.Moved)+len(g.Reused)+len(g.Pending)+len(g.Settled) == 0 && g.Cursor == 0 {
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
