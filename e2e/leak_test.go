package e2e

import (
	"database/sql"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/forumtest"
	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// secretWord marks texts that no member may read any more when the messages are sent.
const secretWord = "Zimtstern"

// forumSQL has the statements by which a forum's own software makes the changes of this test.
type forumSQL struct {
	mark      string // puts the secret into post ?
	title     string // makes the secret the title of thread ?
	inSection string // selects the posts in section ?
	section   string // selects the section of post ?
	remove    string // deletes post ?
	move      string // moves to section ? the thread ?
	lock      string // removes all access to section ?
	ban       string // bans member ?
	address   string // sets to ? the address of member ?
}

var forumSQLs = map[string]forumSQL{
	"xenforo2": {
		mark:      "UPDATE xf_post SET message = CONCAT('" + secretWord + " ', message) WHERE post_id = ?",
		title:     "UPDATE xf_thread SET title = '" + secretWord + "' WHERE thread_id = ?",
		inSection: "SELECT p.post_id FROM xf_post p JOIN xf_thread t ON t.thread_id = p.thread_id WHERE t.node_id = ?",
		section:   "SELECT t.node_id FROM xf_post p JOIN xf_thread t ON t.thread_id = p.thread_id WHERE p.post_id = ?",
		remove:    "UPDATE xf_post SET message_state = 'deleted' WHERE post_id = ?",
		move:      "UPDATE xf_thread SET node_id = ? WHERE thread_id = ?",
		lock:      "UPDATE xf_permission_cache_content SET cache_value = '{}' WHERE content_type = 'node' AND content_id = ?",
		ban:       "UPDATE xf_user SET is_banned = 1 WHERE user_id = ?",
		address:   "UPDATE xf_user SET email = ? WHERE user_id = ?",
	},
	"mybb": {
		mark:      "UPDATE mybb_posts SET message = CONCAT('" + secretWord + " ', message) WHERE pid = ?",
		title:     "UPDATE mybb_threads SET subject = '" + secretWord + "' WHERE tid = ?",
		inSection: "SELECT pid FROM mybb_posts WHERE fid = ?",
		section:   "SELECT fid FROM mybb_posts WHERE pid = ?",
		remove:    "UPDATE mybb_posts SET visible = -1 WHERE pid = ?",
		move:      "UPDATE mybb_threads t JOIN mybb_posts p ON p.tid = t.tid SET t.fid = ?, p.fid = t.fid WHERE t.tid = ?",
		lock:      "REPLACE INTO mybb_forumpermissions (pid, fid, gid) SELECT p.pid, f.fid, g.gid FROM mybb_forums f JOIN mybb_usergroups g LEFT JOIN mybb_forumpermissions p ON p.fid = f.fid AND p.gid = g.gid WHERE f.fid = ?",
		ban:       "INSERT INTO mybb_banned (uid, oldadditionalgroups) VALUES (?, '')",
		address:   "UPDATE mybb_users SET email = ? WHERE uid = ?",
	},
}

// TestLeak_RespectsPermissionChanges plans messages, or has a relay defer them, and changes the forum before they are sent.
func TestLeak_RespectsPermissionChanges(t *testing.T) {
	for kind, sw := range forumSQLs {
		for _, waits := range []string{"between planning and sending", "while waiting for a retry"} {
			t.Run(kind+" "+waits, func(t *testing.T) {
				want := readExpectation(t, kind)
				dsn, _ := loadForum(t, kind)
				f := forumDB{t, servertest.OpenMariaDB(t, dsn), sw}
				dir, deferring, relay := t.TempDir(), smtptest.NewScript(t, smtptest.Table{".": {{Reply: "451 4.7.1 Try again later"}}}), smtptest.New(t)
				config := func(url string) string {
					return writeConfig(t, dir, kind, dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), url)
				}
				before := map[string]forumtest.Edition{}
				for name, m := range want.Members {
					before[name] = preview(t, config(relay.URL()), strconv.FormatInt(m.ID, 10), want.Window)
				}
				applyChanges := f.markSecrets(before["oldhand"], want)

				now := time.Unix(want.Window[1], 0)
				once := func(url string) {
					t.Helper()
					if _, errOut, code := run(t, "run", "-c", config(url), "--once", "--now", now.UTC().Format(time.RFC3339)); code != 0 {
						t.Fatalf("run: exit %d\n%s", code, errOut)
					}
				}
				if waits == "between planning and sending" {
					mustRun(t, "queue", "pause", "-c", config(relay.URL()))
					once(relay.URL())
					mustRun(t, "queue", "resume", "-c", config(relay.URL()))
				} else {
					once(deferring.URL())
					if !strings.Contains(strings.Join(deferring.Bodies(), ""), secretWord) {
						t.Error("the deferred messages do not contain the secret: the test checks nothing")
					}
				}
				applyChanges()
				now = now.Add(10 * time.Minute)
				once(relay.URL())
				wantNoLeak(t, relay.Messages(), before["oldhand"].Member.Email, before["panda"].Member.Email, before["ray"].Member.Email)
			})
		}
	}
}

// mustRun runs a command that must succeed.
func mustRun(t *testing.T, args ...string) {
	t.Helper()
	if _, errOut, code := run(t, args...); code != 0 {
		t.Fatalf("%v: exit %d\n%s", args, code, errOut)
	}
}

// forumDB is a forum's database, with the statements of the forum's software.
type forumDB struct {
	*testing.T
	db *sql.DB
	forumSQL
}

func (f forumDB) exec(query string, args ...any) {
	f.Helper()
	if _, err := f.db.ExecContext(f.Context(), query, args...); err != nil {
		f.Fatalf("%s: %v", query, err)
	}
}

func (f forumDB) queryInts(query string, args ...any) (list []int64) {
	f.Helper()
	rows, err := f.db.QueryContext(f.Context(), query, args...)
	if err != nil {
		f.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			f.Fatal(err)
		}
		list = append(list, n)
	}
	if rows.Err() != nil || len(list) == 0 {
		f.Fatalf("%s: no rows (%v)", query, rows.Err())
	}
	return list
}

// markSecrets puts the secret into a part of what Oldhand would get: a whole section, a post and a thread. The returned function
// removes Oldhand's access to them, bans Panda, and changes Ray's address.
func (f forumDB) markSecrets(oldhand forumtest.Edition, want forumtest.Expectation) (applyChanges func()) {
	f.Helper()
	if len(oldhand.Groups) < 2 || len(oldhand.Groups[1].Threads) < 3 {
		f.Fatalf("Oldhand's edition has too few sections or threads: %v", oldhand.Shown())
	}
	section, threads := oldhand.Groups[0].Section.ID, oldhand.Groups[1].Threads
	post, thread := threads[0].Posts[0].ID, threads[1]
	for _, p := range append(f.queryInts(f.inSection, section), post) {
		f.exec(f.mark, p)
	}
	for _, p := range thread.Posts {
		f.exec(f.mark, p.ID)
	}
	f.exec(f.title, thread.ID)
	var private int64
	for id, why := range want.Members["oldhand"].MustNot {
		if strings.HasSuffix(why, "is not readable by this member") {
			private = f.queryInts(f.section, id)[0]
		}
	}
	return func() {
		f.Helper()
		f.exec(f.lock, section)
		f.exec(f.remove, post)
		f.exec(f.move, private, thread.ID)
		f.exec(f.ban, want.Members["panda"].ID)
		f.exec(f.address, newAddress, want.Members["ray"].ID)
	}
}

const newAddress = "new@example.org"

// wantNoLeak checks that no secret was sent. Ray may get the moved thread, because Ray watches the section that it is in now.
func wantNoLeak(t *testing.T, messages []smtptest.Message, oldhand, panda, ray string) {
	t.Helper()
	got := map[string]int{}
	for _, m := range messages {
		got[m.To]++
		text := decodedText(t, m.Data)
		if m.To != newAddress && strings.Contains(text, secretWord) {
			t.Errorf("the message to %s contains the secret", m.To)
		}
		if strings.Contains(text, ray) {
			t.Errorf("the message to %s contains Ray's old address", m.To)
		}
	}
	if got[oldhand] != 1 || got[newAddress] != 1 || got[panda] != 0 || got[ray] != 0 {
		t.Errorf("%d messages to Oldhand, %d to Ray's new address, %d to the banned Panda, %d to Ray's old address; want 1, 1, 0, 0",
			got[oldhand], got[newAddress], got[panda], got[ray])
	}
}

// decodedText returns the raw message, followed by its decoded parts.
func decodedText(t *testing.T, raw []byte) string {
	t.Helper()
	letter, err := smtptest.ReadLetter(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw) + letter.Text + letter.HTML
}
