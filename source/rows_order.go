package source

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/finding"
)

// sorted are the queries whose rows must be in ascending order, with the column.
var sorted = map[string]string{"arrivals": "id", "created": "id", "watching": "id", "roster": "id", "watchers": "member_id", "groups": "id"}

// ordered are those that need ORDER BY, with what to order by.
var ordered = map[string]string{"arrivals": "the ID of the post", "created": "the ID of the post", "watching": "the ID of the member", "roster": "the ID of the member",
	"watchers": "member_id", "numbers": "the thread and the position in it", "search": "the name", "groups": "the ID of the group"}

var orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)

// needless are parameters that a query does not have to use.
var needless = []string{"now", "since", "threads", "sections", "roles"}

// unused says what happens if a query does not use a parameter.
var unused = map[string]string{
	"after": "each page would begin at the start", "limit": "it would read the whole table at once", "from": "it would return posts of any time",
	"until": "it would return posts of any time",
}

// checkText finds mistakes that are visible in a query itself: rows may be in order by chance.
func (c *rowCheck) checkText() {
	for _, q := range checkedQueries(c.s.db.queries) {
		query := c.s.db.queries[q.name]
		stored := q.name == "numbers" && query.LineOf("number") != query.Line // the forum stores each post's number
		if by := ordered[q.name]; by != "" && !stored && !orderBy.MatchString(query.Text) {
			c.fail(q.name, "", "add ORDER BY "+by, "without ORDER BY, the database may return rows in any order, and rows would be left out")
		}
		for _, p := range q.params {
			if slices.Contains(query.Params, p) || slices.Contains(needless, p) {
				continue
			}
			then := unused[p]
			if then == "" {
				then = "it would read all rows each time"
			}
			c.fail(q.name, "", "use the parameter in the query's conditions, as docs/query-contract.md says", "it does not use :%s, so %s", p, then)
		}
	}
}

// checkOrder checks that rows are sorted.
func (c *rowCheck) checkOrder(q querySpec, rows []row) {
	column := sorted[q.name]
	if column == "" {
		return
	}
	for i := 1; i < len(rows); i++ {
		if before, n := rows[i-1].number(column), rows[i].number(column); n < before {
			c.fail(q.name, column, "end the query with ORDER BY "+column+" (after a UNION, once for the whole) and LIMIT :limit",
				"%s %d comes after %d: rows must be in ascending order, or the next page leaves out some", column, n, before)
			return
		}
	}
}

// uniqueKeys are the columns in which no two rows of a query may be equal.
var uniqueKeys = map[string][]string{
	"sections": {"id"}, "threads": {"id"}, "posts": {"id"}, "bodies": {"id"}, "numbers": {"id"}, "members": {"id"}, "arrivals": {"id"}, "arrivals_of": {"id"},
	"created": {"id"}, "watching": {"id"}, "roster": {"id"}, "profiles": {"id"}, "visits": {"member_id"}, "section_watches": {"member_id", "section_id"},
	"thread_watches": {"member_id", "thread_id"}, "groups": {"id"}, "rights": {"role", "section_id"}, "titles": {"member_id"}, "newest": {}, "first_since": {}, "read_days": {}, "find": {},
}

// complete are the queries that return a row for each of their IDs, with the query that knows these.
var complete = map[string]string{"threads": "arrivals", "posts": "arrivals", "bodies": "arrivals", "arrivals_of": "arrivals", "members": "roster", "profiles": "roster"}

// checkKeys finds rows that appear twice, that nobody asked for, and that are lost.
func (c *rowCheck) checkKeys(q querySpec, p params, rows []row) {
	if key, has := uniqueKeys[q.name]; has {
		seen := make(map[string]bool)
		for _, r := range rows {
			var parts []string
			for _, column := range key {
				parts = append(parts, column+" "+r.text(column))
			}
			name := strings.Join(parts, ", ")
			if seen[name] {
				if name == "" {
					name = "more than one row"
				}
				c.fail(q.name, "", "a JOIN with several rows multiplies them: use a subquery with EXISTS, MIN or LIMIT 1, or SELECT DISTINCT", "%s appears twice", name)
				break
			}
			seen[name] = true
		}
	}
	asked, byIDs := p["ids"].([]int64)
	if !byIDs || !slices.Contains(q.params, "ids") || len(rows) == 0 && complete[q.name] == "" {
		return
	}
	found := make(map[int64]bool)
	key := keyColumn(q)
	for _, r := range rows {
		found[r.number(key)] = true
	}
	for id := range maps.Keys(found) {
		if !slices.Contains(asked, id) && q.name != "numbers" {
			c.fail(q.name, "", "add WHERE ... IN (:ids)", "it returns id %d, which is not one of :ids", id)
			break
		}
	}
	if q.name == "members" || q.name == "profiles" { // authors and subscribers may be deleted accounts
		asked = slices.DeleteFunc(slices.Clone(asked), func(id int64) bool { return !slices.Contains(c.known, id) })
	}
	if complete[q.name] == "" {
		return
	}
	var lost []int64
	for _, id := range asked {
		if !found[id] {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		c.warn(q.name, "", "a JOIN loses rows whose partner is missing, for example a deleted account (write LEFT JOIN and COALESCE); an aggregate needs GROUP BY",
			"it returns %d of %d rows that %s knows; missing, for example: %d", len(asked)-len(lost), len(asked), complete[q.name], lost[0])
	}
}

// keyColumn is the column of a query with the IDs that it was asked for.
func keyColumn(q querySpec) string {
	for _, name := range []string{"id", "post_id"} {
		if slices.Contains(q.columns, name) {
			return name
		}
	}
	return "thread_id"
}

// checkPaging reads a list again in two pages, and compares them with the whole.
func (c *rowCheck) checkPaging(ctx context.Context, q querySpec, p params, rows []row) error {
	column := sorted[q.name]
	if !slices.Contains(q.params, "after") || len(rows) < 2 || slices.ContainsFunc(c.findings, func(f finding.Finding) bool { return f.Part == "query "+q.name }) {
		return nil
	}
	half := len(rows) / 2
	short := maps.Clone(p)
	short["limit"] = half
	first, err := c.read(ctx, q.name, short)
	if err != nil {
		return ctx.Err()
	}
	next := maps.Clone(p)
	next["after"] = rows[half-1].number(column)
	rest, err := c.read(ctx, q.name, next)
	if err != nil {
		return ctx.Err()
	}
	switch {
	case len(first) > half:
		c.fail(q.name, "", "end the query with LIMIT :limit (after a UNION, once for the whole)", "it returns %d rows for a :limit of %d", len(first), half)
	case !sameKeys(first, rows[:half], column):
		c.fail(q.name, "", "end the query with ORDER BY "+column+" LIMIT :limit (after a UNION, once for the whole)", "with a smaller :limit, it returns other rows at the start: a page would leave out some")
	case len(rest) > 0 && rest[0].number(column) <= next["after"].(int64):
		c.fail(q.name, "", "add WHERE "+column+" > :after (in each part of a UNION)", "it returns %s %d for an :after of %d", column, rest[0].number(column), next["after"])
	case !sameKeys(rest, after(rows, column, next["after"].(int64)), column):
		c.fail(q.name, "", "compare "+column+" itself with :after, and sort by it", "the page after %s %d does not continue the first one: %s", column, next["after"], fmt.Sprintf("%d rows instead of %d", len(rest), len(after(rows, column, next["after"].(int64)))))
	}
	return nil
}

// after returns the rows whose key is greater.
func after(rows []row, column string, key int64) []row {
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.number(column) <= key })
}

// sameKeys reports whether rows begin with those of a page, or the page with the rows.
func sameKeys(a, b []row, column string) bool {
	for i := range min(len(a), len(b)) {
		if a[i].number(column) != b[i].number(column) {
			return false
		}
	}
	return len(a) >= len(b)
}
