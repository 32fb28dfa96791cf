package e2e

import (
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// emailedPosts selects the posts of a window that the forum itself would email to a member who watches by email, and the posts
// that quote or mention the member, whatever they may read. A quote within a quote counts for no one but its author's post.
var emailedPosts = map[string]string{
	"xenforo2": `SELECT p.post_id
		  FROM xf_post p
		  JOIN xf_thread t USING (thread_id)
		  JOIN xf_user u ON u.user_id = ?
		 WHERE p.post_date >= ? AND p.post_date < ? AND p.user_id <> u.user_id
		   AND (t.thread_id IN (SELECT thread_id FROM xf_thread_watch w WHERE w.user_id = u.user_id AND w.email_subscribe = 1)
		    OR t.node_id IN (SELECT node_id FROM xf_forum_watch w WHERE w.user_id = u.user_id AND w.send_email = 1
		                        AND (w.notify_on = 'message' OR w.notify_on = 'thread' AND t.first_post_id = p.post_id))
		    OR REGEXP_REPLACE(p.message, '(?i)(\\[quote[^]]*\\])(\\s*\\[quote[^]]*\\])+', '\\1') REGEXP CONCAT('member: ', u.user_id, '"|USER=', u.user_id, ']'))`,
	"mybb": `SELECT p.pid
		  FROM mybb_posts p
		  JOIN mybb_threads t USING (tid)
		  JOIN mybb_users u ON u.uid = ?
		 WHERE p.dateline >= ? AND p.dateline < ? AND p.uid <> u.uid
		   AND (t.tid IN (SELECT tid FROM mybb_threadsubscriptions s WHERE s.uid = u.uid AND s.notification = 1)
		    OR t.firstpost = p.pid AND t.fid IN (SELECT fid FROM mybb_forumsubscriptions s WHERE s.uid = u.uid)
		    OR REGEXP_REPLACE(p.message, '(?i)(\\[quote[^]]*\\])(\\s*\\[quote[^]]*\\])+', '\\1') LIKE CONCAT('%[quote="', u.username, '"%') OR p.message LIKE CONCAT('%@"', u.username, '"%')
		    OR p.message LIKE CONCAT('%@', u.username, '%'))`,
	"nodebb": `SELECT (p.data->>'pid')::bigint
		  FROM legacy_hash p
		  JOIN legacy_hash t ON t._key = 'topic:' || (p.data->>'tid')
		  JOIN legacy_hash u ON u._key = 'user:' || $1::bigint
		 WHERE p._key ~ '^post:[0-9]+$' AND FLOOR((p.data->>'timestamp')::numeric / 1000) >= $2 AND FLOOR((p.data->>'timestamp')::numeric / 1000) < $3
		   AND p.data->>'uid' <> u.data->>'uid'
		   AND NOT EXISTS (SELECT 1 FROM legacy_set i WHERE i._key = 'tid:' || (t.data->>'tid') || ':ignorers' AND i.member = u.data->>'uid')
		   AND (EXISTS (SELECT 1 FROM legacy_set f WHERE f._key = 'tid:' || (t.data->>'tid') || ':followers' AND f.member = u.data->>'uid')
		    OR NOT EXISTS (SELECT 1 FROM legacy_zset w WHERE w._key = 'cid:' || (t.data->>'cid') || ':uid:watch:state' AND w.value = u.data->>'uid' AND w.score = 1)
		   AND (t.data->>'mainPid' = p.data->>'pid' AND EXISTS (SELECT 1 FROM legacy_zset w WHERE w._key = 'cid:' || (t.data->>'cid') || ':uid:watch:state' AND w.value = u.data->>'uid' AND w.score = 4)
		    OR p.data->>'content' ~ ('(^|\n)> @' || (u.data->>'userslug') || ' (said in \[[^\n]*\]|\[said\])\(/post/[0-9]+\):')
		    OR p.data->>'content' ~* ('(^|\n)([^>\n][^\n]*\W)?@' || (u.data->>'userslug') || '\M')))`,
	"discourse": `SELECT p.id
		  FROM posts p
		  JOIN topics t ON t.id = p.topic_id AND t.archetype = 'regular'
		  JOIN users u ON u.id = $1
		 WHERE FLOOR(EXTRACT(EPOCH FROM p.created_at)) >= $2 AND FLOOR(EXTRACT(EPOCH FROM p.created_at)) < $3 AND p.user_id <> u.id
		   AND NOT EXISTS (SELECT 1 FROM topic_users w WHERE w.user_id = u.id AND w.topic_id = t.id AND w.notification_level = 0)
		   AND (EXISTS (SELECT 1 FROM topic_users w WHERE w.user_id = u.id AND w.topic_id = t.id AND w.notification_level = 3)
		    OR EXISTS (SELECT 1 FROM category_users w WHERE w.user_id = u.id AND w.category_id = t.category_id
		                  AND (w.notification_level = 3 OR w.notification_level = 4 AND p.post_number = 1))
		    OR REGEXP_REPLACE(p.cooked, '(<aside[^>]*>)(.*</aside>|.*$)', '\1') LIKE CONCAT('%data-username="', u.username, '"%')
		    OR LOWER(p.cooked) LIKE CONCAT('%<a class="mention" href="/u/', u.username_lower, '">%'))`,
}

func TestPreview_AlertMatchesForum(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb", "discourse", "nodebb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			want := readExpectation(t, kind)
			dsn, config := loadForum(t, kind)
			appendConfig(t, config, "[alerts]\nmode = \"every\"\n")
			window := []string{"--from", rfc3339(want.Window[0]), "--until", rfc3339(want.Window[1])}
			for name, m := range want.Members {
				who := strconv.FormatInt(m.ID, 10)
				alert := func(format string) string {
					out, errOut, code := run(t, append([]string{"preview", "-c", config, who, "--kind", "alert", "--format", format}, window...)...)
					if code != 0 {
						t.Fatalf("preview of %s: exit %d\n%s", name, code, errOut)
					}
					return out
				}
				var got edition
				if err := json.Unmarshal([]byte(alert("json")), &got); err != nil {
					t.Fatal(err)
				}
				if all, posts := got.allPosts(), queryInts(t, dsn, emailedPosts[kind]+" ORDER BY 1", m.ID, want.Window[0], want.Window[1]); !slices.Equal(all, posts) {
					t.Errorf("%s: posts in the alert or explained are\n %v\nwant\n %v", name, all, posts)
				}
				for _, post := range got.shownPosts() {
					if why, forbidden := m.MustNot[strconv.FormatInt(post, 10)]; forbidden && !strings.Contains(why, "watch") {
						t.Errorf("%s would be alerted to %d: %s", name, post, why)
					}
				}
				checkOmitted(t, name, got, m.MustNot, nil)
				if got.Kind != "alert" || got.Member.ID != m.ID || len(got.shownPosts()) < 5 {
					t.Errorf("%s: the preview is %+v", name, got)
				}
				for format, holds := range map[string]string{"html": html.EscapeString(got.Groups[0].Section.Title), "text": "Turn off all alerts:", "eml": "alerts.forum.example.org>"} {
					if message := alert(format); !strings.Contains(strings.ReplaceAll(message, "\r", ""), holds) {
						t.Errorf("%s: the %s format lacks %q:\n%s", name, format, holds, message)
					}
				}
			}
		})
	}
}
