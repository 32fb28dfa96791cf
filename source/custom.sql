-- The queries of the forum in docs/custom-forum.md, on PostgreSQL, MariaDB, MySQL and SQLite. They are the examples of the template
-- that "postrider forums custom" writes.

-- name: sections
SELECT b.board_id                  AS id,
       b.position                  AS place,
       b.title                     AS title,
       CASE WHEN b.archived THEN 1 ELSE 0 END AS closed
  FROM boards b

-- name: threads
SELECT t.topic_id                  AS id,
       t.board_id                  AS section_id,
       t.subject                   AS title,
       COALESCE(f.author, 0)       AS starter_id,
       COALESCE(f.author_nick, '') AS starter_name,
       {unix t.opened}             AS started_at,
       COALESCE(f.message_id, 0)   AS first_post_id,
       CASE t.status WHEN 'open' THEN 0 WHEN 'held' THEN 1 ELSE 2 END AS state
  FROM topics t
  LEFT JOIN messages f ON f.message_id = (SELECT MIN(m.message_id) FROM messages m WHERE m.topic_id = t.topic_id)
 WHERE t.topic_id IN (:ids)

-- name: posts
SELECT m.message_id                AS id,
       m.topic_id                  AS thread_id,
       COALESCE(m.author, 0)       AS author_id,
       m.author_nick               AS author_name,
       {unix m.written}            AS posted_at,
       CASE m.status WHEN 'open' THEN 0 WHEN 'held' THEN 1 ELSE 2 END AS state,
       COALESCE({unix m.edited}, 0) AS version
  FROM messages m
 WHERE m.message_id IN (:ids)

-- name: bodies
SELECT m.message_id                AS id,
       COALESCE(m.author, 0)       AS author_id,
       (SELECT COUNT(*) FROM thumbs u WHERE u.message_id = m.message_id) AS likes,
       SUBSTR(m.body, 1, 262144)   AS body
  FROM messages m
 WHERE m.message_id IN (:ids)

-- name: members
SELECT p.person_id                 AS id,
       p.nick                      AS name,
       COALESCE(p.email, '')       AS email,
       COALESCE(p.tz, '')          AS zone,
       COALESCE(p.lang, '')        AS locale,
       CASE WHEN p.confirmed THEN p.level ELSE 'guest' END AS roles,
       CASE WHEN p.banned_until > {time :now} THEN 'banned'
            WHEN NOT p.confirmed   THEN 'not confirmed'
            WHEN COALESCE(p.email, '') = '' THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE WHEN p.newsletter THEN '' ELSE 'announcements' END AS opt_outs
  FROM people p
 WHERE p.person_id IN (:ids)

-- name: rights
SELECT a.level                     AS role,
       a.board_id                  AS section_id,
       '110'                       AS rights
  FROM board_access a
 WHERE a.level IN (:roles)

-- name: find
SELECT p.person_id                 AS id
  FROM people p
 WHERE p.nick = :name

-- name: roster
SELECT p.person_id                 AS id
  FROM people p
 WHERE p.person_id > :after
 ORDER BY p.person_id
 LIMIT :limit

-- name: search
SELECT p.person_id                 AS id
  FROM people p
 WHERE LOWER(p.nick) LIKE LOWER(:begins) ESCAPE '|'
 ORDER BY p.nick
 LIMIT :limit

-- name: named
SELECT p.person_id                 AS id,
       p.nick                      AS name
  FROM people p
 WHERE p.nick IN (:names)

-- name: addressed
SELECT p.person_id                 AS id,
       p.email                     AS email
  FROM people p
 WHERE p.email IN (:addresses)

-- name: section_watches
SELECT s.person_id                 AS member_id,
       s.board_id                  AS section_id,
       2                           AS level,
       CASE WHEN s.by_email THEN 2 ELSE 0 END AS mail
  FROM subscriptions s
 WHERE s.person_id IN (:members) AND s.board_id IS NOT NULL

-- name: thread_watches
SELECT s.person_id                 AS member_id,
       s.topic_id                  AS thread_id,
       CASE WHEN s.by_email THEN 1 ELSE 0 END AS mail
  FROM subscriptions s
 WHERE s.person_id IN (:members) AND s.topic_id IS NOT NULL

-- name: watching
SELECT DISTINCT s.person_id        AS id
  FROM subscriptions s
 WHERE s.person_id > :after
 ORDER BY id
 LIMIT :limit

-- name: watchers
SELECT s.person_id                 AS member_id,
       s.topic_id                  AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM subscriptions s
 WHERE s.topic_id IN (:threads) AND s.by_email AND s.person_id > :after
 UNION ALL
SELECT s.person_id, 0, s.board_id, 2
  FROM subscriptions s
 WHERE s.board_id IN (:sections) AND s.by_email AND s.person_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT k.person_id                 AS member_id,
       k.blocked_id                AS ignored
  FROM blocks k
 WHERE k.person_id IN (:members)

-- name: thread_reads
SELECT r.person_id                 AS member_id,
       r.topic_id                  AS thread_id,
       {unix r.seen_at}            AS read_at
  FROM seen r
 WHERE r.person_id IN (:members) AND r.seen_at >= {time :since}

-- name: visits
SELECT p.person_id                 AS member_id,
       COALESCE({unix p.last_seen}, 0) AS visited_at
  FROM people p
 WHERE p.person_id IN (:members)

-- name: took_part
SELECT DISTINCT m.author           AS member_id,
       m.topic_id                  AS thread_id
  FROM messages m
 WHERE m.topic_id IN (:threads) AND m.author IN (:members) AND m.status = 'open'

-- name: arrivals
SELECT m.message_id                AS id,
       m.topic_id                  AS thread_id,
       t.board_id                  AS section_id,
       COALESCE(m.author, 0)       AS author_id,
       {unix m.written}            AS posted_at,
       CASE WHEN m.status = 'open' AND t.status = 'open' THEN 1 ELSE 0 END AS visible
  FROM messages m
  JOIN topics t ON t.topic_id = m.topic_id
 WHERE m.message_id > :after
 ORDER BY m.message_id
 LIMIT :limit

-- name: first_since
SELECT COALESCE(MIN(m.message_id + 0), 0) AS id
  FROM messages m
 WHERE m.written >= {time :from}

-- name: newest
SELECT COALESCE(MAX(m.message_id), 0) AS id
  FROM messages m

-- name: created
SELECT m.message_id                AS id
  FROM messages m
 WHERE m.written >= {time :from} AND m.written < {time :until}
 ORDER BY m.message_id

-- name: numbers
SELECT q.message_id                AS id,
       q.topic_id                  AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.topic_id, a.earliest, a.latest, COUNT(e.message_id) AS earlier
          FROM (SELECT m.topic_id, MIN(m.message_id) AS earliest, MAX(m.message_id) AS latest
                  FROM messages m
                 WHERE m.message_id IN (:ids)
                 GROUP BY m.topic_id) a
          LEFT JOIN messages e ON e.topic_id = a.topic_id AND e.message_id < a.earliest AND e.status = 'open'
         GROUP BY a.topic_id, a.earliest, a.latest) w
  JOIN messages q ON q.topic_id = w.topic_id AND q.message_id BETWEEN w.earliest AND w.latest AND q.status = 'open'
 ORDER BY q.topic_id, q.message_id

-- name: likes
SELECT u.message_id                AS id,
       p.nick                      AS name
  FROM thumbs u
  JOIN people p ON p.person_id = u.person_id
 WHERE u.message_id IN (:ids)
 ORDER BY u.message_id, u.given

-- name: titles
SELECT p.person_id                 AS member_id,
       CASE p.level WHEN 'keeper' THEN 'Keeper' ELSE '' END AS title
  FROM people p
 WHERE p.person_id IN (:members)

-- name: profiles
SELECT p.person_id                 AS id,
       (SELECT COUNT(*) FROM messages m WHERE m.author = p.person_id AND m.status = 'open') AS posts,
       {unix p.joined}             AS joined_at,
       COALESCE({unix p.last_seen}, 0) AS visited_at
  FROM people p
 WHERE p.person_id IN (:ids)

-- name: mailable
SELECT COUNT(*)                    AS members
  FROM people p
 WHERE p.confirmed AND p.email <> '' AND (p.banned_until IS NULL OR p.banned_until <= {time :now})
