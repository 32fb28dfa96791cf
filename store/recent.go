package store

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
)

// RecentThread is a thread with sightings.
type RecentThread struct {
	Thread forum.ThreadID
	At     time.Time // of its newest sighting
	Posts  int       // sighted
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

// RecentThreads returns the threads of the newest most sightings, newest first.
func (s Sightings) RecentThreads(ctx context.Context, most int) (list []RecentThread, err error) {
	err = s.query(ctx, nil, "recent_threads", args{"most": most}, func(scan scanFunc) error {
		var t RecentThread
		var at int64
		err := scan(&t.Thread, &at, &t.Posts)
		t.At = timeOrZero(at)
		list = append(list, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading recent threads: %w", err)
	}
	return list, nil
}

// RecentPosts returns the posts of the newest most sightings, newest first, and the thread of each.
func (s Sightings) RecentPosts(ctx context.Context, most int) (posts []forum.PostID, threads map[forum.PostID]forum.ThreadID, err error) {
	threads = make(map[forum.PostID]forum.ThreadID)
	err = s.query(ctx, nil, "recent_posts", args{"most": most}, func(scan scanFunc) error {
		var id forum.PostID
		var thread forum.ThreadID
		err := scan(&id, &thread)
		if _, twice := threads[id]; !twice {
			posts, threads[id] = append(posts, id), thread
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading recent posts: %w", err)
	}
	return posts, threads, nil
}
