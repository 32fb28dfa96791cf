-- The queries of kettle.sql, by a newcomer.

-- engine: mysql
-- prefix: kt_
-- section-url: {url}/c/{id}
-- thread-url: {url}/thread/{id}
-- post-url: {url}/p/{id}
-- member-url: {url}/user/{id}
-- markup: text
-- zones: minutes
-- locales: names

-- name: sections
SELECT c.id, COALESCE(c.parent,0) AS parent_id, c.sort AS place, c.label AS title, c.kind = 'board' AS holds_threads, c.hidden = 'yes' AS closed FROM {prefix}category c

-- name: threads
SELECT t.id, t.category_id AS section_id, COALESCE(t.headline,'') AS title, COALESCE(u.uid,0) AS starter_id, COALESCE(u.login,'former member') AS starter_name, {unix t.started} AS started_at,
 f.id AS first_post_id, CASE t.state WHEN 'visible' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END AS state, t.state = 'moved' AS redirect
 FROM {prefix}thread t LEFT JOIN {prefix}user u ON u.uid = t.uid LEFT JOIN {prefix}post f ON f.thread_id = t.id AND f.is_first = 1 WHERE t.id IN (:ids)

-- name: posts
SELECT p.id, p.thread_id, COALESCE(u.uid,0) AS author_id, COALESCE(u.login,'former member') AS author_name, {unix p.at} AS posted_at, CASE p.state WHEN 'visible' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END AS state, MD5(p.txt) AS version
 FROM {prefix}post p LEFT JOIN {prefix}user u ON u.uid = p.uid WHERE p.id IN (:ids)

-- name: bodies
SELECT p.id, COALESCE(p.uid,0) AS author_id, p.txt AS body FROM {prefix}post p WHERE p.id IN (:ids)

-- name: members
SELECT u.uid AS id, u.login AS name, COALESCE(u.mail,'') AS email, COALESCE(u.utc_minutes,'') AS zone, COALESCE(u.language,'') AS locale,
 (SELECT {list g.group_id} FROM {prefix}user_group g WHERE g.uid = u.uid) AS roles,
 CASE u.state WHEN 'active' THEN CASE WHEN u.mail IS NULL THEN 'no address' ELSE '' END WHEN 'new' THEN 'not confirmed' WHEN 'locked' THEN 'banned' ELSE 'disabled' END AS no_mail,
 CASE u.no_bulk WHEN 1 THEN 'announcements' ELSE '' END AS opt_outs
 FROM {prefix}user u WHERE u.uid IN (:ids)

-- name: rights
SELECT g.group_id AS role, g.category_id AS section_id, CASE g.can WHEN 'read' THEN '110' WHEN 'own' THEN '111' WHEN 'list' THEN '100' ELSE '000' END AS rights FROM {prefix}grant g WHERE g.group_id IN (:roles)

-- name: find
SELECT uid AS id FROM {prefix}user WHERE login = :name

-- name: roster
SELECT uid AS id FROM {prefix}user WHERE uid > :after ORDER BY uid LIMIT :limit

-- name: section_watches
SELECT uid AS member_id, category_id AS section_id, CASE what WHEN 'all' THEN 2 ELSE 1 END AS level, CASE WHEN notify = 'site' THEN 0 WHEN what = 'all' THEN 2 ELSE 1 END AS mail FROM {prefix}follow_category WHERE uid IN (:members)

-- name: thread_watches
SELECT uid AS member_id, thread_id, notify = 'mail' AS mail FROM {prefix}follow_thread WHERE notify <> 'off' AND uid IN (:members)

-- name: arrivals
SELECT p.id, p.thread_id, t.category_id AS section_id, COALESCE(p.uid,0) AS author_id, {unix p.at} AS posted_at, p.state = 'visible' AND t.state = 'visible' AS visible
 FROM {prefix}post p JOIN {prefix}thread t ON t.id = p.thread_id WHERE p.id > :after ORDER BY p.id LIMIT :limit

-- name: first_since
SELECT COALESCE(MIN(id), 0) AS id FROM {prefix}post WHERE at >= {time :from}

-- name: newest
SELECT COALESCE(MAX(id),0) AS id FROM {prefix}post
