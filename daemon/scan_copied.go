package daemon

import (
	"context"

	"postrider/forum"
	"postrider/source"
)

// A forum that copies a thread gives its posts new IDs, and keeps their authors, times and texts (MyBB 1.8, phpBB 3.3, XenForo 2).
// Copies of old posts are known by their age, see isImported. Those of young posts are compared with the posts that earlier scans met.

// copyCandidate is a new post that may be a copy of a known one.
type copyCandidate struct {
	forum.Arrival
	original forum.PostID
}

// original returns the post that an earlier scan met, and that the same author wrote in the same second in another thread. An earlier
// scan must have begun after that second, or have met a later post: a program that posts the same in two threads copies nothing.
func (s *postClassifier) original(a forum.Arrival) (id forum.PostID, found bool) {
	if a.PostedAt.Unix() >= max(s.newest, s.scannedAt.Unix()) {
		return 0, false
	}
	for met, p := range s.met {
		sameAuthor := p.author == a.Author || a.Author == forum.Guest // whose account was deleted meanwhile
		if p.posted == a.PostedAt.Unix() && sameAuthor && p.thread != a.Thread && !s.added[met] {
			return met, true
		}
	}
	return 0, false
}

// settleCopies decides about new posts that may be copies. Those with another text are none: a program writes several posts at once.
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
	for _, c := range sift.candidates {
		if differ[c.Post] {
			sift.noteLag(c.Arrival)
			sift.addNew(c.Arrival)
			continue
		}
		sift.addImported(c.Arrival)
	}
	sift.candidates = nil
	return nil
}
