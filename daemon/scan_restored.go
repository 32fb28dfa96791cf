package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postrider/alarm"
	"postrider/forum"
	"postrider/source"
)

// checkLostPosts finds out whether the forum lost posts since the last scan, because it was restored from a backup. Two things
// show it: a known ID now belongs to another post, or the newest post is below the cursor. Then the forum uses IDs again that
// scans have read before. All recent posts are read once more, and the cursor goes back to the newest one.
func (sc *scanner) checkLostPosts(ctx context.Context, s *source.Snapshot, sift *postClassifier, cursor, newest forum.PostID) (err error) {
	if newest == 0 {
		if newest, err = s.LastPostID(ctx); err != nil {
			return err
		}
	}
	if newest >= cursor && sift.reused == nil {
		return nil
	}
	if newest < cursor-sc.overlap() || sift.reused != nil {
		if err := sc.rescan(ctx, s, sift); err != nil {
			return err
		}
	}
	deleted, err := sc.deletedAfter(ctx, s, sift, newest)
	if err != nil {
		return err
	}
	switch {
	case sc.dryRun != nil:
		return nil
	case sift.reused != nil:
		err = sc.reportRestored(ctx, sift.now, fmt.Sprintf("post %d, written %s, has the ID of an earlier post", sift.reused.Post, sift.reused.PostedAt.Format(time.RFC3339)))
	case !deleted:
		err = sc.reportRestored(ctx, sift.now, fmt.Sprintf("the newest post is %d, but posts up to %d were read before", newest, cursor))
	}
	if err != nil || newest >= cursor {
		return err
	}
	sift.cursor = newest
	return sc.Store.Sightings.Rewind(ctx, cursor, newest)
}

// rescan reads all posts again that may count as new. Those that were sighted are compared with their sightings.
func (sc *scanner) rescan(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	places, err := sc.Store.Sightings.CurrentPlaces(ctx, sift.oldest)
	if err != nil {
		return err
	}
	for _, p := range places {
		if _, known := sift.met[p.Post]; !known {
			sift.met[p.Post] = metAt(p)
		}
	}
	first, err := s.FirstPostSince(ctx, sift.oldest)
	if err != nil || first == 0 {
		return err
	}
	sift.ignoreMoves = true // scanMoves finds them, as far as they are recent
	_, err = sc.scanPages(ctx, s, sift, first-1)
	sift.ignoreMoves = false
	return err
}

// settleDoubts decides about known posts that now have another author. If the former author's account still exists, it is another
// post. Otherwise the account was merged into the other one.
func (sc *scanner) settleDoubts(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	if len(sift.doubtful) == 0 {
		return nil
	}
	ids := make([]forum.MemberID, len(sift.doubtful))
	for i, a := range sift.doubtful {
		ids[i] = sift.met[a.Post].author
	}
	members, err := s.Members(ctx, ids, sift.now)
	if err != nil {
		return err
	}
	exists := make(map[forum.MemberID]bool, len(members))
	for _, m := range members {
		exists[m.ID] = true
	}
	for _, a := range sift.doubtful {
		was := sift.met[a.Post]
		if exists[was.author] {
			sift.addReused(a)
			continue
		}
		was.author = a.Author
		sift.met[a.Post] = was
	}
	sift.doubtful = nil
	return nil
}

// deletedAfter reports whether moderators may have permanently deleted the posts after the newest one: there is none that was
// sighted, they are of one author, or none of their threads exists any more, as after the deletion of several threads or of a section.
// A restore takes replies from threads that stay. If it does not, the first post with a known ID shows it.
func (sc *scanner) deletedAfter(ctx context.Context, s *source.Snapshot, sift *postClassifier, newest forum.PostID) (bool, error) {
	authors, threads := make(map[forum.MemberID]bool), make(map[forum.ThreadID]bool)
	for id, p := range sift.met {
		if id > newest && p.section != 0 {
			authors[p.author], threads[p.thread] = true, true
		}
	}
	if len(authors) < 2 {
		return true, nil
	}
	left, err := s.Threads(ctx, slices.Sorted(maps.Keys(threads)))
	return len(left) == 0, err
}

// restoredKey is the value with the time and the detail of the last restore that a scan found.
const restoredKey = "forum restored"

// restoredAlarmPeriod is how long the alarm about a restored forum stays active. Nothing can be observed that would end it.
const restoredAlarmPeriod = 24 * time.Hour

func (sc *scanner) reportRestored(ctx context.Context, now time.Time, detail string) error {
	sc.Log.Warn("the forum went back to an earlier state", "detail", detail)
	if err := sc.Store.Values.Set(ctx, restoredKey, now.UTC().Format(time.RFC3339)+" "+detail); err != nil {
		return fmt.Errorf("saving that the forum was restored: %w", err)
	}
	return nil
}

// checkRestored raises an alarm for a day after a scan found that the forum was restored.
func (wd *watchdog) checkRestored(ctx context.Context) {
	text, known, err := wd.Store.Values.Get(ctx, restoredKey)
	if err != nil {
		return
	}
	date, detail, _ := strings.Cut(text, " ")
	at, err := time.Parse(time.RFC3339, date)
	if known && err == nil && wd.Now().Sub(at) < restoredAlarmPeriod {
		wd.alarms.Raise(alarm.Restored, "", detail)
		return
	}
	wd.alarms.Clear(alarm.Restored, "")
}
