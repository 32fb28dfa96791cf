package source

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"postrider/forum"
)

// manyNodebbPosts is a forum with 20,000 members, 2,000 topics and 200,000 posts. One member in ten follows something. One topic has
// 5,000 posts.
const manyNodebbPosts = `
	ALTER TABLE legacy_hash DROP CONSTRAINT fk__legacy_hash__key;
	ALTER TABLE legacy_zset DROP CONSTRAINT fk__legacy_zset__key;
	ALTER TABLE legacy_set DROP CONSTRAINT fk__legacy_set__key;
	CREATE TEMP TABLE p AS SELECT n AS pid, CASE WHEN n % 40 = 0 THEN 1001 ELSE 1002 + n % 1999 END AS tid, 1001 + n % 20000 AS uid, 1795000000000 + n * 1000 AS ms
		FROM generate_series(1001, 201000) n;
	INSERT INTO legacy_hash SELECT 'post:' || pid, jsonb_build_object('pid', pid, 'tid', tid, 'uid', uid, 'content', 'A post.', 'timestamp', ms, 'upvotes', 1) FROM p;
	INSERT INTO legacy_hash SELECT 'topic:' || tid, jsonb_build_object('tid', tid, 'cid', 7, 'uid', MIN(uid), 'title', 'A topic', 'mainPid', MIN(pid), 'timestamp', MIN(ms)) FROM p GROUP BY tid;
	INSERT INTO legacy_zset SELECT 'posts:pid', pid, ms FROM p;
	INSERT INTO legacy_zset SELECT 'tid:' || tid || ':posts', pid, ms FROM p WHERE pid NOT IN (SELECT MIN(pid) FROM p GROUP BY tid);
	INSERT INTO legacy_zset SELECT 'tid:' || tid || ':posters', uid, COUNT(*) FROM p GROUP BY tid, uid;
	INSERT INTO legacy_set SELECT 'pid:' || pid || ':upvote', uid FROM p WHERE pid % 10 = 0;
	CREATE TEMP TABLE u AS SELECT n AS uid, 'Member ' || n AS name FROM generate_series(1001, 21000) n;
	INSERT INTO legacy_hash SELECT 'user:' || uid, jsonb_build_object('uid', uid, 'username', name, 'email', 'm' || uid || '@example.test', 'email:confirmed', 1, 'groupTitle', '["Retired"]') FROM u;
	INSERT INTO legacy_hash SELECT 'user:' || uid || ':settings', '{"notificationType_new-reply": "email", "notificationType_new-topic-in-category": "email"}' FROM u WHERE uid % 10 = 0;
	INSERT INTO legacy_zset SELECT 'users:joindate', uid, uid FROM u;
	INSERT INTO legacy_zset SELECT 'username:sorted', lower(name) || ':' || uid, 0 FROM u;
	INSERT INTO legacy_zset SELECT 'userslug:uid', replace(lower(name), ' ', '-'), uid FROM u;
	INSERT INTO legacy_zset SELECT 'email:uid', 'm' || uid || '@example.test', uid FROM u;
	INSERT INTO legacy_zset SELECT 'group:registered-users:members', uid, 1 FROM u;
	INSERT INTO legacy_zset SELECT 'uid:' || uid || ':followed_tids', 1001 + uid % 2000, 1 FROM u WHERE uid % 10 = 0;
	INSERT INTO legacy_set SELECT 'tid:' || 1001 + uid % 2000 || ':followers', uid FROM u WHERE uid % 10 = 0;
	INSERT INTO legacy_zset SELECT 'uid:' || uid || ':tids_read', 1001 + n, 1795000000000 + n FROM u, generate_series(1, 10) n;
	INSERT INTO legacy_zset SELECT 'uid:' || uid || ':ignored_tids', 1001, 1 FROM u WHERE uid % 100 = 0;
	INSERT INTO legacy_zset SELECT 'cid:' || cid || ':uid:watch:state', uid, 3 + uid % 2 FROM u, generate_series(7, 9) cid WHERE uid % 50 < 2;
	INSERT INTO legacy_zset SELECT 'uid:' || uid || ':chat:rooms:unread', uid, 1 FROM generate_series(1001, 3000, 10) uid;
	INSERT INTO legacy_zset SELECT 'chat:room:' || room || ':mids', 100 * room + n, n FROM generate_series(1001, 3000, 10) room, generate_series(1, 50) n;
	INSERT INTO legacy_hash SELECT 'message:' || 100 * room + n, jsonb_build_object('fromuid', 1002) FROM generate_series(1001, 3000, 10) room, generate_series(1, 50) n;
	UPDATE legacy_hash SET data = data || '{"nextPid": 201000, "nextUid": 21000}' WHERE _key = 'global';
	ANALYZE legacy_hash, legacy_zset, legacy_set`

// nodebbReads holds the parameters of every query, and how many rows of the forum's tables it may read. Where NodeBB keeps one list for
// all, a query reads those from its start.
func nodebbReads() map[string]struct {
	params params
	most   int
} {
	var posts []forum.PostID
	var threads []forum.ThreadID
	var members []forum.MemberID
	var names, addresses []string
	for i := range 200 {
		posts = append(posts, forum.PostID(150_001+i*41))
		threads = append(threads, forum.ThreadID(1100+i))
		members = append(members, forum.MemberID(1001+i*10))
		names = append(names, fmt.Sprintf("member %d", 1001+i), fmt.Sprintf("not-a-member-%d", i))
		addresses = append(addresses, fmt.Sprintf("m%d@example.test", 1001+i))
	}
	const categories, groups = 20, 20
	type statement = struct {
		params params
		most   int
	}
	return map[string]statement{
		"sections":        {params{}, 3 * categories},
		"threads":         {params{"ids": threads}, 3 * len(threads)},
		"posts":           {params{"ids": posts}, 2 * len(posts)},
		"bodies":          {params{"ids": posts}, 2*len(posts) + 1},
		"numbers":         {params{"ids": []forum.PostID{200_000, 200_040}}, 5100},
		"likes":           {params{"ids": posts}, 2*len(posts) + 1},
		"solved":          {params{"ids": threads}, len(threads)},
		"badges":          {params{"members": members}, 3 * len(members)},
		"members":         {params{"ids": members, "now": 1795431600}, 4*len(members) + 8*categories + groups + 2},
		"find":            {params{"name": "member 4711"}, 1},
		"search":          {params{"begins": "member 4%", "limit": 20}, 40},
		"watching":        {params{"after": 0, "limit": 100}, 2500},
		"rights":          {params{"roles": []string{"1", "u7"}}, 10 * categories},
		"section_watches": {params{"members": members}, 2*len(members) + len(members)*categories},
		"thread_watches":  {params{"members": members}, 3 * len(members)},
		"mutes":           {params{"members": members}, 3*len(members) + len(members)*categories},
		"watchers":        {params{"threads": threads, "sections": []int{7, 8}, "after": 0, "limit": 1000}, 2000},
		"unread_messages": {params{"members": members}, 4 * len(members)},
		"ignores":         {params{"members": members}, len(members)},
		"thread_reads":    {params{"members": members, "since": 1}, 11 * len(members)},
		"took_part":       {params{"members": members, "threads": threads[:20]}, 20*100 + len(members)},
		"arrivals":        {params{"after": 100_000, "limit": 500}, 4 * 500},
		"arrivals_of":     {params{"ids": posts}, 4 * len(posts)},
		"first_since":     {params{"from": 1795200000}, 2000},
		"newest":          {params{}, 2},
		"created":         {params{"from": 1795200000, "until": 1795200500}, 1100},
		"counters":        {params{}, 20 * 250},
		"site":            {params{}, 1},
		"own_digests":     {params{}, 1},
		"addons":          {params{}, 20},
		"roster":          {params{"after": 1000, "limit": 100}, 101},
		"profiles":        {params{"ids": members}, len(members)},
		"visits":          {params{"members": members}, len(members)},
		"groups":          {params{}, 400},
		"memberships":     {params{"members": members}, 2*len(members) + 400},
		"named":           {params{"names": names}, 2 * len(names)},
		"group_members":   {params{"names": append([]string{"administrators"}, names...)}, 2*len(names) + 10},
		"addressed":       {params{"addresses": addresses}, len(addresses)},
	}
}

// everyMember is for the queries that count or search all members, for a person who waits.
const everyMember = 1_000_000

func TestNodebb_QueriesReadOnlyRowsTheyAnswerFor(t *testing.T) {
	f := newFixture(t, "nodebb")
	execute(t, openAny(t, f.dsn), manyNodebbPosts)
	for _, found := range costFindings(t, f) {
		t.Errorf("%s", found.Text)
	}
	db := f.open(t)
	for name, q := range db.queries {
		q.Text = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + q.Text
		db.queries[name] = q
	}
	tested := nodebbReads()
	for _, unbounded := range []string{"containing", "mailable", "member_counters", "watch_counts"} {
		tested[unbounded] = struct {
			params params
			most   int
		}{params{"part": "%a%", "limit": 20, "now": 1795431600}, everyMember}
	}
	read(t, db, func(s *Snapshot) error {
		for name := range db.queries {
			statement, known := tested[name]
			if name == "read_days" {
				continue
			}
			if !known {
				t.Errorf("query %s is not tested", name)
				continue
			}
			plan := explained(t, s, name, statement.params)
			n, scans := plan.reads()
			if n > statement.most {
				t.Errorf("%s reads %d rows, want at most %d:\n%s", name, n, statement.most, plan.outline(""))
			}
			if len(scans) > 0 && statement.most < everyMember {
				t.Errorf("%s reads the whole of %v", name, scans)
			}
		}
		return nil
	})
}

// queryPlan is a node of a plan of PostgreSQL.
type queryPlan struct {
	Node     string  `json:"Node Type"`
	Table    string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Rejected float64 `json:"Rows Removed by Index Recheck"`
	Plans    []queryPlan
}

func explained(t *testing.T, s *Snapshot, name string, p params) queryPlan {
	t.Helper()
	rows, err := s.query(context.WithoutCancel(t.Context()), name, p)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer rows.Close()
	var text []byte
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
	}
	var plans []struct{ Plan queryPlan }
	if err := json.Unmarshal(text, &plans); err != nil || len(plans) != 1 {
		t.Fatalf("%s: plan %s: %v", name, text, err)
	}
	return plans[0].Plan
}

// reads returns how many rows of tables the plan reads, and the tables that it reads from end to end.
func (q queryPlan) reads() (rows int, scanned []string) {
	if q.Table != "" {
		rows = int((q.Rows + q.Filtered + q.Rejected) * q.Loops)
		if q.Node == "Seq Scan" {
			scanned = append(scanned, q.Table)
		}
	}
	for _, below := range q.Plans {
		n, tables := below.reads()
		rows, scanned = rows+n, append(scanned, tables...)
	}
	return rows, scanned
}

func (q queryPlan) outline(indent string) string {
	text := fmt.Sprintf("%s%s %s %s: (%g+%g) x %g\n", indent, q.Node, q.Table, q.Index, q.Rows, q.Filtered+q.Rejected, q.Loops)
	var b strings.Builder
	for _, below := range q.Plans {
		b.WriteString(below.outline(indent + "  "))
	}
	return text + b.String()
}
