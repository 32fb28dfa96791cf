package daemon

import (
	"time"

	"postrider/forum"
	"postrider/store"
)

// metPost is what an earlier scan found under a post's ID.
type metPost struct {
	section forum.SectionID // the place where it was sighted; 0: pending
	thread  forum.ThreadID
	author  forum.MemberID
	posted  int64 // Unix seconds
}

func metAt(p store.Place) metPost { return metPost{p.Section, p.Thread, p.Author, p.PostedAt.Unix()} }

// metNow returns an arrival as met at a place; 0: pending.
func metNow(a forum.Arrival, section forum.SectionID) metPost {
	return metPost{section, a.Thread, a.Author, a.PostedAt.Unix()}
}

// postClassifier sorts arrivals into sighted, pending, moved and past.
type postClassifier struct {
	now, oldest time.Time
	late        time.Time // posts written since then may still appear, wherever their IDs are
	started     bool      // there was an earlier scan
	scannedAt   time.Time // when an earlier scan began, the last one as far as is known; zero: there was none
	met         map[forum.PostID]metPost
	batch       store.ScanResult
	cursor      forum.PostID
	scanned     forum.PostID             // the cursor of the last scan
	doubtful    []forum.Arrival          // met before with another author
	candidates  []copyCandidate          // may be copies, see settleCopies
	added       map[forum.PostID]bool    // by this scan
	sighted     map[int64][]forum.PostID // those of them that are visible, by the second in which they were written
	copied      map[forum.ThreadID]bool  // to which this scan saw imported or copied posts come
	latest      time.Time                // when the newest post was written that this scan has read so far
	reused      *forum.Arrival           // a post with the ID of a lost one
	ignoreMoves bool                     // see rescan

	importedBefore time.Time     // new posts written before may be imported, see isImported
	newest         int64         // when the newest post was written that an earlier scan met
	imported       int           // posts that this scan took for imported
	lagging        int           // posts that appeared late, see noteLag
	lag            time.Duration // how late the first of them did
	foundCurrent   bool          // a post was found that was written after the last scan
}

func newPostClassifier(now, oldest time.Time, met map[forum.PostID]metPost) *postClassifier {
	return &postClassifier{now: now, oldest: oldest, met: met, added: make(map[forum.PostID]bool), sighted: make(map[int64][]forum.PostID), copied: make(map[forum.ThreadID]bool)}
}

func (s *postClassifier) add(a forum.Arrival) {
	if a.PostedAt.After(s.latest) && !a.PostedAt.After(s.now) {
		s.latest = a.PostedAt
	}
	if a.PostedAt.Before(s.oldest) {
		if a.Post > s.scanned {
			s.copied[a.Thread] = true
			if s.started {
				s.imported++
			}
		}
		return
	}
	was, known := s.met[a.Post]
	if was.section == 0 && was.posted != 0 && was.posted != a.PostedAt.Unix() {
		known = false // it has the ID of a lost post that was never sighted
	}
	switch {
	case !known && s.isImported(a):
		s.addImported(a)
	case !known:
		if c, found := s.original(a); found {
			s.candidates = append(s.candidates, c)
			return
		}
		s.addNews(a)
	case was.section == 0: // recheckPending sees to it
	case was.posted != a.PostedAt.Unix():
		s.addReused(a)
	case was.author != a.Author && a.Author != forum.Guest:
		s.doubtful = append(s.doubtful, a)
	case s.visible(a) && was.section != a.Place() && !s.ignoreMoves: // moved, merged, or split off alone
		s.batch.Moved = append(s.batch.Moved, store.Move{Arrival: a, From: was.section})
		s.met[a.Post] = metNow(a, a.Place())
	}
}

// visible reports whether a post can be sighted. A post with a future date (the forum's clock is ahead) waits until that time.
func (s *postClassifier) visible(a forum.Arrival) bool {
	return a.Visible && !a.PostedAt.After(s.now)
}

// addNews adds a post that no scan has met before.
func (s *postClassifier) addNews(a forum.Arrival) {
	s.noteLag(a)
	s.addNew(a)
}

func (s *postClassifier) addNew(a forum.Arrival) {
	s.added[a.Post] = true
	if s.visible(a) {
		s.sighted[a.PostedAt.Unix()] = append(s.sighted[a.PostedAt.Unix()], a.Post)
		s.batch.Sighted = append(s.batch.Sighted, a)
		s.met[a.Post] = metNow(a, a.Place())
		return
	}
	s.batch.Pending = append(s.batch.Pending, a.Post)
	s.met[a.Post] = metNow(a, 0)
}

// addReused adds a post with the ID of a lost post.
func (s *postClassifier) addReused(a forum.Arrival) {
	s.batch.Reused = append(s.batch.Reused, a)
	s.reused = &a
	s.addNew(a)
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

// forget drops posts that no scan compares any more: they are before the overlap, and too old to appear late.
func (s *postClassifier) forget(before forum.PostID) {
	for id, p := range s.met {
		if id < before && p.posted < s.late.Unix() {
			delete(s.met, id)
		}
	}
}
