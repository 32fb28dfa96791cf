package digest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"postrider/forum"
)

// Order is the order of threads in a section of a digest. Threads that concern the reader come first, in a part of their own.
type Order string

// The orders.
const (
	Telling Order = "telling" // new threads first, then those with the most authors, likes and replies
	Newest  Order = "newest"  // by the newest post; sections likewise
	Listed  Order = "forum"   // by the newest post, as forums list them
)

// Fill adds the contents. A post without contents is dropped, because the forum did not return it.
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
			slices.SortStableFunc(g.Threads, func(a, b Thread) int {
				return cmp.Or(byConcern(a, b), cmp.Compare(len(b.Posts), len(a.Posts)), cmp.Compare(a.ID, b.ID))
			})
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
		p.QuotesReader, p.MentionsReader = quotes(p.Content, m), mentions(p.Content, m)
		t.QuotesReader = t.QuotesReader || p.QuotesReader
		t.MentionsReader = t.MentionsReader || p.MentionsReader
		t.New = t.New || p.Opening
		posts = append(posts, p)
	}
	t.Posts = posts
	slices.SortStableFunc(t.Posts, byMerit)
	t.measure()
}

// measure sets what threads are ordered by.
func (t *Thread) measure() {
	authors := make(map[forum.MemberID]bool, len(t.Posts))
	t.likes, t.newest = 0, time.Time{}
	for _, p := range t.Posts {
		authors[p.Author] = true
		t.likes += p.likes()
		if p.PostedAt.After(t.newest) {
			t.newest = p.PostedAt
		}
	}
	t.authors = len(authors)
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

// mentions reports whether a post mentions the member, by ID or by name.
func mentions(c *forum.Content, m forum.Member) bool {
	if m.ID != forum.Guest && slices.Contains(c.Body.Mentions(), int64(m.ID)) {
		return true
	}
	return slices.ContainsFunc(c.Body.Names(), func(name string) bool { return strings.EqualFold(name, m.Name) })
}

// Arrange puts the threads of a filled digest in order, and those that concern the reader into a part of their own, at the top.
func (d *Digest) Arrange(order Order) {
	forYou := Group{ForYou: true}
	groups := []Group{}
	for _, g := range d.Groups {
		var rest []Thread
		for _, t := range g.Threads {
			if t.ConcernsReader() {
				t.Home = g.Section
				forYou.Threads = append(forYou.Threads, t)
			} else {
				rest = append(rest, t)
			}
		}
		if g.Threads = rest; len(rest) > 0 {
			slices.SortStableFunc(g.Threads, order.compare)
			groups = append(groups, g)
		}
	}
	if order == Newest {
		slices.SortStableFunc(groups, func(a, b Group) int { return byNewest(a.Threads[0], b.Threads[0]) })
	}
	if len(forYou.Threads) > 0 {
		slices.SortStableFunc(forYou.Threads, byRelevance)
		groups = slices.Insert(groups, 0, forYou)
	}
	d.Groups = groups
}

// byConcern puts threads first that quote or mention the reader, or in which they take part.
func byConcern(a, b Thread) int {
	return cmp.Or(
		trueFirst(a.QuotesReader, b.QuotesReader),
		trueFirst(a.MentionsReader, b.MentionsReader),
		trueFirst(a.Participated, b.Participated),
	)
}

func (o Order) compare(a, b Thread) int {
	if o == Telling {
		return byRelevance(a, b)
	}
	return byNewest(a, b)
}

// byRelevance orders threads: those that concern the reader, new ones, and those with the most authors, likes and replies; then by the
// newest post.
func byRelevance(a, b Thread) int {
	return cmp.Or(
		byConcern(a, b),
		trueFirst(a.New, b.New),
		cmp.Compare(b.authors, a.authors),
		cmp.Compare(b.likes, a.likes),
		cmp.Compare(len(b.Posts), len(a.Posts)),
		byNewest(a, b),
	)
}

func byNewest(a, b Thread) int {
	return cmp.Or(b.newest.Compare(a.newest), cmp.Compare(b.ID, a.ID))
}

// byMerit orders the posts of a thread by what is shown first if not all are: the opening post, those that concern the reader, and those
// that most members like.
func byMerit(a, b Post) int {
	return cmp.Or(
		trueFirst(a.Opening, b.Opening),
		trueFirst(a.QuotesReader, b.QuotesReader),
		trueFirst(a.MentionsReader, b.MentionsReader),
		cmp.Compare(b.likes(), a.likes()),
		byAge(a, b),
	)
}

// Best returns the thread that tells most about the edition. It must not be empty.
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
