package e2e

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
	"phpbb3": `SELECT p.post_id
		  FROM phpbb_posts p
		  JOIN phpbb_topics t ON t.topic_id = p.topic_id
		  JOIN phpbb_users u ON u.user_id = $1
		 WHERE p.post_time >= $2 AND p.post_time < $3 AND p.poster_id <> u.user_id
		   AND (EXISTS (SELECT 1 FROM phpbb_topics_watch w WHERE w.user_id = u.user_id AND w.topic_id = t.topic_id)
		        AND EXISTS (SELECT 1 FROM phpbb_user_notifications n WHERE n.user_id = u.user_id AND n.item_type = 'notification.type.post' AND n.method = 'notification.method.email' AND n.notify = 1)
		    OR EXISTS (SELECT 1 FROM phpbb_forums_watch w WHERE w.user_id = u.user_id AND w.forum_id = t.forum_id)
		        AND EXISTS (SELECT 1 FROM phpbb_user_notifications n WHERE n.user_id = u.user_id AND n.method = 'notification.method.email' AND n.notify = 1
		                       AND (n.item_type = 'notification.type.forum' OR n.item_type = 'notification.type.topic' AND t.topic_first_post_id = p.post_id))
		    OR REGEXP_REPLACE(p.post_text, '(<QUOTE[^>]*><s>[^<]*</s>)\s*<QUOTE.*', '\1') LIKE CONCAT('% user_id="', u.user_id, '">%'))`,
	"smf2": `SELECT m.id_msg
		  FROM smf_messages m
		  JOIN smf_topics t USING (id_topic)
		  JOIN smf_members u ON u.id_member = ?
		 WHERE m.poster_time >= ? AND m.poster_time < ? AND m.id_member <> u.id_member
		   AND (t.id_topic IN (SELECT n.id_topic FROM smf_log_notify n JOIN smf_user_alerts_prefs p ON p.id_member = n.id_member AND p.alert_pref = CONCAT('topic_notify_', n.id_topic) AND p.alert_value >= 2
		                        WHERE n.id_member = u.id_member)
		    OR t.id_first_msg = m.id_msg AND t.id_board IN (SELECT n.id_board FROM smf_log_notify n JOIN smf_user_alerts_prefs p ON p.id_member = n.id_member AND p.alert_pref = CONCAT('board_notify_', n.id_board) AND p.alert_value >= 2
		                        WHERE n.id_member = u.id_member)
		    OR REGEXP_REPLACE(m.body, '(?i)(\\[quote[^]]*\\])((\\s|<br>)*\\[quote[^]]*\\])+', '\\1') LIKE CONCAT('%[quote author=', u.real_name, ' link=%')
		    OR m.body LIKE CONCAT('%[member=', u.id_member, ']%'))`,
	"vanilla": `SELECT p.id
		  FROM (SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', d.DateInserted) * 1000000000 + d.DiscussionID AS id, d.DiscussionID, d.CategoryID, d.InsertUserID, d.Body, d.DateInserted, 1 AS opens
		          FROM GDN_Discussion d
		         UNION ALL
		        SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', c.DateInserted) * 1000000000 + 500000000 + c.CommentID, d.DiscussionID, d.CategoryID, c.InsertUserID, c.Body, c.DateInserted, 0
		          FROM GDN_Comment c
		          JOIN GDN_Discussion d ON d.DiscussionID = c.DiscussionID) p
		  JOIN GDN_User u ON u.UserID = ?
		 WHERE TIMESTAMPDIFF(SECOND, '1970-01-01', p.DateInserted) >= ? AND TIMESTAMPDIFF(SECOND, '1970-01-01', p.DateInserted) < ? AND p.InsertUserID <> u.UserID
		   AND (u.Name <> 'Ray' AND p.DiscussionID IN (SELECT b.DiscussionID FROM GDN_UserDiscussion b WHERE b.UserID = u.UserID AND b.Bookmarked = 1)
		    OR EXISTS (SELECT 1 FROM GDN_UserMeta m WHERE m.UserID = u.UserID AND m.Value = '1' AND
		               (m.Name = CONCAT('Preferences.Email.NewComment.', p.CategoryID) OR p.opens AND m.Name = CONCAT('Preferences.Email.NewDiscussion.', p.CategoryID)))
		    OR p.Body LIKE CONCAT('%[quote="', u.Name, ';%') OR p.Body LIKE CONCAT('% rel="', u.Name, '">%') OR p.Body LIKE CONCAT('%">', u.Name, '</a> said:%')
		    OR p.Body LIKE CONCAT('%@"', u.Name, '"%') OR p.Body LIKE CONCAT('%@&quot;', u.Name, '&quot;%') OR p.Body LIKE CONCAT('%@', u.Name, '%')
		    OR p.Body LIKE CONCAT('%"userID":', u.UserID, ',"name"%'))`,
	"fluxbb": `SELECT p.id
		  FROM posts p
		  JOIN topics t ON t.id = p.topic_id
		  JOIN users u ON u.id = ?
		 WHERE p.posted >= ? AND p.posted < ? AND p.poster_id <> u.id
		   AND (t.id IN (SELECT topic_id FROM topic_subscriptions s WHERE s.user_id = u.id)
		    OR t.first_post_id = p.id AND t.forum_id IN (SELECT forum_id FROM forum_subscriptions s WHERE s.user_id = u.id)
		    OR REGEXP_REPLACE(p.message, '(?i)(\\[quote[^]]*\\])(\\s*\\[quote[^]]*\\])+', '\\1') REGEXP CONCAT('(?i)\\[quote="?', u.username, '"?\\]'))`,
	"flarum": `SELECT p.id
		  FROM posts p
		  JOIN discussions d ON d.id = p.discussion_id
		  JOIN users u ON u.id = ?
		 WHERE p.type = 'comment' AND TIMESTAMPDIFF(SECOND, '1970-01-01', p.created_at) >= ? AND TIMESTAMPDIFF(SECOND, '1970-01-01', p.created_at) < ? AND COALESCE(p.user_id, 0) <> u.id
		   AND d.id NOT IN (SELECT discussion_id FROM discussion_user s WHERE s.user_id = u.id AND s.subscription = 'ignore')
		   AND d.id NOT IN (SELECT dt.discussion_id FROM discussion_tag dt JOIN tag_user s ON s.tag_id = dt.tag_id AND s.user_id = u.id AND s.subscription IN ('ignore', 'hide'))
		   AND (d.id IN (SELECT discussion_id FROM discussion_user s WHERE s.user_id = u.id AND s.subscription = 'follow')
		    OR d.id IN (SELECT dt.discussion_id FROM discussion_tag dt JOIN tag_user s ON s.tag_id = dt.tag_id AND s.user_id = u.id
		                 WHERE s.subscription = 'lurk' OR s.subscription = 'follow' AND d.first_post_id = p.id)
		    OR p.id IN (SELECT m.post_id FROM post_mentions_post m JOIN posts o ON o.id = m.mentions_post_id AND o.user_id = u.id
		                 WHERE REGEXP_REPLACE(p.content, '(?s)(</POSTMENTION></p>\\s*<i>&gt;</i>\\s*)<QUOTE>.*', '\\1') LIKE CONCAT('% id="', o.id, '" %'))
		    OR p.id IN (SELECT post_id FROM post_mentions_user m WHERE m.mentions_user_id = u.id))`,
}
