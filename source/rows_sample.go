package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// gather reads the forum's newest posts and some of its members, which the other queries are run for.
func (c *rowCheck) gather(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.gatherPosts, c.gatherMembers} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	rows, err := c.read(ctx, "sections", nil)
	if err != nil {
		return nil // it is reported with the query
	}
	for _, r := range rows {
		c.sections = append(c.sections, r.number("id"))
	}
	c.sections = distinct(c.sections...)
	return nil
}

// gatherPosts reads up to [sampleRows] of the newest posts, and at least half of them if there are as many. IDs may have gaps, so it looks back
// further and further.
func (c *rowCheck) gatherPosts(ctx context.Context) error {
	newest, err := c.read(ctx, "newest", nil)
	if err != nil || len(newest) == 0 {
		return nil
	}
	last := newest[0].number("id")
	var rows []row
	for back := min(sampleRows, last); ; {
		if rows, err = c.read(ctx, "arrivals", params{"after": max(0, last-back), "limit": sampleRows}); err != nil {
			return nil
		}
		if len(rows) >= sampleRows/2 || back >= last {
			break
		}
		if back > last/2 {
			back = last
		} else {
			back *= 2
		}
	}
	for _, r := range rows[:min(sampleRows, len(rows))] {
		c.posts = append(c.posts, r.number("id"))
		c.threads = append(c.threads, r.number("thread_id"))
		c.members = append(c.members, r.number("author_id"))
		c.latest = max(c.latest, r.number("posted_at"))
	}
	c.posts, c.threads = distinct(c.posts...), distinct(c.threads...)
	return nil
}

// gatherMembers takes subscribers, authors and other members in turn.
func (c *rowCheck) gatherMembers(ctx context.Context) error {
	authors := distinct(c.members...)
	lists := [][]int64{authors}
	for _, query := range []string{"watching", "roster"} {
		rows, err := c.read(ctx, query, params{"after": 0, "limit": sampleRows})
		if err != nil {
			continue
		}
		var ids []int64
		for _, r := range rows {
			ids = append(ids, r.number("id"))
		}
		lists = append(lists, ids)
		if query == "roster" {
			c.known = ids
		}
	}
	var mixed []int64
	for i := range sampleRows {
		for _, list := range lists {
			if i < len(list) {
				mixed = append(mixed, list[i])
			}
		}
	}
	c.members = distinct(mixed...)
	if groups, err := c.read(ctx, "groups", nil); err == nil {
		for _, r := range groups {
			c.groups = append(c.groups, r.number("id"))
		}
	}
	if len(c.members) == 0 {
		return nil
	}
	rows, err := c.read(ctx, "members", params{"ids": c.members, "now": c.now.Unix()})
	if err != nil {
		return nil
	}
	for _, r := range rows {
		c.roles = append(c.roles, rolesOf(classOf(r.text("roles")))...)
		c.names = append(c.names, r.text("name"))
		if email := r.text("email"); email != "" {
			c.emails = append(c.emails, email)
		}
	}
	slices.Sort(c.roles)
	c.roles = slices.Compact(c.roles)
	return nil
}

// parameters returns what a query is run with, and false if the forum has nothing of the kind.
func (c *rowCheck) parameters(q querySpec) (params, bool) {
	ids := c.posts
	switch q.name {
	case "threads", "thread_sections", "prefixes", "solved":
		ids = c.threads
	case "members", "profiles", "recipients":
		ids = c.members
	}
	begins := "%"
	if len(c.names) > 0 && c.names[0] != "" {
		begins = string([]rune(c.names[0])[:1]) + "%"
	}
	p := params{"ids": ids, "members": c.members, "threads": c.threads, "sections": c.sections, "roles": c.roles, "groups": c.groups, "names": c.names,
		"addresses": c.emails, "now": c.now.Unix(), "after": int64(0), "limit": sampleRows, "begins": begins, "part": "%" + begins,
		"since": c.now.AddDate(-1, 0, 0).Unix(), "from": c.latest - 3600, "until": c.latest + 1, "name": firstOf(c.names)}
	if q.name == "arrivals" && len(c.posts) > 0 {
		p["after"] = slices.Min(c.posts) - 1
	}
	for _, name := range q.params {
		empty := false
		switch list := p[name].(type) {
		case []int64:
			empty = len(list) == 0
		case []string:
			empty = len(list) == 0
		}
		if empty {
			return nil, false
		}
	}
	return p, true
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// checkQuery runs a query and checks its rows.
func (c *rowCheck) checkQuery(ctx context.Context, q querySpec) error {
	p, possible := c.parameters(q)
	if !possible {
		return nil
	}
	rows, err := c.read(ctx, q.name, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if connectionLost(err) {
		c.add(c.s.db.lostFinding(q, err))
		return errLost
	}
	if long, isLong := errors.AsType[*longValue](err); isLong {
		c.failed[q.name] = true
		c.fail(q.name, long.column, long.fix(), "%v", err)
		return nil
	}
	if err != nil {
		c.failed[q.name] = true
		c.fail(q.name, "", c.s.db.queryFix(q, err), "%v", err)
		return nil
	}
	if slices.Contains(q.params, "limit") && len(rows) > sampleRows {
		c.fail(q.name, "", "end the query with LIMIT :limit", "it returns more rows than its :limit of %d", sampleRows)
	}
	rows = rows[:min(len(rows), sampleRows)]
	c.rows[q.name] = rows
	c.checkCells(q, rows)
	c.checkOrder(q, rows)
	c.checkKeys(q, p, rows)
	return c.checkPaging(ctx, q, p, rows)
}

// where names a row for a person.
func where(r row) string {
	for _, key := range []string{"id", "member_id", "role", "name", "word"} {
		if v, has := r[key]; has && v != nil {
			return fmt.Sprintf("%s %s", key, r.text(key))
		}
	}
	return "its row"
}
