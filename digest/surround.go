package digest

import (
	"slices"

	"postrider/forum"
)

// FirstQuoted is the first post that the post quotes by its number; 0: none.
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

// AddContext adds to an alert what its posts stand in, out of a window of such posts: what they quote, unless the reader
// wrote it himself or the alert has it anyway, and up to so many posts before them that he has not read. Nothing of that
// counts as told: it may come with his digest.
func (w *Window) AddContext(a *Alert, r Reader, contents map[forum.PostID]*forum.Content, before map[forum.ThreadID][]forum.PostID, most int) {
	told := make(map[forum.PostID]bool)
	for _, g := range a.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				told[p.ID] = true
			}
		}
	}
	for _, g := range a.Groups {
		for i := range g.Threads {
			t := &g.Threads[i]
			for j := range t.Posts {
				if id := t.Posts[j].FirstQuoted(); !told[id] {
					t.Posts[j].Quoted = w.contextPost(&r, id, contents)
				}
			}
			for _, id := range before[t.ID] {
				if p := w.contextPost(&r, id, contents); p != nil && !told[id] && p.Thread == t.ID && !r.hasRead(&w.items[w.byPost[id]]) {
					t.Earlier = append(t.Earlier, *p)
				}
			}
			t.Earlier = t.Earlier[max(0, len(t.Earlier)-most):]
		}
	}
}

// contextPost is a post that the reader may see, and did not write himself; nil: it is none.
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
