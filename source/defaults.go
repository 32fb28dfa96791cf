package source

import (
	"context"
	"slices"
	"time"

	"postrider/forum"
)

// What applies if a forum lacks a query is documented as "without" in [contract].

// keptForever is for how many days read marks are known if the forum does not say.
const keptForever = 3650

// has reports whether the forum has a query of the contract.
func (db *DB) has(query string) bool {
	_, defined := db.queries[query]
	return defined
}

// KnowsVisits reports whether the forum says when a member was on the site or what they read there.
func (s *Snapshot) KnowsVisits() bool {
	return slices.ContainsFunc([]string{"visits", "thread_reads", "section_reads"}, s.db.has)
}

// subscribersAfter lists up to limit members who watch something, in ascending order, and the last ID that it looked at. The end of
// the list is reached if last is EndOfWatchers. Without the query watching, it looks at up to limit members of the roster.
func (s *Snapshot) subscribersAfter(ctx context.Context, after forum.MemberID, limit int) (ids []forum.MemberID, last forum.MemberID, err error) {
	query := "watching"
	if !s.db.has(query) {
		query = "roster"
	}
	if ids, err = s.ascendingMembers(ctx, query, after, limit); err != nil {
		return nil, 0, err
	}
	last = EndOfWatchers
	if len(ids) >= limit {
		last = ids[len(ids)-1]
	}
	if query == "watching" {
		return ids, last, nil
	}
	watches, err := s.Watches(ctx, ids)
	ids = slices.DeleteFunc(ids, func(id forum.MemberID) bool {
		w := watches[id]
		return len(w.Sections)+len(w.Threads) == 0
	})
	return ids, last, err
}

// watchersOf finds the watchers of threads and sections among a page of subscribers, for a forum without the query watchers.
func (s *Snapshot) watchersOf(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after forum.MemberID) (Watchers, error) {
	page := Watchers{Watches: make(map[forum.MemberID]forum.Watches)}
	ids, last, err := s.subscribersAfter(ctx, after, chunkSize)
	if err != nil {
		return Watchers{}, err
	}
	page.Last = last
	all, err := s.Watches(ctx, ids)
	if err != nil {
		return Watchers{}, err
	}
	for id, w := range all {
		for _, thread := range threads {
			if w.Threads[thread].Mail != 0 {
				page.of(id).Threads[thread] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
			}
		}
		for _, section := range sections {
			if mail := w.Sections[section].Mail; mail != 0 {
				page.of(id).Sections[section] = forum.Watch{Level: mail, Mail: mail}
			}
		}
	}
	return page, nil
}

// statesOf reads the states of posts from the posts and their threads, for a forum without the query arrivals_of.
func (s *Snapshot) statesOf(ctx context.Context, ids []forum.PostID) ([]forum.Arrival, error) {
	posts, err := s.Posts(ctx, ids)
	if err != nil {
		return nil, err
	}
	var threadIDs []forum.ThreadID
	for _, p := range posts {
		threadIDs = append(threadIDs, p.Thread)
	}
	slices.Sort(threadIDs)
	threads, err := s.Threads(ctx, slices.Compact(threadIDs))
	if err != nil {
		return nil, err
	}
	byID := make(map[forum.ThreadID]forum.Thread, len(threads))
	for _, t := range threads {
		byID[t.ID] = t
	}
	states := make([]forum.Arrival, 0, len(posts))
	for _, p := range posts {
		t, known := byID[p.Thread]
		if !known {
			continue // as a join of posts and threads would leave it out
		}
		states = append(states, forum.Arrival{Post: p.ID, Thread: t.ID, Section: t.Section, AlsoIn: t.AlsoIn, Author: p.Author, PostedAt: p.PostedAt,
			Visible: p.State == forum.Visible && t.State == forum.Visible && !t.Redirect})
	}
	return states, nil
}

// createdSince lists the posts created in [from, until), for a forum without the query created. No such post has a lower ID than the
// first one since from.
func (s *Snapshot) createdSince(ctx context.Context, from, until time.Time) ([]forum.PostID, error) {
	first, err := s.FirstPostSince(ctx, from)
	if err != nil || first == 0 {
		return nil, err
	}
	var ids []forum.PostID
	for after := first - 1; ; {
		page, err := s.PostsAfter(ctx, after, chunkSize)
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			if at := a.PostedAt.Unix(); at >= ceilSeconds(from) && at < ceilSeconds(until) {
				ids = append(ids, a.Post)
			}
		}
		if len(page) < chunkSize {
			return ids, nil
		}
		after = page[len(page)-1].Post
	}
}

// startersOf returns which of the members started which of the threads, for a forum without the query took_part.
func (s *Snapshot) startersOf(ctx context.Context, members []forum.MemberID, threads []forum.ThreadID) (map[forum.MemberID]map[forum.ThreadID]bool, error) {
	all := make(map[forum.MemberID]map[forum.ThreadID]bool)
	found, err := s.Threads(ctx, threads)
	for _, t := range found {
		if t.Starter == forum.Guest || !slices.Contains(members, t.Starter) {
			continue
		}
		if all[t.Starter] == nil {
			all[t.Starter] = make(map[forum.ThreadID]bool)
		}
		all[t.Starter][t.ID] = true
	}
	return all, err
}

// markVisits counts a member's last visit as the moment until which they read every section.
func (s *Snapshot) markVisits(ctx context.Context, ids []forum.MemberID, all map[forum.MemberID]forum.ReadMarks) error {
	visits, err := s.Visits(ctx, ids)
	if err != nil {
		return err
	}
	nodes, err := s.nodes(ctx)
	for id, at := range visits {
		for _, n := range nodes {
			if n.hasThreads && at.After(all[id].Sections[n.id]) {
				all[id].Sections[n.id] = at
			}
		}
	}
	return err
}

// anyoneMayRead returns the access of each class on a forum whose sections are all public.
func anyoneMayRead(classes []forum.Class, listed []node) map[forum.Class]forum.Access {
	all := make(map[forum.Class]forum.Access, len(classes))
	for _, c := range classes {
		all[c] = make(forum.Access)
		for _, n := range listed {
			if n.hasThreads {
				all[c][n.id] = forum.ReadAll
			}
		}
	}
	return all
}
