package source

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"testing"

	"postrider/forum"
)

// manyMembers is a forum with 20,000 members, who have read marks; some wait for activation. A thread has 5,000 posts,
// and two members wrote 5,000 others. Few watch anything: two threads and a section.
var manyMembers = map[string]string{
	"xenforo": `
		INSERT INTO xf_user (user_id, username, email, language_id, timezone, user_group_id, secondary_group_ids, permission_combination_id)
		SELECT seq, CONCAT('Member ', seq), CONCAT('M', seq, '@Example.test'), 1, 'Europe/Berlin', 2, '', 3 FROM seq_1001_to_21000;
		INSERT INTO xf_user_option (user_id) SELECT seq FROM seq_1001_to_21000;
		DELETE FROM xf_thread_watch; DELETE FROM xf_forum_watch;
		INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES (1100, 1, 1), (1200, 1, 1), (1200, 2, 1), (999999, 1, 1);
		INSERT INTO xf_forum_watch (user_id, node_id, notify_on, send_alert, send_email) VALUES (1300, 3, 'message', 1, 1);
		INSERT INTO xf_thread_read (user_id, thread_id, thread_read_date) SELECT seq, 1, UNIX_TIMESTAMP() FROM seq_1001_to_21000;
		INSERT INTO xf_forum_read (user_id, node_id, forum_read_date) SELECT seq, 3, UNIX_TIMESTAMP() FROM seq_1001_to_21000;
		INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position)
		SELECT seq, 99999, 1001 + seq % 500, '', 1795000000 + seq, 'A post.', seq FROM seq_100001_to_105000;
		INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position)
		SELECT seq, seq, 1001 + seq % 2, '', 1795000000 + seq, 'A post.', 0 FROM seq_200001_to_205000;
		ANALYZE TABLE xf_user, xf_user_option, xf_thread_watch, xf_forum_watch, xf_thread_read, xf_forum_read, xf_post`,
	"mybb": `
		INSERT INTO mybb_users (uid, username, email, usergroup, additionalgroups, usernotes, buddylist, ignorelist, pmfolders, notepad, signature)
		SELECT seq, CONCAT('Member ', seq), CONCAT('M', seq, '@Example.test'), 2, '', '', '', '', '', '', '' FROM seq_1001_to_21000;
		DELETE FROM mybb_threadsubscriptions; DELETE FROM mybb_forumsubscriptions;
		INSERT INTO mybb_threadsubscriptions (uid, tid, notification, dateline) VALUES (1100, 1, 1, 0), (1200, 1, 1, 0), (1200, 2, 1, 0), (999999, 1, 1, 0);
		INSERT INTO mybb_forumsubscriptions (uid, fid) VALUES (1300, 3);
		INSERT INTO mybb_forumsubscriptions (uid, fid) SELECT 1300, seq FROM seq_1001_to_6000;
		INSERT INTO mybb_threadsread (uid, tid, dateline) SELECT seq, 1, UNIX_TIMESTAMP() FROM seq_1001_to_21000;
		INSERT INTO mybb_forumsread (uid, fid, dateline) SELECT seq, 3, UNIX_TIMESTAMP() FROM seq_1001_to_21000;
		INSERT INTO mybb_awaitingactivation (uid, dateline, code, type, validated, misc) SELECT seq, 0, '', 'r', 0, '' FROM seq_15001_to_21000;
		INSERT INTO mybb_posts (pid, tid, uid, username, dateline, message, visible)
		SELECT seq, 99999, 1001 + seq % 500, '', 1795000000 + seq, 'A post.', 1 FROM seq_100001_to_105000;
		INSERT INTO mybb_posts (pid, tid, uid, username, dateline, message, visible)
		SELECT seq, seq, 1001 + seq % 2, '', 1795000000 + seq, 'A post.', 1 FROM seq_200001_to_205000;
		ANALYZE TABLE mybb_users, mybb_threadsubscriptions, mybb_forumsubscriptions, mybb_threadsread, mybb_forumsread, mybb_awaitingactivation, mybb_posts`,
}

// manyFlarumPosts is the same for Flarum, with 200,000 posts. All members have opened the thread 1, and a few follow it. A tag is
// followed by one member.
const manyFlarumPosts = `
		SET foreign_key_checks = 0;
		INSERT INTO users (id, username, nickname, email, is_email_confirmed, password, preferences, marked_all_as_read_at)
		SELECT seq, CONCAT('Member ', seq), CONCAT('M ', seq), CONCAT('M', seq, '@Example.test'), 1, '', '{"locale":"de"}', UTC_TIMESTAMP() FROM seq_1001_to_21000;
		DELETE FROM tag_user;
		UPDATE discussion_user SET subscription = NULL;
		INSERT INTO discussion_user (user_id, discussion_id, last_read_at, last_read_post_number, subscription)
		SELECT seq, 1, '2020-01-01', 3, NULL FROM seq_1001_to_21000;
		INSERT INTO discussion_user (user_id, discussion_id, subscription) VALUES (1200, 2, 'follow'), (999999, 1, 'follow');
		UPDATE discussion_user SET subscription = 'follow', last_read_at = '2026-11-23' WHERE discussion_id = 1 AND user_id IN (1100, 1200);
		INSERT INTO tag_user (user_id, tag_id, subscription) VALUES (1300, 3, 'lurk');
		INSERT INTO posts (id, discussion_id, number, created_at, user_id, type, content)
		SELECT seq, 100000 + (seq - 100000) DIV 5000, (seq - 100000) MOD 5000 + 1, DATE_ADD('2026-11-23', INTERVAL seq - 100000 SECOND), 1001 + seq MOD 500, 'comment', '<t>A post.</t>'
		  FROM seq_100000_to_299999;
		INSERT INTO discussions (id, title, created_at, slug, last_posted_at) SELECT seq, 'A thread', '2026-11-23', '', '2026-11-25' FROM seq_100000_to_100040;
		INSERT INTO discussion_tag (discussion_id, tag_id) SELECT seq, 3 FROM seq_100000_to_100040;
		INSERT INTO discussion_tag (discussion_id, tag_id) SELECT seq, 2 FROM seq_100000_to_100040;
		ANALYZE TABLE users, discussion_user, tag_user, posts, discussions, discussion_tag`

// postStatements are those about posts and threads.
func postStatements() map[string]countedStatement {
	posts := []int{100007, 150007, 200007, 250007, 299999}
	threads := []int{100000, 100020, 100039}
	return map[string]countedStatement{
		"threads":         {params{"ids": threads}, 8, 3},
		"thread_sections": {params{"ids": threads}, 2, 6},
		"posts":           {params{"ids": posts}, 8, 5},
		"bodies":          {params{"ids": posts}, 4, 5},
		"numbers":         {params{"ids": posts}, 4, 5},
		"likes":           {params{"ids": posts}, 2, 5},
		"arrivals":        {params{"after": 299000, "limit": 500}, 6, 500},
		"arrivals_of":     {params{"ids": posts}, 6, 5},
		"newest":          {nil, 1, 1},
		"created":         {params{"from": 1795392000 + 199900, "until": 1795392000 + 200000}, 1, 100},
		"first_since":     {params{"from": 1795392000 + 199900}, 1, 100},
	}
}

func TestFlarum_ReadsOnlyRowsItAnswersFor(t *testing.T) {
	f := newFixture(t, "flarum")
	db := openAdmin(t, f)
	for _, statement := range knownIndexes(t, f) {
		execute(t, db, statement)
	}
	execute(t, db, manyFlarumPosts)
	list := boundedStatements()
	maps.Copy(list, postStatements())
	list["took_part"] = countedStatement{params{"members": []int{1001, 1002}, "threads": []int{100000}}, 2, 20}
	list["mutes"] = countedStatement{list["section_watches"].params, 3, 200}
	list["section_reads"] = countedStatement{list["section_reads"].params, 3, 200 * 14}
	read(t, f.open(t), func(s *Snapshot) error {
		for name, b := range list {
			before := handlerReads(t, s.tx)
			rows := countRows(t, s, name, b.params, b.columns)
			if got, limit := handlerReads(t, s.tx)-before, 8*max(rows, b.most)+50; got > limit {
				t.Errorf("%s reads %d rows to return %d, want at most %d", name, got, rows, limit)
			}
		}
		return nil
	})
}

// countedStatement holds the parameters of a statement, and how many rows it answers for.
type countedStatement struct {
	params  params
	columns int
	most    int
}

// boundedStatements holds the parameters of the statements, and how many rows each answers for.
func boundedStatements() map[string]countedStatement {
	var names, addresses []string
	var members []forum.MemberID
	for i := range 200 {
		names = append(names, fmt.Sprintf("member %d", 1001+97*i), fmt.Sprintf("%d", 1001+i), fmt.Sprintf("not a member %d", i))
		addresses = append(addresses, fmt.Sprintf("m%d@example.test", 1001+97*i), fmt.Sprintf("none%d@example.test", i))
		members = append(members, forum.MemberID(1001+i))
	}
	return map[string]countedStatement{
		"named":           {params{"names": names}, 2, 600},
		"addressed":       {params{"addresses": addresses}, 2, 400},
		"find":            {params{"name": "MEMBER 4711"}, 1, 1},
		"search":          {params{"begins": "member 4%", "limit": 20}, 1, 20},
		"watching":        {params{"after": 0, "limit": 1000}, 1, 10},
		"members":         {params{"ids": members, "now": 1795000000}, 8, 200},
		"section_watches": {params{"members": members}, 4, 200},
		"thread_watches":  {params{"members": members}, 3, 200},
		"watchers":        {params{"threads": []int{1, 2}, "sections": []int{3}, "after": 0, "limit": 1000}, 4, 10},
		"ignores":         {params{"members": members}, 2, 200},
		"section_reads":   {params{"members": members, "since": 1}, 3, 200},
		"thread_reads":    {params{"members": members, "since": 1}, 3, 200},
		"took_part":       {params{"members": members[:2], "threads": []int{99999}}, 2, 20},
		"profiles":        {params{"ids": members}, 4, 200},
		"visits":          {params{"members": members}, 2, 200},
		"memberships":     {params{"members": members}, 2, 200},
	}
}

// newForumWithManyMembers fills a forum and adds the indexes that it lacks.
func newForumWithManyMembers(t *testing.T, kind, charset string) fixture {
	f := newFixture(t, kind)
	db := openAdmin(t, f)
	if charset != "" {
		setNameCharset(t, db, charset)
	}
	for _, statement := range knownIndexes(t, f) {
		execute(t, db, statement)
	}
	execute(t, db, manyMembers[strings.TrimRight(kind, "12")])
	return f
}

// setNameCharset changes the character set of MyBB's names and addresses.
func setNameCharset(t *testing.T, db *sql.DB, charset string) {
	t.Helper()
	execute(t, db, `UPDATE mybb_users SET username = CONCAT('u', uid) WHERE LENGTH(username) <> CHAR_LENGTH(username);
		ALTER TABLE mybb_users MODIFY username varchar(120) CHARACTER SET `+charset+` NOT NULL, MODIFY email varchar(220) CHARACTER SET `+charset+` NOT NULL`)
}

func TestGather_ReadsOnlyRowsItAnswersFor(t *testing.T) {
	for _, c := range []struct{ name, kind, charset string }{
		{"xenforo2", "xenforo2", ""},
		{"xenforo1", "xenforo1", ""},
		{"mybb", "mybb", ""},
		{"mybb with latin1", "mybb", "latin1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForumWithManyMembers(t, c.kind, c.charset)
			read(t, f.open(t), func(s *Snapshot) error {
				for name, b := range boundedStatements() {
					before := handlerReads(t, s.tx)
					rows := countRows(t, s, name, b.params, b.columns)
					if got, limit := handlerReads(t, s.tx)-before, 8*max(rows, b.most)+50; got > limit {
						t.Errorf("%s reads %d rows to return %d, want at most %d", name, got, rows, limit)
					}
				}
				return nil
			})
		})
	}
}

// handlerReads returns how many rows the connection has read, without what this statement itself reads.
func handlerReads(t *testing.T, tx *sql.Tx) (n int) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler_read_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var value int
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		n += value
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func countRows(t *testing.T, s *Snapshot, name string, p params, columns int) (n int) {
	t.Helper()
	rows, err := s.query(context.WithoutCancel(t.Context()), name, p)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
