package store

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
)

// RecentSighting is one of the newest sightings.
type RecentSighting struct {
	Post   forum.PostID
	Thread forum.ThreadID
	At     time.Time
}

// NewestOfThread returns the posts among the newest most sightings of a thread, newest first.
func (s Sightings) NewestOfThread(ctx context.Context, thread forum.ThreadID, most int) (list []forum.PostID, err error) {
	err = s.query(ctx, nil, "newest_of_thread", args{"thread": int64(thread), "most": most}, func(scan scanFunc) error {
		var id forum.PostID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the posts of a thread: %w", err)
	}
	return list, nil
}

// Recent returns the newest sightings, at most as many as most, newest first. A post that moved can have several.
func (s Sightings) Recent(ctx context.Context, most int) (list []RecentSighting, err error) {
	head, err := s.LastSeq(ctx)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, nil, "recent_sightings", args{"after": head - int64(most)}, func(scan scanFunc) error {
		var r RecentSighting
		var at int64
		err := scan(&r.Post, &r.Thread, &at)
		r.At = timeOrZero(at)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading recent sightings: %w", err)
	}
	return list, nil
}
