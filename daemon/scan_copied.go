package daemon

import (
	"context"
	"time"

	"postrider/forum"
	"postrider/source"
)

// A forum that copies a thread gives its posts new IDs, and keeps their authors, times and texts (MyBB 1.8, phpBB 3.3, XenForo 2).
// Copies of old posts are known by their age, see isImported. Those of young posts are compared with the posts that earlier scans met.

// copyCandidate is a new post that may be a copy of a known one.
type copyCandidate struct {
	forum.Arrival
	original forum.PostID
	young    bool // nothing shows that it appeared after its time; its thread decides
}

// requestTime is how long a program may take to post the same in several threads, with the same time.
const requestTime = time.Minute

// original returns the post that the same author wrote in the same second in another thread, if this one may be a copy of it.
func (s *postClassifier) original(a forum.Arrival) (c copyCandidate, found bool) {
	if id, found := s.originalOfEarlierScan(a); found {
		return copyCandidate{Arrival: a, original: id}, true
	}
	for _, id := range s.sighted[a.PostedAt.Unix()] { // those of this scan
		if id < a.Post && s.met[id].mayBeOriginalOf(a) {
			return copyCandidate{a, id, !a.PostedAt.Before(s.latest.Add(-requestTime))}, true
		}
	}
	return copyCandidate{}, false
}

// originalOfEarlierScan returns the original that an earlier scan met. That scan must have begun after the second in which it was
// written, or have met a later post: a program that posts the same in two threads copies nothing.
func (s *postClassifier) originalOfEarlierScan(a forum.Arrival) (id forum.PostID, found bool) {
	if a.PostedAt.Unix() >= max(s.newest, s.scannedAt.Unix()) {
		return 0, false
	}
	for met, p := range s.met {
		if p.mayBeOriginalOf(a) && !s.added[met] {
			return met, true
		}
	}
	return 0, false
}

func (p metPost) mayBeOriginalOf(a forum.Arrival) bool {
	sameAuthor := p.author == a.Author || a.Author == forum.Guest // whose account was deleted meanwhile
	return p.posted == a.PostedAt.Unix() && sameAuthor && p.thread != a.Thread
}

// settleCopies decides about new posts that may be copies. Those with another text are none: a program writes several posts at once. One
// whose original this scan found, too, is a copy if it appeared well after its time, or if older posts came with it into its thread.
func (sc *scanner) settleCopies(ctx context.Context, s *source.Snapshot, sift *postClassifier) error {
	if len(sift.candidates) == 0 {
		return nil
	}
	originals := make(map[forum.PostID]forum.PostID, len(sift.candidates))
	for _, c := range sift.candidates {
		originals[c.Post] = c.original
	}
	differ, err := s.Differ(ctx, originals)
	if err != nil {
		return err
	}
	var young []copyCandidate
	for _, c := range sift.candidates {
		switch {
		case differ[c.Post]:
			sift.addNews(c.Arrival)
		case c.young:
			young = append(young, c)
		default:
			sift.addImported(c.Arrival)
		}
	}
	for _, c := range young {
		if sift.copied[c.Thread] {
			sift.addImported(c.Arrival)
			continue
		}
		sift.addNews(c.Arrival)
	}
	sift.candidates = nil
	return nil
}
