package source

import (
	"context"
	"math"
	"slices"
)

// ask asks queries for what other queries answered already.
func (c *rowCheck) ask(ctx context.Context) error {
	for _, question := range []func(context.Context){c.askNewest, c.askFirstSince, c.askBetween, c.askFirstPosts, c.askWatchedThreads, c.askFind} {
		if question(ctx); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// again reads a query once more. Errors are reported with its first run.
func (c *rowCheck) again(ctx context.Context, name string, p params) []row {
	if c.failed[name] {
		return nil
	}
	rows, err := c.read(ctx, name, p)
	if err != nil {
		return nil
	}
	return rows
}

// askNewest looks for posts after the newest one.
func (c *rowCheck) askNewest(ctx context.Context) {
	if len(c.rows["newest"]) == 0 {
		return
	}
	newest := c.rows["newest"][0].number("id")
	for _, r := range c.again(ctx, "arrivals", params{"after": newest, "limit": sampleRows}) {
		if id := r.number("id"); id > newest {
			c.fail("newest", "id", "write COALESCE(MAX(...), 0) AS id, of the IDs of all posts", "it returns %d, but the query arrivals has post %d", newest, id)
			return
		}
	}
}

// askFirstSince asks for the posts since a known one was written, and for those of the future. Without any, the answer must not be NULL. Our
// own queries for SMF, which lacks an index on times, look only behind the last visits.
func (c *rowCheck) askFirstSince(ctx context.Context) {
	arrivals := c.rows["arrivals"]
	if len(arrivals) > 0 && c.s.db.kind.homemade {
		known := arrivals[len(arrivals)/2]
		id, written := known.number("id"), known.number("posted_at")
		rows := c.again(ctx, "first_since", params{"from": written})
		if len(rows) == 1 && rows[0]["id"] != nil && written > 0 && c.latest < 100_000_000_000 { // milliseconds are reported elsewhere
			if first := rows[0].number("id"); first < 1 || first > id {
				c.fail("first_since", "id", "write COALESCE(MIN(...), 0) AS id, of the IDs of all posts that were written at :from or later",
					"for the time at which post %d was written, it returns %d, and must return this post or one before it", id, first)
			}
		}
	}
	for _, r := range c.again(ctx, "first_since", params{"from": int64(math.MaxInt32)}) {
		if r["id"] == nil {
			c.fail("first_since", "id", nullFix("id"), "column id is NULL if no post was written since :from")
		}
	}
}

// askBetween looks for posts that arrivals leaves out. Those without a thread do not matter.
func (c *rowCheck) askBetween(ctx context.Context) {
	if len(c.posts) < 2 {
		return
	}
	var left []int64
	for id := slices.Max(c.posts) - 1; id > slices.Min(c.posts) && len(left) < sampleRows; id-- {
		if !slices.Contains(c.posts, id) {
			left = append(left, id)
		}
	}
	if len(left) == 0 {
		return
	}
	posts := c.again(ctx, "posts", params{"ids": left})
	var threads []int64
	for _, r := range posts {
		threads = append(threads, r.number("thread_id"))
	}
	if threads = distinct(threads...); len(threads) == 0 {
		return
	}
	known := make(map[int64]bool)
	for _, r := range c.again(ctx, "threads", params{"ids": threads}) {
		known[r.number("id")] = true
	}
	for _, r := range posts {
		if known[r.number("thread_id")] && slices.Contains(left, r.number("id")) {
			c.fail("arrivals", "", "return all posts, whatever their state; a JOIN loses posts whose partner is missing, for example a deleted account (write LEFT JOIN and COALESCE)",
				"it leaves out post %d, which the query posts has: nobody would get such posts", r.number("id"))
			return
		}
	}
}

// askFirstPosts checks that the first post of a thread is in it, and that none is older.
func (c *rowCheck) askFirstPosts(ctx context.Context) {
	var ids []int64
	for _, t := range c.rows["threads"] {
		ids = append(ids, t.number("first_post_id"))
	}
	if ids = distinct(ids...); len(ids) == 0 {
		return
	}
	posts := make(map[int64]row)
	for _, r := range c.again(ctx, "posts", params{"ids": ids}) {
		posts[r.number("id")] = r
	}
	oldest := make(map[int64]row)
	for _, a := range c.rows["arrivals"] {
		if thread := a.number("thread_id"); oldest[thread] == nil || a.number("posted_at") < oldest[thread].number("posted_at") {
			oldest[thread] = a
		}
	}
	const fix = "write the ID of the oldest post of the thread AS first_post_id, for example with MIN, or 0 if it has none"
	for _, t := range c.rows["threads"] {
		thread, first := t.number("id"), posts[t.number("first_post_id")]
		switch {
		case first == nil:
		case first.number("thread_id") != thread:
			c.warn("threads", "first_post_id", fix, "post %d is the first of thread %d, but in thread %d according to the query posts", first.number("id"), thread, first.number("thread_id"))
			return
		case oldest[thread] != nil && oldest[thread].number("posted_at") < first.number("posted_at"):
			c.warn("threads", "first_post_id", fix, "post %d is the first of thread %d, but post %d is older", first.number("id"), thread, oldest[thread].number("id"))
			return
		}
	}
}

// askWatchedThreads looks for the threads that members watch. Some may be deleted.
func (c *rowCheck) askWatchedThreads(ctx context.Context) {
	var ids []int64
	for _, r := range c.rows["thread_watches"] {
		ids = append(ids, r.number("thread_id"))
	}
	if ids = distinct(ids...); len(ids) == 0 || c.failed["threads"] {
		return
	}
	found := make(map[int64]bool)
	for _, r := range c.again(ctx, "threads", params{"ids": ids}) {
		found[r.number("id")] = true
	}
	if 2*len(found) < len(ids) {
		missing := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return found[id] })
		c.warn("thread_watches", "thread_id", "write the ID that the thread has in the query threads",
			"there is no thread %d: %d of %d threads that members watch are not in the query threads", missing[0], len(missing), len(ids))
	}
}

// askFind looks for a member by their name, as it is stored. NodeBB's list of names has another spelling.
func (c *rowCheck) askFind(ctx context.Context) {
	if !c.s.db.kind.homemade {
		return
	}
	for _, m := range c.rows["members"] {
		name := m.text("name")
		if name == "" {
			continue
		}
		rows := c.again(ctx, "find", params{"name": name})
		if c.failed["find"] || slices.ContainsFunc(rows, func(r row) bool { return r.number("id") == m.number("id") }) {
			return
		}
		c.warn("find", "id", "compare :name with the column that the query members returns AS name", "for the name of member %d, it does not return this member", m.number("id"))
		return
	}
}
