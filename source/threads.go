package source

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"postrider/forum"
)

// Threads reads threads in their current state, even if hidden. Threads that no longer exist are not in the result.
func (s *Snapshot) Threads(ctx context.Context, ids []forum.ThreadID) ([]forum.Thread, error) {
	threads := make([]forum.Thread, 0, len(ids))
	names := make(interner)
	var t forum.Thread
	var started, state int64
	var starter sql.RawBytes
	var address string
	r := columns{"id": &t.ID, "section_id": &t.Section, "title": &t.Title, "starter_id": &t.Starter, "starter_name": &starter,
		"started_at": &started, "first_post_id": &t.FirstPost, "state": &state, "redirect?": &t.Redirect, "locked?": &t.Locked, "address?": &address}
	err := queryChunked(ctx, s, "threads", "ids", ids, nil, r, func() (err error) {
		t.Title = s.title(t.Title)
		t.StarterName, t.StartedAt = s.name(names.intern(starter)), unix(started)
		t.State, err = stateOf(state)
		keep(s.db.links.threads, t.ID, s.db.absolute(address))
		threads = append(threads, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	sections, err := s.threadSections(ctx, ids)
	for i := range threads {
		threads[i].AlsoIn = without(threads[i].Section, sections[threads[i].ID])
	}
	return threads, err
}

// threadSections reads the sections of threads, for a forum in which a thread may be in several.
func (s *Snapshot) threadSections(ctx context.Context, ids []forum.ThreadID) (map[forum.ThreadID][]forum.SectionID, error) {
	if !s.db.has("thread_sections") {
		return nil, nil
	}
	all := make(map[forum.ThreadID][]forum.SectionID, len(ids))
	var thread forum.ThreadID
	var section forum.SectionID
	err := queryChunked(ctx, s, "thread_sections", "ids", ids, nil, columns{"thread_id": &thread, "section_id": &section}, func() error {
		all[thread] = append(all[thread], section)
		return nil
	})
	return all, err
}

// without returns the sections other than one. It is nil if there are none.
func without(section forum.SectionID, all []forum.SectionID) []forum.SectionID {
	if len(all) == 0 || len(all) == 1 && all[0] == section {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(id forum.SectionID) bool { return id == section })
}

// Posts reads posts in their current state, even if hidden. Posts that no longer exist are not in the result.
func (s *Snapshot) Posts(ctx context.Context, ids []forum.PostID) ([]forum.Post, error) {
	posts := make([]forum.Post, 0, len(ids))
	names := make(interner)
	var p forum.Post
	var posted, state int64
	var author sql.RawBytes
	var address string
	r := columns{"id": &p.ID, "thread_id": &p.Thread, "author_id": &p.Author, "author_name": &author,
		"posted_at": &posted, "state": &state, "version": &p.Version, "address?": &address}
	err := queryChunked(ctx, s, "posts", "ids", ids, nil, r, func() (err error) {
		p.AuthorName, p.PostedAt = s.name(names.intern(author)), unix(posted)
		p.Version += s.dialect.version
		p.State, err = stateOf(state)
		keep(s.db.links.posts, p.ID, s.db.absolute(address))
		posts = append(posts, p)
		return err
	})
	return posts, err
}

func stateOf(code int64) (forum.State, error) {
	if code < 0 || code > int64(forum.Hidden) {
		return forum.Deleted, fmt.Errorf("invalid state %d: must be 0, 1, 2 or 3", code)
	}
	return forum.State(code), nil
}

// PostsAfter lists up to limit posts with IDs greater than after, in ascending order.
func (s *Snapshot) PostsAfter(ctx context.Context, after forum.PostID, limit int) ([]forum.Arrival, error) {
	a := arrivals{all: make([]forum.Arrival, 0, limit), ascending: true, last: after}
	if err := s.queryNamed(ctx, "arrivals", params{"after": after, "limit": limit}, a.row(), a.appendRow); err != nil {
		return nil, err
	}
	return a.all, s.addSections(ctx, a.all)
}

// PostStates reads the current state of known posts. Posts that no longer exist are not in the result.
func (s *Snapshot) PostStates(ctx context.Context, ids []forum.PostID) ([]forum.Arrival, error) {
	if !s.db.has("arrivals_of") {
		return s.statesOf(ctx, ids)
	}
	a := arrivals{all: make([]forum.Arrival, 0, len(ids))}
	if err := queryChunked(ctx, s, "arrivals_of", "ids", ids, nil, a.row(), a.appendRow); err != nil {
		return nil, err
	}
	return a.all, s.addSections(ctx, a.all)
}

// addSections adds the further sections of the posts' threads.
func (s *Snapshot) addSections(ctx context.Context, list []forum.Arrival) error {
	if !s.db.has("thread_sections") {
		return nil
	}
	threads := make([]forum.ThreadID, len(list))
	for i, a := range list {
		threads[i] = a.Thread
	}
	slices.Sort(threads)
	sections, err := s.threadSections(ctx, slices.Compact(threads))
	for i := range list {
		list[i].AlsoIn = without(list[i].Section, sections[list[i].Thread])
	}
	return err
}

// arrivals collects arrivals row by row.
type arrivals struct {
	next   forum.Arrival
	posted int64
	all    []forum.Arrival

	ascending bool // the rows must be sorted, or the next page would leave out some
	last      forum.PostID
}

func (a *arrivals) row() columns {
	return columns{"id": &a.next.Post, "thread_id": &a.next.Thread, "section_id": &a.next.Section,
		"author_id": &a.next.Author, "posted_at": &a.posted, "visible": &a.next.Visible}
}

func (a *arrivals) appendRow() error {
	if a.ascending && a.next.Post <= a.last {
		return outOfOrder("id", int64(a.next.Post), int64(a.last))
	}
	a.last = a.next.Post
	a.next.PostedAt = unix(a.posted)
	a.all = append(a.all, a.next)
	return nil
}

// FirstPostSince returns the smallest ID of a post created at or after from, or 0.
func (s *Snapshot) FirstPostSince(ctx context.Context, from time.Time) (forum.PostID, error) {
	return s.postID(ctx, "first_since", params{"from": ceilSeconds(from)})
}

// LastPostID returns the largest ID of a post, or 0.
func (s *Snapshot) LastPostID(ctx context.Context) (forum.PostID, error) {
	return s.postID(ctx, "newest", nil)
}

func (s *Snapshot) postID(ctx context.Context, name string, p params) (forum.PostID, error) {
	var id forum.PostID
	err := s.queryNamed(ctx, name, p, columns{"id": &id}, func() error { return nil })
	return id, err
}

// PostsCreated lists all posts created in [from, until), whatever their state, by ascending ID.
func (s *Snapshot) PostsCreated(ctx context.Context, from, until time.Time) ([]forum.PostID, error) {
	if !s.db.has("created") {
		return s.createdSince(ctx, from, until)
	}
	var ids []forum.PostID
	var id forum.PostID
	err := s.queryNamed(ctx, "created", params{"from": ceilSeconds(from), "until": ceilSeconds(until)}, columns{"id": &id}, func() error {
		ids = append(ids, id)
		return nil
	})
	return ids, err
}

// ceilSeconds returns the first whole second at or after t, because the forum stores whole seconds.
func ceilSeconds(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}
