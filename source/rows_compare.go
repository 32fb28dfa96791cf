package source

import "slices"

// compare finds contradictions between the rows of queries.
func (c *rowCheck) compare() {
	c.compareArrivals()
	c.compareAuthors()
	c.compareSections()
}

// byID returns the rows of a query by their column id.
func (c *rowCheck) byID(query string) map[int64]row {
	all := make(map[int64]row)
	for _, r := range c.rows[query] {
		all[r.number("id")] = r
	}
	return all
}

func (r row) truth(column string) bool { return r.number(column) == 1 || r.text(column) == "true" }

// compareArrivals compares arrivals with posts and threads. It reports each kind of contradiction once.
func (c *rowCheck) compareArrivals() {
	posts, threads := c.byID("posts"), c.byID("threads")
	reported := make(map[string]bool)
	once := func(kind string, report func(query, column, fix, format string, args ...any), column, fix, format string, args ...any) {
		if !reported[kind] {
			reported[kind] = true
			report("arrivals", column, fix, format, args...)
		}
	}
	for _, a := range c.rows["arrivals"] {
		id, post, thread := a.number("id"), posts[a.number("id")], threads[a.number("thread_id")]
		if post == nil || thread == nil {
			continue
		}
		shown := post.number("state") == 0 && thread.number("state") == 0
		switch {
		case a.truth("visible") && !shown:
			once("visible", c.fail, "visible", "let visible be 1 only if the states of post and thread are 0 in the queries posts and threads",
				"post %d is visible, but its state is %d and that of its thread %d", id, post.number("state"), thread.number("state"))
		case !a.truth("visible") && shown && !thread.truth("redirect") && c.s.db.kind.homemade:
			once("hidden", c.fail, "visible", "use the same conditions for visible and for state in the queries posts and threads: else hidden posts would be sent, or visible ones would not",
				"post %d is not visible, but its state and that of its thread are 0, which is visible", id)
		case post.number("thread_id") != a.number("thread_id"):
			once("thread", c.fail, "thread_id", "use the same column in both queries", "post %d is in thread %d, but in %d according to the query posts", id, a.number("thread_id"), post.number("thread_id"))
		case post.number("posted_at") != a.number("posted_at") && post.number("posted_at") != 0 && a.number("posted_at") != 0:
			once("time", c.warn, "posted_at", "use the same column in both queries", "post %d was written at %d, but at %d according to the query posts", id, a.number("posted_at"), post.number("posted_at"))
		}
	}
}

// compareAuthors checks that all queries agree who wrote a post: members get no posts of their own, and none by members that they ignore.
func (c *rowCheck) compareAuthors() {
	posts := c.byID("posts")
	for _, query := range []string{"arrivals", "bodies"} {
		for _, r := range c.rows[query] {
			post := posts[r.number("id")]
			if post != nil && post.number("author_id") != r.number("author_id") {
				c.fail(query, "author_id", "use the same column in the queries posts, bodies and arrivals", "post %d is by member %d, but by %d according to the query posts",
					r.number("id"), r.number("author_id"), post.number("author_id"))
				break
			}
		}
	}
}

// compareSections finds sections that other sections, threads and watches name, and that the query sections does not return.
func (c *rowCheck) compareSections() {
	sections := c.byID("sections")
	if len(sections) == 0 || len(c.rows["sections"]) >= sampleRows {
		return // it may return more sections than were read
	}
	unknown := func(query, column string) (ids []int64) {
		for _, r := range c.rows[query] {
			if id := r.number(column); id != 0 && sections[id] == nil {
				ids = append(ids, id)
			}
		}
		return ids
	}
	if ids := unknown("sections", "parent_id"); len(ids) > 0 {
		c.warn("sections", "parent_id", "let parent_id be 0 for sections at the top, and return their parents otherwise",
			"the parent %d is not among the sections: %d of %d sections, and all below them, are not listed", ids[0], len(ids), len(sections))
	}
	if ids := unknown("threads", "section_id"); len(ids) > 0 {
		c.warn("sections", "", "return all sections, also closed ones (with closed = 1)",
			"there is no section %d, which %d of %d threads name with others that are missing: no member may read them", slices.Min(ids), len(ids), len(c.rows["threads"]))
	}
	if ids := unknown("section_watches", "section_id"); 2*len(ids) > len(c.rows["section_watches"]) {
		c.warn("section_watches", "section_id", "write the ID that the section has in the query sections",
			"there is no section %d: %d of %d rows are watches of sections that the query sections does not return", ids[0], len(ids), len(c.rows["section_watches"]))
	}
}
