package daemon

import (
	"context"
	"time"

	"postrider/forum"
)

// slowClockScans is how many scans in a row must find only posts that look imported, all newer than any other, before the
// forum's clock counts as behind.
const slowClockScans = 3

// importRule recognizes posts that were imported or copied: they are new in the database, but were written before the last
// scan, which did not find them. It keeps its state between scans.
type importRule struct {
	suspects []forum.Arrival // imported, or written under a clock that is behind
	scans    int             // how many scans found suspects since the last post that was written just now
	slow     bool            // the forum's clock is behind
}

// isImported reports whether a post that no scan has met was imported or copied. If the forum's clock is behind, that is so
// only for posts older than another one.
func (s *postClassifier) isImported(a forum.Arrival) bool {
	return a.PostedAt.Before(s.importedBefore) && !(s.slowClock && s.newestOfAll(a))
}

// newestOfAll reports whether a post was written after all that were met before this scan.
func (s *postClassifier) newestOfAll(a forum.Arrival) bool { return a.PostedAt.Unix() > s.newest }

// addImported leaves out a post, visible or not: if moderators approve it later, it is as old as before.
func (s *postClassifier) addImported(a forum.Arrival) {
	s.met[a.Post] = metNow(a, 0)
	s.imported++
	if s.newestOfAll(a) {
		s.suspects = append(s.suspects, a)
	}
}

// newestMet returns when the newest known post was written, in Unix seconds.
func newestMet(met map[forum.PostID]metPost) (newest int64) {
	for _, p := range met {
		newest = max(newest, p.posted)
	}
	return newest
}

// observe draws a conclusion from a scan: it returns the posts that were taken for imported, if the forum's clock is behind.
func (r *importRule) observe(suspects []forum.Arrival, foundCurrent bool) (released []forum.Arrival) {
	switch {
	case foundCurrent:
		*r = importRule{}
	case len(suspects) > 0:
		r.suspects, r.scans = append(r.suspects, suspects...), r.scans+1
	}
	if r.scans < slowClockScans {
		return nil
	}
	released = r.suspects
	*r = importRule{slow: true}
	return released
}

// finishImports reports imported posts, and sights those that were only written under a slow clock.
func (sc *scanner) finishImports(ctx context.Context, sift *postClassifier) error {
	if sift.imported > 0 && sc.dryRun == nil {
		sc.Log.Info("posts skipped: imported or copied, written before the last scan", "posts", sift.imported)
	}
	released := sc.imports.observe(sift.suspects, sift.foundCurrent)
	if len(released) == 0 {
		return nil
	}
	sc.Log.Warn("the forum's clock is behind, or its replica lags: new posts look older than the last scan", "posts", len(released),
		"behind", sift.now.Sub(released[len(released)-1].PostedAt).Round(time.Minute))
	for _, a := range released {
		sift.addNew(a)
	}
	return sc.saveSightings(ctx, sift.take(sift.cursor))
}

// importedBefore returns the time before which new posts count as imported; zero: none does.
func importedBefore(last, now time.Time) time.Time {
	if last.IsZero() || last.After(now) {
		return time.Time{}
	}
	return last.Add(-commitDelay)
}
