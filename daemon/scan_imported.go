package daemon

import (
	"time"

	"postrider/forum"
)

// isImported reports whether a post that no scan has met was imported or copied: it is new in the database, but was written before the
// last scan, which did not find it. A post that is newer than all that were met before is not: a forum that lags behind (a stalled
// replica, a slow clock) shows its posts as late as that, and a copy is never newer than what it was copied from.
func (s *postClassifier) isImported(a forum.Arrival) bool {
	return s.isLate(a) && !s.newestOfAll(a)
}

// isLate reports whether a post was written before the last scan.
func (s *postClassifier) isLate(a forum.Arrival) bool { return a.PostedAt.Before(s.importedBefore) }

// newestOfAll reports whether a post was written after all that were met before this scan.
func (s *postClassifier) newestOfAll(a forum.Arrival) bool { return a.PostedAt.Unix() > s.newest }

// addImported leaves out a post, visible or not: if moderators approve it later, it is as old as before.
func (s *postClassifier) addImported(a forum.Arrival) {
	s.met[a.Post] = metNow(a, 0)
	s.copied[a.Thread] = true
	s.imported++
}

// noteLag remembers how late a new post has appeared.
func (s *postClassifier) noteLag(a forum.Arrival) {
	if !s.isLate(a) {
		s.foundCurrent = true
		return
	}
	s.lagging++
	s.lag = max(s.lag, s.now.Sub(a.PostedAt))
}

// newestMet returns when the newest known post was written, in Unix seconds.
func newestMet(met map[forum.PostID]metPost) (newest int64) {
	for _, p := range met {
		newest = max(newest, p.posted)
	}
	return newest
}

// reportImports reports imported posts. It warns once of a forum that lags behind, until a post appears in time again.
func (sc *scanner) reportImports(sift *postClassifier) {
	if sc.dryRun != nil {
		return
	}
	if sift.imported > 0 {
		sc.Log.Info("posts skipped: imported or copied, written before the last scan", "posts", sift.imported)
	}
	if sift.lagging > 0 && !sc.lagReported {
		sc.Log.Warn("new posts are older than the last scan: the forum's replica lags, or its clock is behind; they are sent late", "posts", sift.lagging, "behind", sift.lag.Round(time.Minute))
	}
	sc.lagReported = sift.lagging > 0 || sc.lagReported && !sift.foundCurrent
}

// importedBefore returns the time before which new posts count as imported; zero: none does.
func importedBefore(last, now time.Time) time.Time {
	if last.IsZero() || last.After(now) {
		return time.Time{}
	}
	return last.Add(-commitDelay)
}
