package digest

import (
	"cmp"
	"slices"
	"strings"

	"postrider/forum"
)

// Fill adds the contents and orders threads and posts. Threads that quote the member come first, then threads that the
// member took part in, then those with the most posts. In a thread the opening post comes first, then posts that quote
// the member, then the rest by age. A post without contents is dropped, because the forum did not return it.
func (d *Digest) Fill(contents map[forum.PostID]*forum.Content, participated map[forum.ThreadID]bool, marks map[forum.ThreadID]forum.ThreadMarks) {
	groups := d.Groups[:0]
	for _, g := range d.Groups {
		threads := g.Threads[:0]
		for _, t := range g.Threads {
			t.Participated = participated[t.ID] || t.Starter == d.Member.ID
			t.Marks = marks[t.ID]
			t.fill(contents, d.Member)
			if len(t.Posts) > 0 {
				threads = append(threads, t)
			}
		}
		if g.Threads = threads; len(threads) > 0 {
			slices.SortStableFunc(g.Threads, byRelevance)
			groups = append(groups, g)
		}
	}
	d.Groups = groups
}

func (t *Thread) fill(contents map[forum.PostID]*forum.Content, m forum.Member) {
	posts := t.Posts[:0]
	t.New = false
	for _, p := range t.Posts {
		if p.Content = contents[p.ID]; p.Content == nil {
			continue
		}
		p.QuotesReader = quotes(p.Content, m)
		t.QuotesReader = t.QuotesReader || p.QuotesReader
		t.New = t.New || p.Opening
		posts = append(posts, p)
	}
	t.Posts = posts
	slices.SortStableFunc(t.Posts, func(a, b Post) int {
		return cmp.Or(trueFirst(a.Opening, b.Opening), trueFirst(a.QuotesReader, b.QuotesReader), byAge(a, b))
	})
}

// quotes reports whether a post quotes the member: by ID if the forum stores it, else by name.
func quotes(c *forum.Content, m forum.Member) bool {
	for _, q := range c.Body.Quotes() {
		if q.Member == int64(m.ID) && m.ID != forum.Guest {
			return true
		}
		if q.Member == 0 && strings.EqualFold(q.Author, m.Name) {
			return true
		}
	}
	return false
}

func byRelevance(a, b Thread) int {
	return cmp.Or(
		trueFirst(a.QuotesReader, b.QuotesReader),
		trueFirst(a.Participated, b.Participated),
		cmp.Compare(len(b.Posts), len(a.Posts)),
		cmp.Compare(a.ID, b.ID),
	)
}

// Best returns the thread that tells most about the edition: the first by the order within sections, across all of them. It must not
// be empty.
func (d *Digest) Best() *Thread {
	var best *Thread
	for i := range d.Groups {
		for j := range d.Groups[i].Threads {
			if t := &d.Groups[i].Threads[j]; best == nil || byRelevance(*t, *best) < 0 {
				best = t
			}
		}
	}
	return best
}

// trueFirst compares two values so that true sorts before false.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
