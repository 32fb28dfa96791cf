package digest

import (
	"cmp"
	"slices"
	"time"

	"postrider/forum"
)

// Select returns the posts of the window for one reader: sections in the forum's order, and the posts of each thread by
// age. Call [Digest.Fill] next. The cost depends on what the reader watches, not on the size of the window.
func (w *Window) Select(r Reader) *Digest {
	var threads []Thread
	for _, id := range w.candidateThreads(&r) {
		var posts []Post
		for _, i := range w.byThread[id] {
			if it := &w.items[i]; r.covers(it) && w.evaluate(&r, it) == "" {
				posts = append(posts, Post{Post: it.post, Opening: it.opening()})
			}
		}
		if len(posts) > 0 {
			threads = append(threads, newThread(r.filed(w.items[w.byThread[id][0]].thread), posts))
		}
	}
	return &Digest{Member: r.Member, Groups: w.group(threads)}
}

// group groups threads by section, in the forum's order of sections.
func (w *Window) group(threads []Thread) []Group {
	var groups []Group
	at := make(map[forum.SectionID]int)
	for _, t := range threads {
		g, ok := at[t.Section]
		if !ok {
			g = len(groups)
			at[t.Section] = g
			groups = append(groups, Group{Section: w.sections[t.Section]})
		}
		groups[g].Threads = append(groups[g].Threads, t)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Section.Order, b.Section.Order), cmp.Compare(a.Section.ID, b.Section.ID))
	})
	return groups
}

func newThread(thread forum.Thread, posts []Post) Thread {
	slices.SortFunc(posts, byAge)
	t := Thread{Thread: thread, Posts: posts}
	for _, p := range posts {
		t.New = t.New || p.Opening
	}
	return t
}

func byAge(a, b Post) int {
	return cmp.Or(a.PostedAt.Compare(b.PostedAt), cmp.Compare(a.ID, b.ID))
}

// covers reports whether the item is in the range of the reader's edition, or deferred to it.
func (r *Reader) covers(it *item) bool {
	if _, deferred := r.Deferred[it.Sighting.Post]; deferred {
		return it.Seq <= r.Until
	}
	return it.Seq > r.After && it.Seq <= r.Until
}

// candidateThreads lists the threads of the window that the reader's watches may cover or that have deferred posts, each
// once.
func (w *Window) candidateThreads(r *Reader) []forum.ThreadID {
	var ids []forum.ThreadID
	for id := range r.Deferred {
		if i, found := w.byPost[id]; found {
			ids = append(ids, w.items[i].thread.ID)
		}
	}
	for section := range r.Watches.Sections {
		ids = append(ids, w.bySection[section]...)
	}
	for id := range r.Watches.Threads {
		if len(w.byThread[id]) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Omitted is a post of the window that a message leaves out.
type Omitted struct {
	Post   forum.PostID
	Reason Reason
}

// Omissions lists every post in the range of the reader's edition that Select leaves out, with the reason.
func (w *Window) Omissions(r Reader) []Omitted {
	var out []Omitted
	for i := range w.items {
		it := &w.items[i]
		if !r.covers(it) {
			continue
		}
		if why := w.evaluate(&r, it); why != "" && why != Superseded {
			out = append(out, Omitted{it.Sighting.Post, why})
		}
	}
	return out
}

// Oldest returns the time of the oldest post in the edition, or zero if the edition is empty.
func (d *Digest) Oldest() time.Time {
	var oldest time.Time
	for _, g := range d.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				if oldest.IsZero() || p.PostedAt.Before(oldest) {
					oldest = p.PostedAt
				}
			}
		}
	}
	return oldest
}
