package source

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/markup"
)

func TestDiscourse_AccountWithoutSettingsGetsDefaults(t *testing.T) {
	f := newFixture(t, "discourse")
	admin := openAny(t, f.dsn)
	execute(t, admin, `INSERT INTO site_settings (name, data_type, value, created_at, updated_at) VALUES
		('must_approve_users', 5, 't', now(), now()), ('bounce_score_threshold', 3, '10', now(), now()), ('disable_mailing_list_mode', 5, 'f', now(), now()),
		('suppress_secured_categories_from_admin', 5, 't', now(), now());
		UPDATE users SET approved = FALSE WHERE id IN (2, 3);
		CREATE ROLE settings_reader LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO settings_reader; REVOKE SELECT ON site_settings FROM settings_reader`)
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP OWNED BY settings_reader; DROP ROLE settings_reader"); err != nil {
			t.Error(err)
		}
	})
	c := f.config()
	u, err := url.Parse(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("settings_reader", "x")
	c.DSN = u.String()
	keys := f.expect.Keys
	for name, tt := range map[string]struct {
		db                      *DB
		panda, ray, m08         string
		adminReads, listDigests bool
	}{
		"with the settings": {f.open(t), AwaitingApproval, "", "", false, false},
		"without":           {openConfig(t, c), "", "", Bouncing, true, true},
	} {
		m := membersByID(t, f, tt.db)
		for key, want := range map[string]string{"panda": tt.panda, "ray": tt.ray, "m08": tt.m08} { // Ray is a moderator
			if got := m[keys.Members[key]].NoMail; got != want {
				t.Errorf("%s: %s gets no email because of %q, want %q", name, key, got, want)
			}
		}
		if got := !m[keys.Members["m06"]].OptOuts.Has(forum.Digests); got != tt.listDigests {
			t.Errorf("%s: a member in mailing list mode gets digests: %t, want %t", name, got, tt.listDigests)
		}
		class := m[keys.Members["admin"]].Class
		access := readOne(t, tt.db, func(s *Snapshot) (map[forum.Class]forum.Access, error) {
			return s.Access(t.Context(), []forum.Class{class})
		})
		if got := access[class][keys.Sections["xtl2"]] == forum.ReadAll; got != tt.adminReads {
			t.Errorf("%s: the administrator may read a category of others: %t, want %t", name, got, tt.adminReads)
		}
	}
	var warned []string
	for _, x := range openConfig(t, c).Check(t.Context()) {
		if x.Part == "optional table" && x.Level == finding.LevelWarn {
			warned = append(warned, x.Text+": "+x.Fix)
		}
	}
	if len(warned) == 0 || !strings.Contains(warned[0], "cannot read site_settings") || !strings.Contains(warned[0], "grant SELECT") {
		t.Errorf("the check warns of %q", warned)
	}
}

func TestDiscourse_HidesWhatIsNotForEverybody(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), `CREATE TABLE shared_drafts (topic_id INT); INSERT INTO shared_drafts VALUES (12);
		UPDATE users SET moderator = TRUE WHERE id = 16;
		INSERT INTO category_groups (id, category_id, group_id, created_at, updated_at, permission_type) VALUES (99, 10, 0, now(), now(), 3)`)
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		threads, err := s.Threads(t.Context(), []forum.ThreadID{12, 71, 1, 72, 46, 61})
		if err != nil {
			return err
		}
		states := make(map[forum.ThreadID]forum.State)
		for _, th := range threads {
			states[th.ID] = th.State
		}
		// A shared draft, a private message, a topic about a category, an unlisted one, a deleted one, an ordinary one.
		want := map[forum.ThreadID]forum.State{12: forum.Hidden, 1: forum.Hidden, 72: forum.Hidden, 46: forum.Deleted, 61: forum.Visible}
		if fmt.Sprint(states) != fmt.Sprint(want) {
			t.Errorf("states of threads are %v, want %v", states, want)
		}
		ignores, err := s.Ignores(t.Context(), ids(4))
		if err != nil || ignores[4][16] {
			t.Errorf("a moderator is ignored: %v, %v", ignores, err)
		}
		mutes, err := s.Mutes(t.Context(), ids(4))
		if err != nil || !mutes[4].Muted[26] || len(mutes[4].Muted) != 1 {
			t.Errorf("mutes are %v, %v, want topic 26", mutes, err)
		}
		return nil
	})
	compareRights(t, f, db) // "everyone" opens no restricted category
}

func TestDiscourse_ReadsSourceOfPostWithoutHTML(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), `UPDATE posts SET cooked = '', raw = '[quote="Ray, post:3, topic:61"]
Words.
[/quote]
Mine [spoiler]SECRET[/spoiler]
[details="Log"]
SECRET
[/details]' WHERE id = 352`)
	contents := readOne(t, f.open(t), func(s *Snapshot) (map[forum.PostID]*forum.Content, error) {
		return s.Contents(t.Context(), []forum.PostID{352})
	})
	d := contents[352].Body
	if q := d.Quotes(); len(q) != 1 || q[0].Author != "Ray" || q[0].Post != 0 {
		t.Errorf("quotes are %+v, want one of Ray without an ID", q)
	}
	if text := d.Text(markup.Labels{}, 72); strings.Contains(text, "SECRET") || !strings.Contains(text, "Mine") {
		t.Errorf("text is %q", text)
	}
}

func TestDiscourse_MentionsAreMembersNames(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), `UPDATE posts SET cooked = '<p><a class="mention" href="/u/ray">@Ray</a> and <span class="mention">@nobody</span></p>' WHERE id = 352`)
	read(t, f.open(t), func(s *Snapshot) error {
		texts, err := s.Texts(t.Context(), []forum.PostID{352})
		if err != nil {
			return err
		}
		found, err := s.MembersByName(t.Context(), texts[352].Body.Names())
		if len(found) != 1 || found["Ray"] != f.expect.Keys.Members["ray"] {
			t.Errorf("the post mentions %v, want Ray", found)
		}
		return err
	})
}

func TestDiscourse_LinksNeedNoNames(t *testing.T) {
	l := discourseLinks("https://forum.example.org")
	for got, want := range map[string]string{
		l.Section(7): "https://forum.example.org/c/7", l.Thread(12): "https://forum.example.org/t/12", l.Post(12, 34): "https://forum.example.org/p/34", l.Member(5): "",
	} {
		if got != want {
			t.Errorf("link is %q, want %q", got, want)
		}
	}
}

// busyDiscourse is a site with 20,000 members and 200,000 posts. Some members visited 200 topics each. Few watch anything. It has the indexes of
// Discourse itself that matter here.
const busyDiscourse = `
	CREATE INDEX ON category_users (category_id, user_id, notification_level);
	CREATE UNIQUE INDEX ON group_users (user_id, group_id);
	CREATE INDEX ON posts (user_id, created_at);
	CREATE INDEX ON posts (user_id) WHERE deleted_at IS NULL;
	CREATE INDEX ON posts (topic_id, sort_order);
	CREATE INDEX ON posts (topic_id, post_number) WHERE deleted_at IS NOT NULL;
	CREATE INDEX ON topics (user_id) WHERE deleted_at IS NULL;
	CREATE UNIQUE INDEX ON topic_users (user_id, topic_id);
	CREATE INDEX ON post_actions (post_id);
	CREATE INDEX ON post_actions (user_id);
	CREATE INDEX ON user_emails (user_id);
	INSERT INTO users (id, username, username_lower, name, created_at, updated_at, active, trust_level, last_seen_at)
	SELECT n, 'Member_' || n, 'member_' || n, 'Member ' || n, '2026-01-01', '2026-01-01', TRUE, 1, '2026-11-20' FROM generate_series(1001, 21000) n;
	INSERT INTO user_emails (id, user_id, email, "primary", created_at, updated_at)
	SELECT n, n, 'm' || n || '@example.test', TRUE, '2026-01-01', '2026-01-01' FROM generate_series(1001, 21000) n;
	INSERT INTO user_options (user_id) SELECT n FROM generate_series(1001, 21000) n;
	INSERT INTO user_stats (user_id, new_since) SELECT n, '2026-01-01' FROM generate_series(1001, 21000) n;
	INSERT INTO group_users (id, group_id, user_id, created_at, updated_at) SELECT n, 10, n, '2026-01-01', '2026-01-01' FROM generate_series(1001, 21000) n;
	INSERT INTO topics (id, title, created_at, updated_at, user_id, last_post_user_id, category_id, bumped_at)
	SELECT n, 'Topic ' || n, '2026-01-01', '2026-01-01', 1001 + n % 500, 1001, 7, '2026-01-01' FROM generate_series(10001, 20000) n;
	INSERT INTO posts (id, user_id, topic_id, post_number, raw, cooked, created_at, updated_at, last_version_at)
	SELECT n, 1001 + n % 500, 10001 + (n - 100001) % 10000, 1 + (n - 100001) / 10000, 'Words.', '<p>Words.</p>',
	       TIMESTAMP '2026-11-20' - (300001 - n) * INTERVAL '1 minute', '2026-01-01', '2026-01-01' FROM generate_series(100001, 300000) n;
	INSERT INTO topic_users (id, user_id, topic_id, last_read_post_number, last_visited_at, notification_level)
	SELECT 1000 + 200 * (m - 1001) + k, m, 10001 + (m * 7 + k * 53) % 10000, 20, '2026-05-01', CASE WHEN m IN (1100, 1200) AND k = 1 THEN 3 ELSE 1 END
	  FROM generate_series(1001, 1300) m, generate_series(0, 199) k ON CONFLICT DO NOTHING;
	UPDATE topic_users SET last_visited_at = '2026-11-19' WHERE user_id = 1100;
	CREATE UNIQUE INDEX ON topic_allowed_users (user_id, topic_id);
	INSERT INTO topics (id, title, archetype, created_at, updated_at, user_id, last_post_user_id, bumped_at)
	SELECT n, '', 'private_message', '2026-01-01', '2026-01-01', 1001, 1001, '2026-01-01' FROM generate_series(30001, 40000) n;
	INSERT INTO topic_allowed_users (id, user_id, topic_id, created_at, updated_at) SELECT n, 1001 + n % 10000, n, '2026-01-01', '2026-01-01' FROM generate_series(30001, 40000) n;
	INSERT INTO posts (id, user_id, topic_id, post_number, raw, cooked, created_at, updated_at, last_version_at)
	SELECT 1000 + n, 1500, 30001 + n % 10000, 1 + n / 10000, '', '', '2026-01-01', '2026-01-01', '2026-01-01' FROM generate_series(0, 29999) n;
	INSERT INTO post_actions (id, post_id, user_id, post_action_type_id, created_at, updated_at)
	SELECT n, n + 100000, 1001 + n % 500, 2, '2026-01-01', '2026-01-01' FROM generate_series(1001, 50000) n`

func TestDiscourse_StatementsReadOnlyWhatTheyAnswerFor(t *testing.T) {
	f := newFixture(t, "discourse")
	admin := openAny(t, f.dsn)
	execute(t, admin, busyDiscourse)
	for _, index := range knownIndexes(t, f) { // one by one, as CONCURRENTLY demands
		execute(t, admin, index)
	}
	execute(t, admin, "VACUUM ANALYZE")
	for _, found := range costFindings(t, f) {
		t.Errorf("%s", found.Text)
	}
	read(t, f.open(t), func(s *Snapshot) error {
		if err := s.exec(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil { // small tables are faster without their indexes
			return err
		}
		for name, b := range discourseStatements() {
			rows, read := countRowsRead(t, s, name, b.params)
			if limit := 8*max(rows, b.most) + 50; read > limit {
				t.Errorf("%s reads %d rows to return %d, want at most %d", name, read, rows, limit)
			}
		}
		return nil
	})
}

type boundedStatement struct {
	params params
	most   int // rows that it answers for
}

// discourseStatements are the statements of a round, on a busy site, with how many rows each answers for.
func discourseStatements() map[string]boundedStatement {
	var posts []forum.PostID
	var threads []forum.ThreadID
	for i := range 300 {
		posts = append(posts, forum.PostID(299001+3*i))
		threads = append(threads, forum.ThreadID(10001+7*i))
	}
	now := int64(1795130000) // in the evening of the last post
	all := map[string]boundedStatement{
		"threads": {params{"ids": threads}, 300}, "posts": {params{"ids": posts}, 300}, "bodies": {params{"ids": posts}, 300},
		"numbers": {params{"ids": posts}, 300}, "likes": {params{"ids": posts}, 300}, "arrivals": {params{"after": 299000, "limit": 500}, 500},
		"arrivals_of": {params{"ids": posts}, 300}, "newest": {params{}, 1}, "first_since": {params{"from": now - 86400}, 1500},
		"created": {params{"from": now - 900, "until": now}, 20}, "mutes": {params{"members": []int{1100, 1200, 1300}}, 3},
		"unread_messages": {params{"members": []int{1100, 1200}}, 2},
		"roster":          {params{"after": 5000, "limit": 100}, 100}, "solved": {params{"ids": threads}, 300}, "titles": {params{"members": []int{1100, 1200}}, 2},
	}
	for name, b := range boundedStatements() {
		p := params{}
		for k, v := range b.params {
			p[k] = v
		}
		switch name {
		case "section_reads":
			continue
		case "named":
			p["names"] = []string{"member_1500", "member_1600", "nobody"}
		case "search":
			p["begins"] = "member|_4%"
		case "find":
			p["name"] = "MEMBER_4711"
		case "watchers":
			p["threads"], p["sections"] = []int{10001, 10002}, []int{8}
		case "took_part":
			p["threads"] = []int{10001, 10002}
		case "thread_reads":
			p["since"] = now - 60*86400
		}
		all[name] = boundedStatement{p, b.most}
	}
	return all
}

// planNode is a node of PostgreSQL's EXPLAIN.
type planNode struct {
	Type     string     `json:"Node Type"`
	Table    string     `json:"Relation Name"`
	Rows     float64    `json:"Actual Rows"`
	Loops    float64    `json:"Actual Loops"`
	Filtered float64    `json:"Rows Removed by Filter"`
	Plans    []planNode `json:"Plans"`
}

// read returns how many rows the node and those below it read from tables. Settings, categories and groups are few on any site.
func (n planNode) read() (rows float64) {
	if n.Table != "" && !slices.Contains([]string{"site_settings", "categories", "category_groups", "groups"}, n.Table) {
		rows = (n.Rows + n.Filtered) * n.Loops
	}
	for _, p := range n.Plans {
		rows += p.read()
	}
	return rows
}

// countRowsRead runs a statement with EXPLAIN, and returns how many rows it returns and reads.
func countRowsRead(t *testing.T, s *Snapshot, name string, p params) (rows, read int) {
	t.Helper()
	q := s.db.queries[name]
	defer func() { s.db.queries[name] = q }()
	explained := q
	explained.Text = "EXPLAIN (ANALYZE, FORMAT JSON) " + q.Text
	s.db.queries[name] = explained
	result, err := s.query(t.Context(), name, p)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer result.Close()
	var text string
	for result.Next() {
		if err := result.Scan(&text); err != nil {
			t.Fatal(err)
		}
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("%s: %v rows, reads %v", name, plans[0].Plan.Rows, plans[0].Plan.read())
	}
	return int(plans[0].Plan.Rows), int(plans[0].Plan.read())
}
