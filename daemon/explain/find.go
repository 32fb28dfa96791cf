package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/forum"
	"postrider/internal/line"
	"postrider/source"
	"postrider/store"
)

const (
	// postsOfThread is how many posts a thread stands for.
	postsOfThread = 10
	// searched is how many of the newest sightings are searched for an address, a position or a title.
	searched = 5000
	// maxThreads is how many threads a search returns.
	maxThreads = 50
)

// FindPosts returns the posts that references mean, each once. A thread stands for its newest posts. The error is a [ReferenceError] if
// one of them leads to none, or if there are more than limit.
func (e *Service) FindPosts(ctx context.Context, list []Reference, limit int) (posts []forum.PostID, err error) {
	for _, r := range list {
		found, err := e.find(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			if !slices.Contains(posts, id) {
				posts = append(posts, id)
			}
		}
	}
	if len(posts) > limit {
		return nil, &ReferenceError{Fault: TooManyPosts, Limit: limit}
	}
	return posts, nil
}

func (e *Service) find(ctx context.Context, r Reference) ([]forum.PostID, error) {
	switch {
	case r.Post != 0:
		return []forum.PostID{r.Post}, nil
	case r.Thread != 0:
		return e.newestOf(ctx, r.Thread, fmt.Sprintf("T%d", r.Thread))
	}
	target, ours := e.forum.ReadLink(r.Link)
	if target == (source.LinkTarget{}) {
		var err error
		if target, err = e.findAddress(ctx, r.Link); err != nil {
			return nil, err
		}
	}
	switch {
	case target.Post != 0:
		return []forum.PostID{target.Post}, nil
	case target.Number != 0:
		return e.numbered(ctx, target, r.Link)
	case target.Thread != 0:
		return e.newestOf(ctx, target.Thread, r.Link)
	case !ours:
		return nil, &ReferenceError{Text: r.Link, Fault: OtherSite}
	}
	return nil, &ReferenceError{Text: r.Link, Fault: UnknownAddress}
}

// newestOf returns the newest posts of a thread.
func (e *Service) newestOf(ctx context.Context, thread forum.ThreadID, text string) ([]forum.PostID, error) {
	posts, err := e.store.Sightings.NewestOfThread(ctx, thread, searched)
	if err == nil && len(posts) == 0 {
		err = &ReferenceError{Text: text, Fault: UnseenThread}
	}
	return posts[:min(len(posts), postsOfThread)], err
}

// numbered returns the post at a position in a thread.
func (e *Service) numbered(ctx context.Context, t source.LinkTarget, text string) (found []forum.PostID, err error) {
	posts, err := e.store.Sightings.NewestOfThread(ctx, t.Thread, searched)
	if err != nil {
		return nil, err
	}
	err = e.forum.Read(ctx, func(s *source.Snapshot) error {
		numbers, err := s.Numbers(ctx, posts)
		for id, n := range numbers {
			if n == t.Number && slices.Contains(posts, id) {
				found = []forum.PostID{id}
			}
		}
		return err
	})
	if err == nil && found == nil {
		err = &ReferenceError{Text: text, Fault: UnseenNumber}
	}
	return found, err
}

// findAddress finds a recent post or thread by an address that the forum stores, because it does not follow from the ID.
func (e *Service) findAddress(ctx context.Context, link string) (target source.LinkTarget, err error) {
	recent, err := e.store.Sightings.Recent(ctx, searched)
	if err != nil || len(recent) == 0 {
		return target, err
	}
	posts, ids := make([]forum.PostID, len(recent)), make([]forum.ThreadID, len(recent))
	for i, r := range recent {
		posts[i], ids[i] = r.Post, r.Thread
	}
	slices.Sort(posts)
	slices.Sort(ids)
	err = e.forum.Read(ctx, func(s *source.Snapshot) error { // reading them keeps their addresses
		known, err := s.Threads(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		links := e.forum.Links()
		for _, t := range known {
			if source.SameAddress(link, links.Thread(t.ID)) {
				target.Thread = t.ID
				return nil
			}
		}
		list, err := s.Posts(ctx, slices.Compact(posts))
		for _, p := range list {
			if source.SameAddress(link, links.Post(p.Thread, p.ID)) {
				target.Post = p.ID
			}
		}
		return err
	})
	return target, err
}

// RecentThread is a thread that a search found.
type RecentThread struct {
	Thread forum.ThreadID
	Title  string
	At     time.Time // when its newest post was sighted
	Posts  int       // sighted lately
}

// FindThreads returns the threads with the newest sightings whose titles contain all words, the newest first. Without words these are
// all of them. It returns at most 50.
func (e *Service) FindThreads(ctx context.Context, words string) (found []RecentThread, err error) {
	recent, err := e.store.Sightings.Recent(ctx, searched)
	if err != nil || len(recent) == 0 {
		return nil, err
	}
	all := groupByThread(recent)
	ids := make([]forum.ThreadID, len(all))
	for i, t := range all {
		ids[i] = t.Thread
	}
	titles := make(map[forum.ThreadID]string, len(ids))
	err = e.forum.Read(ctx, func(s *source.Snapshot) error {
		known, err := s.Threads(ctx, ids)
		for _, t := range known {
			titles[t.ID] = line.Clean(t.Title)
		}
		return err
	})
	for _, t := range all {
		title, known := titles[t.Thread]
		if t.Title = title; known && containsWords(title, words) && len(found) < maxThreads {
			found = append(found, t)
		}
	}
	return found, err
}

// groupByThread returns the threads of sightings that are sorted from the newest, in the same order, without titles.
func groupByThread(recent []store.RecentSighting) (list []RecentThread) {
	at := make(map[forum.ThreadID]int)
	counted := make(map[forum.PostID]bool)
	for _, r := range recent {
		i, known := at[r.Thread]
		if !known {
			i = len(list)
			at[r.Thread] = i
			list = append(list, RecentThread{Thread: r.Thread, At: r.At})
		}
		if !counted[r.Post] {
			counted[r.Post] = true
			list[i].Posts++
		}
	}
	return list
}

func containsWords(title, words string) bool {
	title = strings.ToLower(title)
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(words)), func(word string) bool { return !strings.Contains(title, word) })
}
