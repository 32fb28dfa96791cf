-- What package mirror writes, and what it must know for that. source/mirror.sql has what the daemon reads.

-- name: add_request
INSERT INTO request (signature, at) VALUES (:signature, :at) ON CONFLICT (signature) DO NOTHING

-- name: forget_requests
DELETE FROM request WHERE at < :before

-- name: section_id
SELECT id FROM section WHERE ref = :ref

-- name: thread_id
SELECT id FROM thread WHERE ref = :ref

-- name: post_id
SELECT id FROM post WHERE ref = :ref

-- name: threads_of_posts
SELECT ref, thread_id FROM post WHERE ref IN (:refs)

-- name: member_id
SELECT id FROM member WHERE ref = :ref

-- name: member_of_address
SELECT ref FROM member WHERE email_key = :email_key AND ref <> :ref

-- name: put_section
INSERT INTO section (ref, parent_ref, place, title, address, deleted, as_of)
VALUES (:ref, :parent_ref, :place, :title, :address, 0, :as_of)
    ON CONFLICT (ref) DO UPDATE SET parent_ref = excluded.parent_ref, place = excluded.place, title = excluded.title,
       address = excluded.address, deleted = 0,
       as_of = CASE WHEN excluded.as_of > section.as_of THEN excluded.as_of ELSE section.as_of END
RETURNING id

-- name: set_public
UPDATE section SET public = :public WHERE id = :id

-- name: group_id
SELECT id FROM member_group WHERE ref = :ref

-- name: add_group
INSERT INTO member_group (ref) VALUES (:ref) RETURNING id

-- name: groups_of
SELECT g.ref FROM membership m JOIN member_group g ON g.id = m.group_id WHERE m.member_id = :id

-- name: delete_section_readers
DELETE FROM section_reader WHERE section_id = :id

-- name: add_section_reader
INSERT INTO section_reader (section_id, group_id) VALUES (:id, :group_id) ON CONFLICT (section_id, group_id) DO NOTHING

-- name: delete_memberships
DELETE FROM membership WHERE member_id = :id

-- name: add_membership
INSERT INTO membership (member_id, group_id) VALUES (:id, :group_id) ON CONFLICT (member_id, group_id) DO NOTHING

-- name: put_thread
INSERT INTO thread (ref, section_id, title, author_ref, author_name, started_at, first_post_id, state, locked, address, as_of)
VALUES (:ref, :section_id, :title, :author_ref, :author_name, :started_at, 0, :state, :locked, :address, :as_of)
    ON CONFLICT (ref) DO UPDATE SET section_id = excluded.section_id, title = excluded.title, author_ref = excluded.author_ref,
       author_name = excluded.author_name, started_at = CASE WHEN :dated = 1 THEN excluded.started_at ELSE thread.started_at END,
       state = excluded.state, locked = excluded.locked, address = excluded.address,
       as_of = CASE WHEN excluded.as_of > thread.as_of THEN excluded.as_of ELSE thread.as_of END
RETURNING id

-- name: put_post
-- The arrival stays. The number of changes grows only if the post would look different.
INSERT INTO post (ref, thread_id, author_ref, author_name, posted_at, arrived_at, changes, state, format, body, address, as_of)
VALUES (:ref, :thread_id, :author_ref, :author_name, :posted_at, :arrived_at, 0, :state, :format, :body, :address, :as_of)
    ON CONFLICT (ref) DO UPDATE SET thread_id = excluded.thread_id, author_ref = excluded.author_ref, author_name = excluded.author_name,
       posted_at = CASE WHEN :dated = 1 THEN excluded.posted_at ELSE post.posted_at END, state = excluded.state,
       changes = post.changes + CASE WHEN post.format <> excluded.format OR post.body <> excluded.body OR post.address <> excluded.address
                                       OR post.author_name <> excluded.author_name THEN 1 ELSE 0 END,
       format = excluded.format, body = excluded.body, address = excluded.address,
       as_of = CASE WHEN excluded.as_of > post.as_of THEN excluded.as_of ELSE post.as_of END
RETURNING id

-- name: set_opener
-- The first post opens the thread, whoever sent it first.
UPDATE thread
   SET first_post_id = COALESCE((SELECT p.id FROM post p WHERE p.thread_id = thread.id ORDER BY p.posted_at, p.id LIMIT 1), 0)
 WHERE id = :id

-- name: put_member
INSERT INTO member (ref, name, name_key, email, email_key, zone, locale, joined_at, left_at, as_of)
VALUES (:ref, :name, :name_key, :email, :email_key, :zone, :locale, :joined_at, :left_at, :as_of)
    ON CONFLICT (ref) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, email = excluded.email,
       email_key = excluded.email_key, zone = CASE WHEN excluded.zone = '' THEN member.zone ELSE excluded.zone END,
       locale = CASE WHEN excluded.locale = '' THEN member.locale ELSE excluded.locale END, left_at = excluded.left_at,
       joined_at = CASE WHEN :dated = 1 THEN excluded.joined_at ELSE member.joined_at END,
       as_of = CASE WHEN excluded.as_of > member.as_of THEN excluded.as_of ELSE member.as_of END
RETURNING id

-- name: date_members
-- The condition keeps an older request from writing.
UPDATE member SET as_of = :as_of WHERE as_of < :as_of AND ref IN (:refs)

-- name: put_section_watch
INSERT INTO section_watch (member_id, section_id, level, as_of) VALUES (:member_id, :section_id, :level, :as_of)
    ON CONFLICT (member_id, section_id) DO UPDATE SET level = excluded.level,
       as_of = CASE WHEN excluded.as_of > section_watch.as_of THEN excluded.as_of ELSE section_watch.as_of END

-- name: put_thread_watch
INSERT INTO thread_watch (member_id, thread_id, as_of) VALUES (:member_id, :thread_id, :as_of)
    ON CONFLICT (member_id, thread_id) DO UPDATE SET as_of = excluded.as_of WHERE excluded.as_of > thread_watch.as_of

-- name: dates_of_sections
SELECT ref, as_of FROM section WHERE ref IN (:refs)

-- name: dates_of_threads
SELECT ref, as_of FROM thread WHERE ref IN (:refs)

-- name: dates_of_posts
SELECT ref, as_of FROM post WHERE ref IN (:refs)

-- name: dates_of_members
SELECT ref, as_of FROM member WHERE ref IN (:refs)

-- name: delete_section
UPDATE section SET deleted = 1 WHERE ref = :ref

-- name: delete_thread
UPDATE thread SET state = 2, title = '–', author_name = '' WHERE ref = :ref

-- name: empty_thread
UPDATE post SET body = '' WHERE body <> '' AND thread_id = (SELECT id FROM thread WHERE ref = :ref)

-- name: delete_post
UPDATE post SET state = 2, body = '', author_name = '', changes = changes + 1 WHERE ref = :ref

-- name: tombstones
SELECT hash, as_of, deleted, used_at FROM tombstone WHERE hash IN (:hashes)

-- name: put_tombstone
INSERT INTO tombstone (hash, as_of, deleted, used_at) VALUES (:hash, :as_of, :deleted, :used_at)
    ON CONFLICT (hash) DO UPDATE SET as_of = excluded.as_of, deleted = excluded.deleted, used_at = excluded.used_at

-- name: use_tombstone
UPDATE tombstone SET used_at = :now WHERE hash = :hash

-- name: forget_tombstones
DELETE FROM tombstone WHERE used_at < :before

-- name: delete_section_watches
DELETE FROM section_watch WHERE member_id = (SELECT id FROM member WHERE ref = :ref)

-- name: delete_thread_watches
DELETE FROM thread_watch WHERE member_id = (SELECT id FROM member WHERE ref = :ref)

-- name: delete_member
DELETE FROM member WHERE ref = :ref

-- name: keep_former_member
INSERT INTO former_member (id, ref_hash, address_hash) VALUES (:id, :ref_hash, :address_hash)

-- name: former_member
SELECT f.id
  FROM former_member f
 WHERE f.address_hash = :address_hash OR f.ref_hash = :ref_hash
 ORDER BY CASE WHEN f.address_hash = :address_hash THEN 0 ELSE 1 END, f.id DESC
 LIMIT 1

-- name: restore_member
INSERT INTO member (id, ref, name, name_key, email, email_key, zone, locale, joined_at)
VALUES (:id, :ref, '', '', '', NULL, '', '', :joined_at)

-- name: restore_member/postgres
INSERT INTO member (id, ref, name, name_key, email, email_key, zone, locale, joined_at)
OVERRIDING SYSTEM VALUE
VALUES (:id, :ref, '', '', '', NULL, '', '', :joined_at)

-- name: forget_former_member
DELETE FROM former_member WHERE id = :id

-- name: left_addresses
SELECT hash, member_id, left_at FROM left_address WHERE hash IN (:hashes)

-- name: put_left_address
-- If several members had it, the choice of none of them counts for all.
INSERT INTO left_address (hash, member_id, left_at) VALUES (:hash, :member_id, :left_at)
    ON CONFLICT (hash) DO UPDATE SET left_at = excluded.left_at,
       member_id = CASE WHEN left_address.member_id = excluded.member_id THEN excluded.member_id ELSE 0 END
RETURNING member_id

-- name: forget_left_address
DELETE FROM left_address WHERE hash = :hash

-- name: end_waiting
UPDATE member SET left_at = 0 WHERE email_key = :email_key AND left_at > 0

-- name: add_hash_key
INSERT INTO hash_key (id, value) VALUES (1, :value) ON CONFLICT (id) DO NOTHING

-- name: hash_key
SELECT value FROM hash_key WHERE id = 1

-- name: delete_section_watch
DELETE FROM section_watch
 WHERE member_id = (SELECT id FROM member WHERE ref = :member) AND section_id = (SELECT id FROM section WHERE ref = :section)
   AND as_of <= :as_of

-- name: delete_thread_watch
DELETE FROM thread_watch
 WHERE member_id = (SELECT id FROM member WHERE ref = :member) AND thread_id = (SELECT id FROM thread WHERE ref = :thread)
   AND as_of <= :as_of

-- name: empty_posts
-- A page of them: the rest comes with the next call.
UPDATE post SET body = ''
 WHERE id IN (SELECT p.id FROM post p WHERE p.arrived_at < :before AND p.body <> '' ORDER BY p.arrived_at LIMIT :limit)

-- name: add_feed
INSERT INTO feed (url, began_at, next_at, etag, modified, failures, error) VALUES (:url, 0, 0, '', '', 0, '') ON CONFLICT (url) DO NOTHING

-- name: feed
SELECT url, began_at, next_at, etag, modified, failures, error FROM feed WHERE url = :url

-- name: save_feed
UPDATE feed
   SET began_at = :began_at, next_at = :next_at, etag = :etag, modified = :modified, failures = :failures, error = :error
 WHERE url = :url

-- name: feed_item
SELECT item, content, stored, comments FROM feed_item WHERE url = :url AND item = :item

-- name: feed_item_like
SELECT item, content, stored, comments FROM feed_item WHERE url = :url AND likeness = :likeness ORDER BY seen_at, item LIMIT 1

-- name: put_feed_item
INSERT INTO feed_item (url, item, content, likeness, stored, seen_at) VALUES (:url, :item, :content, :likeness, :stored, :seen_at)
    ON CONFLICT (url, item) DO UPDATE SET content = excluded.content, likeness = excluded.likeness, seen_at = excluded.seen_at

-- name: same_posts
SELECT COUNT(*) FROM post WHERE ref = :ref AND body = :body

-- name: count_comments
UPDATE feed_item SET comments = :comments WHERE url = :url AND item = :item

-- name: forget_feed_items
DELETE FROM feed_item WHERE seen_at < :before

-- name: member
SELECT m.id, m.ref, m.name, m.email, m.zone, m.locale, m.left_at, m.joined_at FROM member m WHERE m.ref = :ref

-- name: members_named
SELECT m.id, m.ref, m.email FROM member m WHERE m.ref IN (:refs)

-- name: members
SELECT m.id, m.ref, m.name, m.email, m.zone, m.locale, m.left_at,
       (SELECT COUNT(*) FROM section_watch s WHERE s.member_id = m.id) + (SELECT COUNT(*) FROM thread_watch t WHERE t.member_id = m.id) AS watches
  FROM member m
 WHERE m.id > :after
 ORDER BY m.id
 LIMIT :limit

-- name: sections_named
SELECT s.id, s.ref FROM section s WHERE s.deleted = 0 AND (s.ref = :name OR s.title = :name)

-- name: add_section_watch
INSERT INTO section_watch (member_id, section_id, level) VALUES (:member_id, :section_id, 2) ON CONFLICT (member_id, section_id) DO NOTHING

-- name: adopt_member
-- Gives a member who is known by their address alone the ID of the site.
UPDATE member SET ref = :ref WHERE ref = :other AND NOT EXISTS (SELECT 1 FROM member o WHERE o.ref = :ref)

-- name: offered_sections
-- Those that everyone may read: neither they nor a section above them is deleted or not public. Sections come after their parents.
WITH RECURSIVE hidden (ref) AS (
  SELECT h.ref FROM section h WHERE h.deleted = 1 OR h.public = 0
   UNION
  SELECT c.ref FROM hidden JOIN section c ON c.parent_ref = hidden.ref
)
SELECT s.id, s.ref, COALESCE(p.title, '') AS parent, s.title
  FROM section s
  LEFT JOIN section p ON p.ref = s.parent_ref AND p.deleted = 0
 WHERE s.ref NOT IN (SELECT ref FROM hidden)
 ORDER BY COALESCE(p.place, s.place), COALESCE(p.title, s.title), CASE WHEN p.id IS NULL THEN 0 ELSE 1 END, s.place, s.title, s.id
 LIMIT :limit

-- name: watch_offered_section
INSERT INTO section_watch (member_id, section_id, level)
SELECT CAST(:member_id AS BIGINT), s.id, 2 FROM section s WHERE s.id = :section_id AND s.deleted = 0 AND s.public = 1
    ON CONFLICT (member_id, section_id) DO NOTHING
