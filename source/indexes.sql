-- Indexes that forums lack, by forum type and database. docs/forums.md says what each is for; the check names them where a query reads a
-- large table as a whole.

-- for: mybb/mysql
CREATE INDEX email ON {prefix}users (email(100));
CREATE INDEX fid ON {prefix}forumsubscriptions (fid);
CREATE INDEX uid ON {prefix}threadsread (uid);
CREATE INDEX uid ON {prefix}forumsread (uid);
CREATE INDEX uid ON {prefix}awaitingactivation (uid);

-- for: mybb/postgres
CREATE INDEX CONCURRENTLY postrider_thread_posts ON {prefix}posts (tid, dateline);
CREATE INDEX CONCURRENTLY postrider_post_times ON {prefix}posts (dateline);
CREATE INDEX CONCURRENTLY postrider_names ON {prefix}users (LOWER(username) text_pattern_ops);
CREATE INDEX CONCURRENTLY postrider_addresses ON {prefix}users (LOWER(email));
CREATE INDEX CONCURRENTLY postrider_member_threads ON {prefix}threadsubscriptions (uid);
CREATE INDEX CONCURRENTLY postrider_thread_members ON {prefix}threadsubscriptions (tid, uid);
CREATE INDEX CONCURRENTLY postrider_member_forums ON {prefix}forumsubscriptions (uid);
CREATE INDEX CONCURRENTLY postrider_forum_members ON {prefix}forumsubscriptions (fid, uid);
CREATE INDEX CONCURRENTLY postrider_threads_read ON {prefix}threadsread (uid);
CREATE INDEX CONCURRENTLY postrider_forums_read ON {prefix}forumsread (uid);
CREATE INDEX CONCURRENTLY postrider_banned ON {prefix}banned (uid);
CREATE INDEX CONCURRENTLY postrider_activations ON {prefix}awaitingactivation (uid);
CREATE INDEX CONCURRENTLY postrider_attachments ON {prefix}attachments (pid);
CREATE INDEX CONCURRENTLY postrider_messages ON {prefix}privatemessages (uid, folder);

-- for: mybb/sqlite
CREATE INDEX postrider_thread_posts ON {prefix}posts (tid, dateline);
CREATE INDEX postrider_post_times ON {prefix}posts (dateline);
CREATE INDEX postrider_names ON {prefix}users (username COLLATE NOCASE);
CREATE INDEX postrider_addresses ON {prefix}users (email COLLATE NOCASE);
CREATE INDEX postrider_member_threads ON {prefix}threadsubscriptions (uid);
CREATE INDEX postrider_thread_members ON {prefix}threadsubscriptions (tid, uid);
CREATE INDEX postrider_member_forums ON {prefix}forumsubscriptions (uid);
CREATE INDEX postrider_forum_members ON {prefix}forumsubscriptions (fid, uid);
CREATE INDEX postrider_threads_read ON {prefix}threadsread (uid);
CREATE INDEX postrider_forums_read ON {prefix}forumsread (uid);
CREATE INDEX postrider_banned ON {prefix}banned (uid);
CREATE INDEX postrider_activations ON {prefix}awaitingactivation (uid);
CREATE INDEX postrider_attachments ON {prefix}attachments (pid);
CREATE INDEX postrider_messages ON {prefix}privatemessages (uid, folder);

-- for: smf2/mysql
CREATE INDEX email_address ON {prefix}members (email_address(100));

-- for: smf2/postgres
CREATE INDEX CONCURRENTLY postrider_addresses ON {prefix}members (email_address);
CREATE INDEX CONCURRENTLY postrider_names ON {prefix}members (LOWER(real_name) text_pattern_ops);

-- for: xenforo2/mysql xenforo1/mysql
CREATE INDEX thread_id_user_id ON {prefix}post (thread_id, user_id);

-- for: fluxbb/mysql
CREATE INDEX postrider_addresses ON {prefix}users (email);
CREATE INDEX postrider_topic_members ON {prefix}topic_subscriptions (topic_id, user_id);
CREATE INDEX postrider_forum_members ON {prefix}forum_subscriptions (forum_id, user_id);

-- for: fluxbb/postgres
CREATE INDEX CONCURRENTLY postrider_topic_members ON {prefix}topic_subscriptions (topic_id, user_id);
CREATE INDEX CONCURRENTLY postrider_forum_members ON {prefix}forum_subscriptions (forum_id, user_id);
CREATE INDEX CONCURRENTLY postrider_names ON {prefix}users (LOWER(username) text_pattern_ops);
CREATE INDEX CONCURRENTLY postrider_addresses ON {prefix}users (email);

-- for: fluxbb/sqlite
CREATE INDEX postrider_topic_members ON {prefix}topic_subscriptions (topic_id, user_id);
CREATE INDEX postrider_forum_members ON {prefix}forum_subscriptions (forum_id, user_id);
CREATE INDEX postrider_names ON {prefix}users (username COLLATE NOCASE);
CREATE INDEX postrider_addresses ON {prefix}users (email);

-- for: flarum/mysql
CREATE INDEX postrider_thread ON {prefix}discussion_user (discussion_id, subscription);
CREATE INDEX postrider_member ON {prefix}discussion_user (subscription, user_id);
CREATE INDEX postrider_read ON {prefix}discussion_user (user_id, last_read_at);
CREATE INDEX postrider_author ON {prefix}posts (discussion_id, user_id);

-- for: flarum/postgres
CREATE INDEX CONCURRENTLY postrider_thread ON {prefix}discussion_user (discussion_id, subscription);
CREATE INDEX CONCURRENTLY postrider_member ON {prefix}discussion_user (subscription, user_id);
CREATE INDEX CONCURRENTLY postrider_read ON {prefix}discussion_user (user_id, last_read_at);
CREATE INDEX CONCURRENTLY postrider_author ON {prefix}posts (discussion_id, user_id);
CREATE INDEX CONCURRENTLY postrider_names ON {prefix}users (LOWER(username) text_pattern_ops);
CREATE INDEX CONCURRENTLY postrider_nicknames ON {prefix}users (LOWER(nickname) text_pattern_ops);

-- for: flarum/sqlite
CREATE INDEX postrider_thread ON {prefix}discussion_user (discussion_id, subscription);
CREATE INDEX postrider_member ON {prefix}discussion_user (subscription, user_id);
CREATE INDEX postrider_read ON {prefix}discussion_user (user_id, last_read_at);
CREATE INDEX postrider_author ON {prefix}posts (discussion_id, user_id);
CREATE INDEX postrider_names ON {prefix}users (username COLLATE NOCASE);
CREATE INDEX postrider_nicknames ON {prefix}users (nickname COLLATE NOCASE);

-- for: discourse/postgres
CREATE INDEX CONCURRENTLY postrider_member_topics ON topic_users (user_id, notification_level, topic_id) WHERE notification_level IN (0, 3);
CREATE INDEX CONCURRENTLY postrider_read_topics ON topic_users (user_id, last_visited_at);
CREATE INDEX CONCURRENTLY postrider_topic_watchers ON topic_users (topic_id, user_id) WHERE notification_level = 3;
CREATE INDEX CONCURRENTLY postrider_participants ON posts (topic_id, user_id) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY postrider_names ON users (username_lower text_pattern_ops);

-- for: nodebb/postgres
CREATE INDEX postrider_names ON legacy_zset (value text_pattern_ops) WHERE _key = 'username:sorted';
