package source

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// bigPosts is the number of posts that the tests add. It must be well above what the check calls a big table.
func bigPosts(t *testing.T) int {
	set := os.Getenv("POSTRIDER_COST_POSTS")
	if set == "" {
		return 20_000
	}
	n, err := strconv.Atoi(set)
	if err != nil || n < 20_000 {
		t.Fatalf("POSTRIDER_COST_POSTS=%s: must be a number from 20000", set)
	}
	return n
}

// bigForum returns the statements that fill a forum with that many posts.
func bigForum(t *testing.T, kind string) string {
	n := bigPosts(t)
	return strings.NewReplacer("199999", strconv.Itoa(n-1), "195000", strconv.Itoa(n-5000), "495000", strconv.Itoa(300000+n-5000), "STEP", strconv.Itoa(2_000_000/n)).
		Replace(bigForums[strings.Replace(kind, "xenforo1", "xenforo2", 1)])
}

// onEngine writes statements for MariaDB as another engine reads them.
func onEngine(e sqlfile.Engine, statements string) string {
	series := map[sqlfile.Engine]string{
		sqlfile.Postgres: "FROM (SELECT generate_series($1, $2) AS seq) series",
		sqlfile.SQLite:   "FROM (WITH RECURSIVE series(seq) AS (SELECT $1 UNION ALL SELECT seq + 1 FROM series WHERE seq < $2) SELECT seq FROM series)",
	}[e]
	if series == "" {
		return "SET foreign_key_checks = 0;" + statements
	}
	statements, _, _ = strings.Cut(statements, "ANALYZE TABLE")
	statements = pointInTime.ReplaceAllString(statements, timeOf(e, "$1"))
	return sequence.ReplaceAllString(statements, series) + "ANALYZE"
}

var (
	sequence    = regexp.MustCompile(`FROM seq_(\d+)_to_(\d+)`)
	pointInTime = regexp.MustCompile(`FROM_UNIXTIME\(((?:[^()]|\([^()]*\))*)\)`)
)

// bigForums fill a forum with 200,000 posts in 5,000 threads, by 20,000 members. Each watches a thread, one in 200 a section.
// The posts are the newest, so the check samples them, and are written at equal distances within 23 days.
var bigForums = map[string]string{
	"xenforo2": `
		INSERT INTO xf_user (user_id, username, email, language_id, timezone, user_group_id, secondary_group_ids, permission_combination_id)
		SELECT seq, CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), 1, 'Europe/Berlin', 2, '', 3 FROM seq_1001_to_21000;
		INSERT INTO xf_user_option (user_id) SELECT seq FROM seq_1001_to_21000;
		INSERT INTO xf_thread (thread_id, node_id, title, user_id, username, post_date, first_post_id, last_post_date, last_post_id, last_post_user_id, last_post_username, reply_count)
		SELECT seq, 3, CONCAT('Thread ', seq), 1001, 'Member 1001', 1795000000, 300000 + seq - 2000, 1795431000, 500000, 1001, '', 39 FROM seq_2000_to_6999;
		INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position)
		SELECT 300000 + seq, 2000 + seq % 5000, 1001 + seq % 20000, CONCAT('Member ', 1001 + seq % 20000), 1793431000 + seq * STEP, 'A post.', seq DIV 5000 FROM seq_0_to_199999;
		INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) SELECT seq, 2000 + seq % 5000, 1 FROM seq_1001_to_21000;
		INSERT INTO xf_forum_watch (user_id, node_id, notify_on, send_alert, send_email) SELECT seq, 3, 'message', 1, 1 FROM seq_1001_to_21000 WHERE seq % 200 = 0;
		INSERT INTO xf_thread_read (user_id, thread_id, thread_read_date) SELECT seq, 2000 + seq % 5000, 1795431000 FROM seq_1001_to_21000;
		ANALYZE TABLE xf_user, xf_user_option, xf_thread, xf_post, xf_thread_watch, xf_forum_watch, xf_thread_read`,
	"mybb": `
		INSERT INTO mybb_users (uid, username, email, usergroup, additionalgroups, usernotes, buddylist, ignorelist, pmfolders, notepad, signature)
		SELECT seq, CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), 2, '', '', '', '', '', '', '' FROM seq_1001_to_21000;
		INSERT INTO mybb_threads (tid, fid, subject, uid, username, dateline, firstpost, lastpost, replies, visible, notes)
		SELECT seq, 3, CONCAT('Thread ', seq), 1001, 'Member 1001', 1795000000, 300000 + seq - 2000, 1795431000, 39, 1, '' FROM seq_2000_to_6999;
		INSERT INTO mybb_posts (pid, tid, fid, uid, username, dateline, message, visible)
		SELECT 300000 + seq, 2000 + seq % 5000, 3, 1001 + seq % 20000, CONCAT('Member ', 1001 + seq % 20000), 1793431000 + seq * STEP, 'A post.', 1 FROM seq_0_to_199999;
		INSERT INTO mybb_threadsubscriptions (uid, tid, notification, dateline) SELECT seq, 2000 + seq % 5000, 1, 0 FROM seq_1001_to_21000;
		INSERT INTO mybb_forumsubscriptions (uid, fid) SELECT seq, 3 FROM seq_1001_to_21000 WHERE seq % 200 = 0;
		INSERT INTO mybb_threadsread (uid, tid, dateline) SELECT seq, 2000 + seq % 5000, 1795431000 FROM seq_1001_to_21000;
		ANALYZE TABLE mybb_users, mybb_threads, mybb_posts, mybb_threadsubscriptions, mybb_forumsubscriptions, mybb_threadsread`,
	"fluxbb": `
		INSERT INTO users (id, group_id, username, email, language) SELECT seq, 4, CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), 'English' FROM seq_1001_to_21000;
		INSERT INTO topics (id, forum_id, subject, poster, posted, first_post_id, last_post, last_post_id, num_replies)
		SELECT seq, 3, CONCAT('Thread ', seq), 'Member 1001', 1795000000, 300000 + seq - 2000, 1793431000 + (195000 + seq - 2000) * STEP, 300000 + 195000 + seq - 2000, 39 FROM seq_2000_to_6999;
		INSERT INTO posts (id, topic_id, poster_id, poster, posted, message)
		SELECT 300000 + seq, 2000 + seq % 5000, 1001 + seq % 20000, CONCAT('Member ', 1001 + seq % 20000), 1793431000 + seq * STEP, 'A post.' FROM seq_0_to_199999;
		INSERT INTO topic_subscriptions (user_id, topic_id) SELECT seq, 2000 + seq % 5000 FROM seq_1001_to_21000;
		INSERT INTO forum_subscriptions (user_id, forum_id) SELECT seq, 3 FROM seq_1001_to_21000 WHERE seq % 200 = 0;
		ANALYZE TABLE users, topics, posts, topic_subscriptions, forum_subscriptions`,
	"smf2": `
		INSERT INTO smf_members (id_member, member_name, real_name, email_address, is_activated, id_group, id_post_group, buddy_list, signature, ignore_boards, last_login, id_msg_last_visit)
		SELECT seq, CONCAT('Member ', seq), CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), 1, 0, 4, '', '', '', 1795400000 + seq, 300000 + FLOOR((1969000 + seq) / STEP) FROM seq_1001_to_21000;
		INSERT INTO smf_topics (id_topic, id_board, id_first_msg, id_last_msg, id_member_started, id_member_updated, num_replies, approved)
		SELECT seq, 3, 300000 + seq - 2000, 300000 + 195000 + seq - 2000, 1001, 1001, 39, 1 FROM seq_2000_to_6999;
		INSERT INTO smf_messages (id_msg, id_topic, id_board, id_member, poster_name, poster_time, subject, body, approved)
		SELECT 300000 + seq, 2000 + seq % 5000, 3, 1001 + seq % 20000, CONCAT('Member ', 1001 + seq % 20000), 1793431000 + seq * STEP, 'A subject', 'A post.', 1 FROM seq_0_to_199999;
		INSERT INTO smf_log_notify (id_member, id_topic, id_board) SELECT seq, 2000 + seq % 5000, 0 FROM seq_1001_to_21000;
		INSERT INTO smf_log_notify (id_member, id_topic, id_board) SELECT seq, 0, 3 FROM seq_1001_to_21000 WHERE seq % 200 = 0;
		INSERT INTO smf_log_topics (id_member, id_topic, id_msg) SELECT seq, 2000 + seq % 5000, 400000 FROM seq_1001_to_21000;
		ANALYZE TABLE smf_members, smf_topics, smf_messages, smf_log_notify, smf_log_topics`,
	"phpbb3": `
		INSERT INTO phpbb_users (user_id, group_id, user_type, username, username_clean, user_email, user_lang, user_timezone, user_permissions, user_sig)
		SELECT seq, 2, 0, CONCAT('Member ', seq), CONCAT('member ', seq), CONCAT('m', seq, '@example.test'), 'en', 'UTC', '', '' FROM seq_1001_to_21000;
		INSERT INTO phpbb_user_group (group_id, user_id, group_leader, user_pending) SELECT 2, seq, 0, 0 FROM seq_1001_to_21000;
		INSERT INTO phpbb_topics (topic_id, forum_id, topic_title, topic_poster, topic_time, topic_first_post_id, topic_first_poster_name, topic_last_post_id, topic_last_post_time, topic_visibility, topic_posts_approved)
		SELECT seq, 3, CONCAT('Thread ', seq), 1001, 1795000000, 300000 + seq - 2000, 'Member 1001', 495000 + seq - 2000, 1793431000 + (195000 + seq - 2000) * STEP, 1, 40 FROM seq_2000_to_6999;
		INSERT INTO phpbb_posts (post_id, topic_id, forum_id, poster_id, post_time, post_visibility, post_text, bbcode_uid)
		SELECT 300000 + seq, 2000 + seq % 5000, 3, 1001 + seq % 20000, 1793431000 + seq * STEP, 1, '<t>A post.</t>', '' FROM seq_0_to_199999;
		INSERT INTO phpbb_topics_watch (topic_id, user_id, notify_status) SELECT 2000 + seq % 5000, seq, 0 FROM seq_1001_to_21000;
		INSERT INTO phpbb_forums_watch (forum_id, user_id, notify_status) SELECT 3, seq, 0 FROM seq_1001_to_21000 WHERE seq % 200 = 0;
		INSERT INTO phpbb_topics_track (user_id, topic_id, forum_id, mark_time) SELECT seq, 2000 + seq % 5000, 3, 1795431000 FROM seq_1001_to_21000;
		ANALYZE TABLE phpbb_users, phpbb_user_group, phpbb_topics, phpbb_posts, phpbb_topics_watch, phpbb_forums_watch, phpbb_topics_track`,
	"flarum": `
		INSERT INTO users (id, username, nickname, email, is_email_confirmed, password)
		SELECT seq, CONCAT('m', seq), CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), TRUE, '' FROM seq_1001_to_21000;
		INSERT INTO discussions (id, title, slug, created_at, last_posted_at, user_id, first_post_id, last_post_id, comment_count, is_private)
		SELECT seq, CONCAT('Thread ', seq), '', FROM_UNIXTIME(1795000000), FROM_UNIXTIME(1793431000 + (195000 + seq - 2000) * STEP), 1001, 300000 + seq - 2000, 495000 + seq - 2000, 40, FALSE FROM seq_2000_to_6999;
		INSERT INTO posts (id, discussion_id, number, created_at, user_id, type, content, is_private)
		SELECT 300000 + seq, 2000 + seq % 5000, 1000 + seq, FROM_UNIXTIME(1793431000 + seq * STEP), 1001 + seq % 20000, 'comment', '<t>A post.</t>', FALSE FROM seq_0_to_199999;
		INSERT INTO discussion_tag (discussion_id, tag_id) SELECT seq, 3 FROM seq_2000_to_6999;
		INSERT INTO discussion_user (user_id, discussion_id, last_read_at, subscription)
		SELECT seq, 2000 + seq % 5000, FROM_UNIXTIME(1795431000), 'follow' FROM seq_1001_to_21000;
		ANALYZE TABLE users, discussions, posts, discussion_tag, discussion_user`,
}

// TestCost_NoQueryReadsBigTableAsWhole asks the database how it would run each query on a big forum of each type, on the engine whose
// indexes its dump has. docs/forums.md gives the indexes to add where the forum lacks them.
func TestCost_NoQueryReadsBigTableAsWhole(t *testing.T) {
	kinds := append(slices.Collect(maps.Keys(bigForums)), "xenforo1", "mybb/postgres", "mybb/sqlite", "smf2.0", "smf2.0/postgres",
		"smf2/postgres", "phpbb3/mysql", "phpbb3/sqlite", "fluxbb/postgres", "fluxbb/sqlite", "flarum/postgres", "flarum/sqlite")
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			db := openAny(t, f.dsn)
			if _, _, copied := strings.Cut(kind, "/"); copied && f.kind != "mybb" && f.kind != "smf2" { // these have them
				copyIndexes(t, openAny(t, sharedFixture(t, f.kind).dsn), db, f.kind, engineOf(t, f.dsn))
			}
			t.Parallel()
			for _, index := range knownIndexes(t, f) {
				execute(t, db, index)
			}
			execute(t, db, onEngine(engineOf(t, f.dsn), bigForum(t, f.kind)))
			costs := 0
			for _, found := range f.open(t).CheckRows(t.Context(), f.now()) {
				if found.Part != "cost" {
					continue
				}
				costs++
				if found.Level != finding.LevelOK {
					t.Errorf("%s", found.Text)
				}
			}
			if costs == 0 {
				t.Error("the check says nothing about cost")
			}
			if n := newestOf(t, f); n < int64(299_999+bigPosts(t)) {
				t.Errorf("the newest post is %d, so the posts were not added", n)
			}
			if f.kind == "smf2" {
				wantFewMessagesRead(t, f)
			}
		})
	}
}

// knownIndexes returns the statements for the indexes that a forum lacks. SMF 2.1 on MariaDB lacks none.
func knownIndexes(t *testing.T, f fixture) []string {
	t.Helper()
	engine := engineOf(t, f.dsn)
	if f.kind == "smf2" && f.edition == "" && engine == sqlfile.MySQL {
		return nil
	}
	kind, _ := forumTypeNamed(f.kind)
	return indexesFor(f.kind, engine, kind.prefix)
}

func newestOf(t *testing.T, f fixture) int64 {
	t.Helper()
	var newest int64
	read(t, f.open(t), func(s *Snapshot) error {
		id, err := s.LastPostID(t.Context())
		newest = int64(id)
		return err
	})
	return newest
}

// TestCost_FindingsNameIndexesThatCureThem drops two indexes of a forum that lacks others, and creates those that the check names.
func TestCost_FindingsNameIndexesThatCureThem(t *testing.T) {
	for _, kind := range []string{"fluxbb", "fluxbb/postgres", "fluxbb/sqlite"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			db := openAny(t, f.dsn)
			if kind == "fluxbb" {
				execute(t, db, "DROP INDEX topics_last_post_idx ON topics; DROP INDEX posts_topic_id_idx ON posts")
			} else {
				copyIndexes(t, openAny(t, sharedFixture(t, "fluxbb").dsn), db, "fluxbb", engineOf(t, f.dsn))
				execute(t, db, "DROP INDEX topics_topics_last_post_idx; DROP INDEX posts_posts_topic_id_idx")
			}
			t.Parallel()
			execute(t, db, onEngine(engineOf(t, f.dsn), bigForum(t, "fluxbb")))
			created := make(map[string]bool)
			for _, found := range costFindings(t, f) {
				cures := createdIndex.FindAllString(found.Fix, -1)
				if len(cures) == 0 {
					t.Errorf("%s, and no statement cures it: %s", found.Text, found.Fix)
				}
				for _, cure := range cures {
					if !created[cure] {
						execute(t, db, cure)
					}
					created[cure] = true
				}
			}
			if len(created) < 3 {
				t.Errorf("the check names only %v", created)
			}
			if kind != "fluxbb/sqlite" {
				execute(t, db, map[string]string{"fluxbb": "ANALYZE TABLE posts, topics, users, topic_subscriptions, forum_subscriptions", "fluxbb/postgres": "ANALYZE"}[kind])
			}
			for _, found := range costFindings(t, f) {
				t.Errorf("with the indexes %v: %s", slices.Collect(maps.Keys(created)), found.Text)
			}
		})
	}
}

var createdIndex = regexp.MustCompile(`CREATE INDEX [^;]+`)

// costFindings returns the findings about queries that read a big table as a whole.
func costFindings(t *testing.T, f fixture) (list []finding.Finding) {
	t.Helper()
	for _, found := range f.open(t).CheckRows(t.Context(), f.now()) {
		if found.Part == "cost" && found.Level != finding.LevelOK {
			list = append(list, found)
		}
	}
	return list
}
