package daemon

import (
	"context"
	"time"

	"postrider/forum"
	"postrider/source"
)

// commitDelay is how long after its time a post may appear in the forum's database: a long transaction, a replica that lags, or
// clocks that differ. It is the only such tolerance. A post that appears later than that was not written on the forum: it was
// imported or copied, see importRule.
const commitDelay = 15 * time.Minute

// lateSince returns since when posts that appear now may have been written: commitDelay before the last complete scan.
func lateSince(last, now, oldest time.Time) time.Time {
	if last.IsZero() || last.After(now) {
		last = now
	}
	if since := last.Add(-commitDelay); since.After(oldest) {
		return since
	}
	return oldest
}

// scanLatePosts finds recent posts whose IDs are far below the cursor: after an import with high IDs, or in a cluster that gives
// out IDs in blocks. The forum's index on the time of posts lists them.
func (sc *scanner) scanLatePosts(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	recent, err := s.PostsCreated(ctx, sift.late, sift.now.Add(time.Second))
	if err != nil {
		return err
	}
	var unknown []forum.PostID
	for _, id := range recent {
		if _, known := sift.met[id]; !known {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	arrivals, err := s.PostStates(ctx, unknown)
	if err != nil {
		return err
	}
	for _, a := range arrivals {
		sift.add(a)
	}
	if err := sc.settleCopies(ctx, s, sift); err != nil {
		return err
	}
	return sc.saveSightings(ctx, sift.take(sift.cursor))
}
