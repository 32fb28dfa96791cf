package digest

import (
	"slices"

	"postrider/forum"
)

// FirstQuoted returns the first post that the post quotes by ID, or 0.
func (p *Post) FirstQuoted() forum.PostID {
	for _, q := range p.Content.Body.Quotes() {
		if q.Post != 0 && forum.PostID(q.Post) != p.ID {
			return forum.PostID(q.Post)
		}
	}
	return 0
}

// SortByAge orders the posts of each thread by age.
func (d *Digest) SortByAge() {
	for _, g := range d.Groups {
		for _, t := range g.Threads {
			slices.SortFunc(t.Posts, byAge)
		}
	}
}

// AddContext adds context to the posts of an alert, from a window of such posts. That is the post that each quotes, unless
// the reader wrote it or it is part of the alert, and up to most unread posts before them. Context posts do not count as
// sent: the digest may still bring them.
func (w *Window) AddContext(a *Alert, r Reader, contents map[forum.PostID]*forum.Content, before map[forum.ThreadID][]forum.PostID, most int) {
	included := make(map[forum.PostID]bool)
	for _, g := range a.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				included[p.ID] = true
			}
		}
	}
	for _, g := range a.Groups {
		for i := range g.Threads {
			t := &g.Threads[i]
			for j := range t.Posts {
				if id := t.Posts[j].FirstQuoted(); !included[id] {
					t.Posts[j].Quoted = w.contextPost(&r, id, contents)
				}
			}
			for _, id := range before[t.ID] {
				if p := w.contextPost(&r, id, contents); p != nil && !included[id] && p.Thread == t.ID && !r.hasRead(&w.items[w.byPost[id]]) {
					t.Earlier = append(t.Earlier, *p)
				}
			}
			t.Earlier = t.Earlier[max(0, len(t.Earlier)-most):]
		}
	}
}

// contextPost returns a post if the reader may see it and did not write it, else nil.
func (w *Window) contextPost(r *Reader, id forum.PostID, contents map[forum.PostID]*forum.Content) *Post {
	i, found := w.byPost[id]
	if !found || contents[id] == nil {
		return nil
	}
	it := &w.items[i]
	if w.checkReadable(r, it) != "" {
		return nil
	}
	return &Post{Post: it.post, Content: contents[id], Opening: it.opening()}
}
