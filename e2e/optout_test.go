package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

// setForumKey adds a key to [forum] of a configuration.
func setForumKey(t *testing.T, config, line string) string {
	t.Helper()
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(filepath.Dir(config), "changed.toml")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), "[forum]\n", "[forum]\n"+line+"\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestPreview_SkipsMembersWithoutEmail(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb"} {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			_, config := sharedForum(t, kind)
			config = setForumKey(t, config, `opt_out = "all"`)
			for why, id := range want.NoMail {
				if strings.HasPrefix(why, "deleted account") {
					if _, errOut, code := run(t, "preview", "-c", config, strconv.FormatInt(id, 10), "--format", "json"); code != 1 || !strings.Contains(errOut, "no such member") {
						t.Errorf("%s: exit %d, %s; want an unknown member", why, code, errOut)
					}
					continue
				}
				got := preview(t, config, strconv.FormatInt(id, 10), want.Window)
				if len(got.Groups) > 0 || got.Skipped == "" {
					t.Errorf("member %d (%s): %d sections, skipped because of %q; want no message", id, why, len(got.Groups), got.Skipped)
				}
			}
		})
	}
}

// TestOptOut_ByKind watches a thread as a member who declined email from administrators. Its readable posts of the window by
// others are read directly from the forum's tables.
func TestOptOut_ByKind(t *testing.T) {
	for _, tt := range []struct{ kind, key, watch, posts, declined string }{
		{"xenforo2", "receive_admin_email=0 (policy)",
			"INSERT IGNORE INTO xf_thread_watch (user_id, thread_id, email_subscribe) SELECT ?, thread_id, 1 FROM xf_thread_watch WHERE user_id = 2",
			`SELECT p.post_id FROM xf_user u JOIN xf_post p ON p.user_id <> u.user_id JOIN xf_thread t USING (thread_id)
			  JOIN xf_permission_cache_content c ON c.permission_combination_id = u.permission_combination_id AND c.content_id = t.node_id
			 WHERE u.user_id = ? AND p.post_date >= ? AND p.post_date < ? AND p.message_state = 'visible' AND t.discussion_state = 'visible'
			   AND JSON_VALUE(c.cache_value, '$.view') IN ('1', 'true') AND JSON_VALUE(c.cache_value, '$.viewContent') IN ('1', 'true')
			   AND (EXISTS (SELECT 1 FROM xf_thread_watch w WHERE w.user_id = u.user_id AND w.thread_id = t.thread_id)
			     OR EXISTS (SELECT 1 FROM xf_forum_watch w WHERE w.user_id = u.user_id AND w.node_id = t.node_id
			                  AND (w.notify_on = 'message' OR w.notify_on = 'thread' AND p.post_id = t.first_post_id)))`,
			"SELECT user_id FROM xf_user_option WHERE receive_admin_email = 0"},
		{"mybb", "opted out of admin mail (allownotices=0; policy)",
			"INSERT INTO mybb_threadsubscriptions (uid, tid, notification, dateline) SELECT ?, tid, 1, 0 FROM mybb_threads WHERE fid = (SELECT fid FROM mybb_forums WHERE name LIKE 'Indo Pacific%') AND closed NOT LIKE 'moved|%'",
			"SELECT DISTINCT p.pid FROM mybb_posts p JOIN mybb_threads t USING (tid) JOIN mybb_threadsubscriptions s ON s.tid = t.tid AND s.uid = ? WHERE p.dateline >= ? AND p.dateline < ? AND p.visible = 1 AND t.visible = 1 AND p.uid <> s.uid",
			"SELECT uid FROM mybb_users WHERE allownotices = 0"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			want := readExpectation(t, tt.kind)
			dsn, byKind := loadForum(t, tt.kind)
			id := want.NoMail[tt.key]
			if declined := queryInts(t, dsn, tt.declined); !slices.Contains(declined, id) {
				t.Fatalf("member %d did not decline anything: %v did", id, declined)
			}
			if _, err := servertest.OpenMariaDB(t, dsn).ExecContext(t.Context(), tt.watch, id); err != nil {
				t.Fatal(err)
			}
			posts := queryInts(t, dsn, tt.posts, id, want.Window[0], want.Window[1])
			slices.Sort(posts)
			if len(posts) == 0 {
				t.Fatal("the watched threads have no posts in the window")
			}
			all := setForumKey(t, byKind, `opt_out = "all"`)
			member := strconv.FormatInt(id, 10)
			got := preview(t, byKind, member, want.Window).Shown()
			slices.Sort(got)
			if !slices.Equal(got, posts) {
				t.Errorf("by kind: the digest has %v, want %v", got, posts)
			}
			if e := preview(t, all, member, want.Window); len(e.Groups) > 0 || e.Skipped != "opted out" {
				t.Errorf("all: %d sections, skipped because of %q", len(e.Groups), e.Skipped)
			}
			none := []string{}
			wantBlocked(t, byKind, member, none, none, []string{"opted out"})
			wantBlocked(t, all, member, []string{"opted out"}, []string{"opted out"}, []string{"opted out"})
			for _, config := range []string{byKind, all} {
				out, errOut, code := run(t, "announce", "new", "-c", config, "--title", "News", "--body", "Text", "--member", member, "--json")
				if code != 0 || !strings.Contains(out, `"opted out": 1`) {
					t.Errorf("announce new: exit %d, want a member who opted out: %s%s", code, out, errOut)
				}
			}
		})
	}
}

// wantBlocked compares the reasons why a member gets no digests, alerts and announcements.
func wantBlocked(t *testing.T, config, member string, digests, alerts, announcements []string) {
	t.Helper()
	out, errOut, code := run(t, "explain", "-c", config, member, "--json")
	var got struct {
		Digests       []string `json:"no_digests"`
		Alerts        []string `json:"no_alerts"`
		Announcements []string `json:"no_announcements"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("explain: exit %d, %v: %s", code, err, errOut)
	}
	if !slices.Equal(got.Digests, digests) || !slices.Equal(got.Alerts, alerts) || !slices.Equal(got.Announcements, announcements) {
		t.Errorf("explain says %q, want digests %q, alerts %q, announcements %q", got, digests, alerts, announcements)
	}
}
