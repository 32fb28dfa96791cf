package digest

import (
	"cmp"
	"slices"
	"time"

	"postrider/forum"
)

// Select picks what the window holds for one reader: threads by section in the forum's order, and
// the posts of each thread by age. Call [Digest.Fill] next. The cost is that of what he watches,
// not of the window.
func (w *Window) Select(r Reader) *Digest {
	d := &Digest{Member: r.Member}
	groups := make(map[forum.SectionID]int)
	for _, id := range w.watched(&r) {
		var posts []Post
		var thread *forum.Thread
		for _, i := range w.byThread[id] {
			it := &w.items[i]
			if it.Seq <= r.After || it.Seq > r.Until || w.judge(&r, it) != "" {
				continue
			}
			thread = it.thread
			posts = append(posts, Post{Post: it.post, Opening: it.opening()})
		}
		if thread == nil {
			continue
		}
		g, ok := groups[thread.Section]
		if !ok {
			g = len(d.Groups)
			groups[thread.Section] = g
			d.Groups = append(d.Groups, Group{Section: w.sections[thread.Section]})
		}
		d.Groups[g].Threads = append(d.Groups[g].Threads, newThread(thread, posts))
	}
	slices.SortFunc(d.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Section.Order, b.Section.Order), cmp.Compare(a.Section.ID, b.Section.ID))
	})
	return d
}

func newThread(thread *forum.Thread, posts []Post) Thread {
	slices.SortFunc(posts, byAge)
	t := Thread{Thread: *thread, Posts: posts}
	for _, p := range posts {
		t.New = t.New || p.Opening
	}
	return t
}

func byAge(a, b Post) int {
	return cmp.Or(a.PostedAt.Compare(b.PostedAt), cmp.Compare(a.ID, b.ID))
}

// watched lists the threads of the window that one of the reader's watches may ask for, each once.
func (w *Window) watched(r *Reader) []forum.ThreadID {
	var ids []forum.ThreadID
	for section := range r.Watches.Sections {
		ids = append(ids, w.bySect[section]...)
	}
	for id := range r.Watches.Threads {
		if len(w.byThread[id]) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// LeftOut is a post that the window held and the edition does not.
type LeftOut struct {
	Post   forum.PostID
	Reason Reason
}

// Explain lists every post of the reader's stretch of the window that Select leaves out, and why.
func (w *Window) Explain(r Reader) []LeftOut {
	var out []LeftOut
	for i := range w.items {
		it := &w.items[i]
		if it.Seq <= r.After || it.Seq > r.Until {
			continue
		}
		if why := w.judge(&r, it); why != "" && why != Superseded {
			out = append(out, LeftOut{it.Sighting.Post, why})
		}
	}
	return out
}

// Oldest is the time of the oldest post of the edition; zero if it is empty.
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
