package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// alertForum describes a forum in which many members watch a thread, with the SQL statements that its own software uses.
type alertForum struct {
	thread     int64
	copied     map[string][2]string // tables in which a member's row is copied: the column of the member ID, and the columns that must be unique
	setWatches []string             // makes the members watch the thread, and removes all other watches
	reply      []string             // writes a reply
}

var alertForums = map[string]alertForum{
	"xenforo2": {
		thread: 12,
		copied: map[string][2]string{
			"xf_user": {"user_id", "username email"}, "xf_user_option": {"user_id", ""}, "xf_user_profile": {"user_id", ""},
		},
		setWatches: []string{`DELETE FROM xf_thread_watch`, `DELETE FROM xf_forum_watch`, `INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) SELECT seq, @thread, 1 FROM seq_100001_to_199999 WHERE seq <= 100000 + @crowd`},
		reply: []string{
			`START TRANSACTION`,
			`INSERT INTO xf_post (thread_id, user_id, username, post_date, message, position) SELECT @thread, 3, 'Ray', @at, @words, reply_count + 1 FROM xf_thread WHERE thread_id = @thread`,
			`SET @post = LAST_INSERT_ID()`,
			`UPDATE xf_thread SET reply_count = reply_count + 1, last_post_id = @post, last_post_date = @at, last_post_user_id = 3, last_post_username = 'Ray' WHERE thread_id = @thread`,
			`UPDATE xf_forum SET message_count = message_count + 1, last_post_id = @post, last_post_date = @at WHERE node_id = (SELECT node_id FROM xf_thread WHERE thread_id = @thread)`,
			`UPDATE xf_user SET message_count = message_count + 1 WHERE user_id = 3`,
			`COMMIT`,
		},
	},
	"mybb": {
		thread:     12,
		copied:     map[string][2]string{"mybb_users": {"uid", "username email"}},
		setWatches: []string{`DELETE FROM mybb_threadsubscriptions`, `DELETE FROM mybb_forumsubscriptions`, `INSERT INTO mybb_threadsubscriptions (uid, tid, notification, dateline) SELECT seq, @thread, 1, 0 FROM seq_100001_to_199999 WHERE seq <= 100000 + @crowd`},
		reply: []string{ // its tables have no transactions
			`INSERT INTO mybb_posts (tid, fid, subject, uid, username, dateline, message, visible) SELECT @thread, fid, CONCAT('RE: ', subject), 2, 'Ray', @at, @words, 1 FROM mybb_threads WHERE tid = @thread`,
			`SET @post = LAST_INSERT_ID()`,
			`UPDATE mybb_threads SET lastpost = @at, lastposter = 'Ray', lastposteruid = 2, replies = replies + 1 WHERE tid = @thread`,
		},
	},
}

// TestLatency_AlertsWithinSeconds writes a reply as the forum does, and waits for the messages to all watchers of its thread.
// POSTRIDER_WATCHERS is the number of watchers, POSTRIDER_REPLIES the number of replies to measure.
func TestLatency_AlertsWithinSeconds(t *testing.T) {
	watchers, replies := envInt(t, "POSTRIDER_WATCHERS", 25), envInt(t, "POSTRIDER_REPLIES", 1)
	if replies == 1 {
		t.Parallel()
	}
	binary := buildBinary(t)
	for kind, forum := range alertForums {
		t.Run(kind, func(t *testing.T) {
			dsn, _ := loadForum(t, kind)
			db := servertest.OpenMariaDB(t, dsn)
			db.SetMaxOpenConns(1) // session variables need a single connection
			forum.addWatchers(t, db, watchers)
			relay, dir := smtptest.New(t), t.TempDir()
			config := appendConfig(t, writeConfig(t, dir, kind, dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL()),
				"[alerts]\nmode = \"every\"\ndebounce = \"0s\"\ndebounce_max = \"0s\"\n[scan]\ninterval = \"2s\"\n")
			makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db")) // so that the first round is logged
			p := start(t, binary, "run", "-c", config)
			p.waitFor(t, "first round", func() bool { return strings.Contains(p.out.String(), `"tick":"start"`) })
			idle := forum.idleCost(t, db, replies)
			var delays []time.Duration
			var statements int64
			for n := range replies {
				words := fmt.Sprintf("Reply number %d.", n+1)
				if replies > 1 { // at a random time between two polls
					time.Sleep(time.Duration(rand.Int64N(int64(2 * time.Second))))
				}
				before := statementCount(t, db)
				written := forum.writeReply(t, db, words)
				p.waitFor(t, "a message to each watcher", func() bool { return relay.Count() >= (n+1)*watchers })
				delays = append(delays, deliveryTimes(t, relay.Messages()[n*watchers:], written, words, watchers)...)
				statements += statementCount(t, db) - before - int64(len(forum.reply)) - 3 // minus those that write the reply and read the counter
			}
			slices.Sort(delays)
			p50, p99, last := delays[len(delays)/2], delays[len(delays)*99/100], delays[len(delays)-1]
			t.Logf("%s: %d replies to %d watchers each: p50 %v, p99 %v, last %v; %.1f statements on the forum per reply, %s",
				kind, replies, watchers, p50, p99, last, float64(statements)/float64(replies), idle)
			if limit := 10 * time.Second; replies == 1 && last > limit {
				t.Errorf("the last message was accepted after %v, want within %v", last, limit)
			}
			p.stop(t)
		})
	}
}

// addWatchers adds members who watch the thread. They are copies of a member who may read it.
func (a alertForum) addWatchers(t *testing.T, db *sql.DB, watchers int) {
	t.Helper()
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	run(`SET @crowd = ?, @thread = ?`, watchers, a.thread)
	for table, own := range a.copied {
		rows, err := db.QueryContext(t.Context(), `SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = ? ORDER BY ordinal_position`, table)
		if err != nil {
			t.Fatal(err)
		}
		var columns, values []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			columns = append(columns, "`"+name+"`")
			switch {
			case name == own[0]:
				name = "s.seq"
			case slices.Contains(strings.Fields(own[1]), name):
				name = `CONCAT("crowd", s.seq, "@example.test")`
			default:
				name = "o.`" + name + "`"
			}
			values = append(values, name)
		}
		rows.Close()
		if len(columns) == 0 {
			t.Fatalf("no table %s", table)
		}
		run(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s o, seq_100001_to_199999 s WHERE o.%s = 5 AND s.seq <= 100000 + @crowd",
			table, strings.Join(columns, ", "), strings.Join(values, ", "), table, own[0]))
	}
	for _, query := range a.setWatches {
		run(query)
	}
}

// writeReply writes a reply and returns the time of the commit.
func (a alertForum) writeReply(t *testing.T, db *sql.DB, words string) time.Time {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `SET @words = ?, @at = ?`, words, time.Now().Unix()); err != nil {
		t.Fatal(err)
	}
	for _, query := range a.reply {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	return time.Now()
}

// idleCost describes how many statements a poll costs that finds nothing. It measures this only when replies > 1.
func (a alertForum) idleCost(t *testing.T, db *sql.DB, replies int) string {
	t.Helper()
	if replies == 1 {
		return "idle polls not measured"
	}
	const polls = 10
	before := statementCount(t, db)
	time.Sleep(polls * 2 * time.Second)
	return fmt.Sprintf("%.1f per idle poll", float64(statementCount(t, db)-before-1)/polls)
}

// statementCount returns how many statements the server has received.
func statementCount(t *testing.T, db *sql.DB) (n int64) {
	t.Helper()
	var name string
	if err := db.QueryRowContext(t.Context(), `SHOW GLOBAL STATUS LIKE 'Questions'`).Scan(&name, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// deliveryTimes returns how long after the reply each watcher's message was accepted. Each message must contain the words.
func deliveryTimes(t *testing.T, messages []smtptest.Message, written time.Time, words string, watchers int) (delays []time.Duration) {
	t.Helper()
	to := map[string]bool{}
	for _, m := range messages {
		head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		if list := head.Header.Get("List-Id"); !strings.Contains(list, "alerts.") || !bytes.Contains(m.Data, []byte(words)) {
			t.Errorf("%s got a message of list %q, without %q", m.To, list, words)
		}
		to[m.To] = true
		delays = append(delays, m.At.Sub(written))
	}
	if len(to) != watchers || len(messages) != watchers {
		t.Errorf("%d messages went to %d members, want one to each of %d", len(messages), len(to), watchers)
	}
	return delays
}

// envInt returns the number in an environment variable, or a default.
func envInt(t *testing.T, name string, preset int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return preset
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
