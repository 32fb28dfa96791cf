package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// moveWatchPeriod is how long after its sighting a post is checked for moves.
const moveWatchPeriod = 7 * 24 * time.Hour

// scanMoves records sightings of posts whose threads were moved or merged into another section, or that is in other sections than before, for members who could not
// get them in the earlier section.
func (sc *scanner) scanMoves(ctx context.Context) error {
	now := sc.Now()
	places, err := sc.Store.Sightings.CurrentPlaces(ctx, now.Add(-moveWatchPeriod))
	if err != nil || len(places) == 0 {
		return err
	}
	byThread := make(map[forum.ThreadID][]store.Place)
	for _, p := range places {
		byThread[p.Thread] = append(byThread[p.Thread], p)
	}
	ids := make([]forum.ThreadID, 0, len(byThread))
	for id := range byThread {
		ids = append(ids, id)
	}
	g := store.ScanResult{Now: now}
	err = sc.Forum.Read(ctx, func(s *source.Snapshot) error {
		threads, err := s.Threads(ctx, ids)
		if err != nil {
			return err
		}
		for _, t := range threads {
			if !t.Redirect && allAt(byThread[t.ID], t.Place()) {
				delete(byThread, t.ID)
			}
		}
		g.Moved, err = findMoved(ctx, s, byThread)
		return err
	})
	if err != nil {
		return fmt.Errorf("finding moved threads: %w", err)
	}
	return sc.saveSightings(ctx, g)
}

func allAt(places []store.Place, place forum.SectionID) bool {
	for _, p := range places {
		if p.Section != place {
			return false
		}
	}
	return true
}

// findMoved reads the current place of posts in moved threads.
func findMoved(ctx context.Context, s *source.Snapshot, wandering map[forum.ThreadID][]store.Place) ([]store.Move, error) {
	was := make(map[forum.PostID]store.Place)
	var ids []forum.PostID
	for _, places := range wandering {
		for _, p := range places {
			was[p.Post] = p
			ids = append(ids, p.Post)
		}
	}
	arrivals, err := s.PostStates(ctx, ids)
	if err != nil {
		return nil, err
	}
	var moves []store.Move
	for _, a := range arrivals {
		// A post of another time has the ID of a lost post: see checkLostPosts.
		if p := was[a.Post]; a.Visible && a.Place() != p.Section && a.PostedAt.Equal(p.PostedAt) {
			moves = append(moves, store.Move{Arrival: a, From: p.Section})
		}
	}
	return moves, nil
}
