-- NodeBB 3 and 4 on PostgreSQL. source.go documents what each query must return.
--
-- NodeBB keeps objects in tables of keys and values: legacy_hash holds one object a row, legacy_zset lists with a score, legacy_set
-- lists without one. So every query names the keys that it reads, and {key post:[id]} is a key; what is in square brackets is an
-- expression. {number x} is the whole number at the start of a text, or 0. {each ids} has a row for each ID. {setting x y} is a
-- member's setting s, or else the forum's, or else y. Times are in milliseconds. OFFSET 0 keeps PostgreSQL from reading a whole
-- table, whose keys it cannot tell apart, to join it.
--
-- Posts, topics, categories and members of the fediverse have addresses where others have numbers. They are left out.

-- name: sections
-- A disabled category is closed to everybody, but the categories below it are not.
SELECT {number z.value}            AS id,
       CASE WHEN EXISTS (SELECT 1 FROM legacy_zset a WHERE a._key = {key categories:cid} AND a.value = c.data->>'parentCid')
            THEN {number c.data->>'parentCid'} ELSE 0 END AS parent_id,
       {number c.data->>'order'}   AS place,
       COALESCE(c.data->>'name', '') AS title,
       CASE {number c.data->>'disabled'} WHEN 0 THEN 1 ELSE 0 END AS holds_threads,
       0                           AS closed
  FROM legacy_zset z
  JOIN legacy_hash c ON c._key = {key category:[z.value]}
 WHERE z._key = {key categories:cid} AND z.value ~ '^[1-9][0-9]{0,14}$'

-- name: threads
-- A topic whose time has not come is deleted until then. A merged topic stays behind, deleted. A topic in a category of the
-- fediverse has the section 0.
SELECT {number i.id}               AS id,
       {number t.data->>'cid'}     AS section_id,
       COALESCE(t.data->>'title', '') AS title,
       {number u.data->>'uid'}     AS starter_id,
       COALESCE(u.data->>'username', p.data->>'handle', '') AS starter_name,
       {number t.data->>'timestamp'} / 1000 AS started_at,
       {number t.data->>'mainPid'} AS first_post_id,
       CASE WHEN {number t.data->>'deleted'} = 0 THEN 0
            WHEN EXISTS (SELECT 1 FROM legacy_zset s WHERE s._key = {key topics:scheduled} AND s.value = i.id) THEN 1
            ELSE 2 END             AS state,
       0                           AS redirect,
       CASE {number t.data->>'locked'} WHEN 0 THEN 0 ELSE 1 END AS locked
  FROM {each ids} i(id)
  JOIN legacy_hash t ON t._key = {key topic:[i.id]}
  LEFT JOIN legacy_hash p ON p._key = {key post:[t.data->>'mainPid']}
  LEFT JOIN legacy_hash u ON u._key = {key user:[t.data->>'uid']}

-- name: posts
-- The account of a deleted member is gone. A guest's name is in the post. Posts in topics of the fediverse are left out.
SELECT {number i.id}               AS id,
       {number p.data->>'tid'}     AS thread_id,
       {number u.data->>'uid'}     AS author_id,
       COALESCE(u.data->>'username', p.data->>'handle', '') AS author_name,
       {number p.data->>'timestamp'} / 1000 AS posted_at,
       CASE {number p.data->>'deleted'} WHEN 0 THEN 0 ELSE 2 END AS state,
       CONCAT(p.data->>'edited', '-', p.data->>'upvotes', '-', MD5(CONCAT(p.data->>'handle', ' ', p.data->>'content'))) AS version
  FROM {each ids} i(id)
  JOIN legacy_hash p ON p._key = {key post:[i.id]}
  LEFT JOIN legacy_hash u ON u._key = {key user:[p.data->>'uid']}
 WHERE p.data->>'tid' ~ '^[0-9]+$'

-- name: bodies
-- NodeBB shows the source of a post if there is one (src/posts/parse.js), and no votes if it has no reputation.
SELECT {number i.id}               AS id,
       {number u.data->>'uid'}     AS author_id,
       CASE (SELECT {number c.data->>'reputation:disabled'} FROM legacy_hash c WHERE c._key = 'config') WHEN 1 THEN 0
            ELSE {number p.data->>'upvotes'} END AS likes,
       SUBSTR(COALESCE(NULLIF(p.data->>'sourceContent', ''), p.data->>'content', ''), 1, 262144) AS body
  FROM {each ids} i(id)
  JOIN legacy_hash p ON p._key = {key post:[i.id]}
  LEFT JOIN legacy_hash u ON u._key = {key user:[p.data->>'uid']}

-- name: numbers
-- The number of a post is the one in its address. Deleted posts and those of the fediverse count. The list of a topic's posts lacks the
-- opening one.
WITH asked AS (
  SELECT p.data->>'tid' AS tid, MIN(z.score) AS earliest, MAX(z.score) AS latest, MAX(CASE WHEN z.score IS NULL THEN 1 ELSE 0 END) AS opening
    FROM {each ids} i(id)
    JOIN legacy_hash p ON p._key = {key post:[i.id]} AND p.data->>'tid' ~ '^[0-9]+$'
    LEFT JOIN LATERAL (SELECT x.score FROM legacy_zset x WHERE x._key = {key tid:[p.data->>'tid']:posts} AND x.value = i.id OFFSET 0) z ON TRUE
   GROUP BY p.data->>'tid'
), counted AS MATERIALIZED (
  SELECT a.tid, a.latest, a.opening, CASE a.opening WHEN 1 THEN 0 ELSE a.earliest END AS earliest,
         CASE a.opening WHEN 1 THEN 0
              ELSE 1 + (SELECT COUNT(*) FROM legacy_zset e WHERE e._key = {key tid:[a.tid]:posts} AND e.score < a.earliest) END AS earlier
    FROM asked a
)
SELECT n.id, n.thread_id, n.earlier
  FROM (SELECT {number t.data->>'mainPid'} AS id, {number a.tid} AS thread_id, a.earlier, -1 AS score, '' AS value
          FROM counted a
          JOIN legacy_hash t ON t._key = {key topic:[a.tid]}
         WHERE a.opening = 1
         UNION ALL
        SELECT CASE WHEN z.value ~ '^[0-9]+$' THEN {number z.value} ELSE 0 END, {number a.tid}, a.earlier, z.score, z.value
          FROM counted a
         CROSS JOIN LATERAL (SELECT x.value, x.score FROM legacy_zset x
                              WHERE x._key = {key tid:[a.tid]:posts} AND x.score BETWEEN a.earliest AND a.latest OFFSET 0) z) n
 ORDER BY n.thread_id, n.score, n.value

-- name: likes
-- Only if everybody may see who voted. Before NodeBB 3.8.2 the setting was votesArePublic.
SELECT {number i.id}               AS id,
       COALESCE(u.data->>'username', '') AS name
  FROM {each ids} i(id)
 CROSS JOIN LATERAL (SELECT x.member FROM legacy_set x WHERE x._key = {key pid:[i.id]:upvote} OFFSET 0) v
  JOIN legacy_hash u ON u._key = {key user:[v.member]} AND {number u.data->>'banned'} = 0
  LEFT JOIN legacy_zset z ON z._key = {key uid:[v.member]:upvote} AND z.value = i.id
 WHERE EXISTS (SELECT 1 FROM legacy_hash c
                WHERE c._key = 'config'
                  AND (c.data->>'upvoteVisibility' IN ('all', 'loggedin') OR c.data->>'upvoteVisibility' IS NULL AND {number c.data->>'votesArePublic'} = 1))
 ORDER BY 1, z.score, u._key

-- name: solved
-- Of the add-on nodebb-plugin-question-and-answer.
SELECT {number i.id}               AS id
  FROM {each ids} i(id)
  JOIN legacy_hash t ON t._key = {key topic:[i.id]}
 WHERE {number t.data->>'isQuestion'} = 1 AND {number t.data->>'isSolved'} = 1

-- name: badges
-- The groups that members chose to show, with the title that the group gives. groupTitle is a list in JSON, or one name.
SELECT {number i.id}               AS member_id,
       COALESCE(NULLIF(g.data->>'userTitle', ''), g.data->>'name', '') AS badge
  FROM {each members} i(id)
  JOIN legacy_hash u ON u._key = {key user:[i.id]}
 CROSS JOIN LATERAL (SELECT m.part[1] AS name, m.place FROM REGEXP_MATCHES(u.data->>'groupTitle', '"([^"]+)"', 'g') WITH ORDINALITY AS m(part, place)
                      UNION ALL
                     SELECT u.data->>'groupTitle', 0 WHERE u.data->>'groupTitle' NOT LIKE '[%') chosen
  JOIN legacy_zset z ON z._key = {key group:[chosen.name]:members} AND z.value = i.id
  JOIN legacy_hash g ON g._key = {key group:[chosen.name]}
 WHERE {number g.data->>'userTitleEnabled'} = 1 AND {number g.data->>'hidden'} = 0
 ORDER BY 1, chosen.place

-- name: members
-- Roles: the member's groups that may read a category, and "u" with the ID if the member alone may read one. A ban ends when NodeBB
-- next meets the member; until then the groups are those of the ban. A frequency of digests that is not the forum's default is what the
-- member chose, also "off". A member who wants no notification of replies and of mentions, although the forum gives them, declined alerts.
WITH readers AS MATERIALIZED (
  SELECT DISTINCT g.value AS name
    FROM legacy_zset c
    JOIN legacy_zset g ON g._key = {key group:cid:[c.value]:privileges:groups:topics:read:members}
   WHERE c._key = {key categories:cid} AND g.value NOT IN ('guests', 'spiders', 'fediverse')
   UNION
  SELECT 'administrators'
), personal AS MATERIALIZED (
  SELECT DISTINCT p.value AS uid
    FROM legacy_zset c
    JOIN legacy_zset p ON p._key = {key group:cid:[c.value]:privileges:topics:read:members}
   WHERE c._key = {key categories:cid}
)
SELECT {number i.id}               AS id,
       COALESCE(u.data->>'username', '') AS name,
       COALESCE(u.data->>'email', '') AS email,
       ''                          AS zone,
       COALESCE(NULLIF(s.data->>'userLang', ''), (SELECT o.data->>'defaultLang' FROM legacy_hash o WHERE o._key = 'config'), '') AS locale,
       CONCAT((SELECT STRING_AGG(CAST({group r.name} AS TEXT), ',')
                 FROM readers r
                CROSS JOIN LATERAL (SELECT 1 FROM legacy_zset x WHERE x._key = {key group:[r.name]:members} AND x.value = i.id OFFSET 0) m),
              CASE WHEN i.id IN (SELECT p.uid FROM personal p) THEN CONCAT(',u', i.id) ELSE '' END) AS roles,
       CASE WHEN {number u.data->>'banned'} <> 0
             AND NOT ({number u.data->>'banned:expire'} > 0 AND {number u.data->>'banned:expire'} <= 1000 * CAST(:now AS BIGINT)) THEN 'banned'
            WHEN COALESCE(u.data->>'email', '') = '' THEN 'no address'
            WHEN {number u.data->>'email:confirmed'} = 0 THEN 'not confirmed'
            ELSE '' END            AS no_mail,
       {declined}                  AS opt_outs,
       {digest_choice}             AS digest_choice
  FROM {each ids} i(id)
  JOIN legacy_hash u ON u._key = {key user:[i.id]}
  LEFT JOIN legacy_hash s ON s._key = {key user:[i.id]:settings}

-- name: find
-- The list has names in lower case, each with a colon and the ID behind it. The first condition is for the index.
SELECT {number SUBSTRING(z.value FROM '[0-9]+$')} AS id
  FROM legacy_zset z
 WHERE z._key = {key username:sorted} AND {listed_name} = :name
   AND z.value LIKE REPLACE(REPLACE(REPLACE(:name, '|', '||'), '%', '|%'), '_', '|_') || CHR(58) || '%' ESCAPE '|'
 LIMIT 1

-- name: search
-- As in find: the second condition leaves out what matches the ID.
SELECT {number SUBSTRING(z.value FROM '[0-9]+$')} AS id
  FROM legacy_zset z
 WHERE z._key = {key username:sorted} AND z.value LIKE CAST(:begins AS TEXT) || '%' ESCAPE '|' AND {listed_name} LIKE :begins ESCAPE '|'
 ORDER BY z.value
 LIMIT :limit

-- name: containing
SELECT {number SUBSTRING(z.value FROM '[0-9]+$')} AS id
  FROM legacy_zset z
 WHERE z._key = {key username:sorted} AND {listed_name} LIKE :part ESCAPE '|'
 ORDER BY z.value
 LIMIT :limit

-- name: watching
-- Goes through the members in the order of their IDs, because the lists of topics that they follow are theirs.
WITH sections AS MATERIALIZED (
  SELECT DISTINCT {number w.value} AS id
    FROM legacy_zset c
    JOIN legacy_zset w ON w._key = {key cid:[c.value]:uid:watch:state} AND w.score = 4 AND w.value ~ '^[0-9]+$'
   WHERE c._key = {key categories:cid} AND {number w.value} > CAST(:after AS BIGINT)
), forum AS MATERIALIZED (
  SELECT {number g.data->>'nextUid'} AS last,
         COALESCE((SELECT c.data->>'categoryWatchState' FROM legacy_hash c WHERE c._key = 'config'), '') AS state
    FROM legacy_hash g
   WHERE g._key = 'global'
)
SELECT w.id
  FROM (SELECT x.id FROM (SELECT id FROM sections ORDER BY id LIMIT :limit) x
         UNION
        SELECT y.id
          FROM (SELECT m.id
                  FROM (SELECT GENERATE_SERIES(CAST(:after AS BIGINT) + 1, (SELECT last FROM forum)) AS id) m
                 WHERE (SELECT 1 FROM legacy_zset t WHERE t._key = {key uid:[m.id]:followed_tids} LIMIT 1) = 1
                    OR COALESCE((SELECT NULLIF(s.data->>'categoryWatchState', '') FROM legacy_hash s WHERE s._key = {key user:[m.id]:settings}),
                                (SELECT state FROM forum)) = 'watching'
                 LIMIT :limit) y) w
 ORDER BY w.id
 LIMIT :limit

-- name: rights
-- Whoever may read topics (the privilege topics:read) of a category, whatever categories are above it. Administrators may read all.
WITH cats AS (
  SELECT z.value AS cid FROM legacy_zset z WHERE z._key = {key categories:cid} AND z.value ~ '^[1-9][0-9]{0,14}$'
), allowed AS (
  SELECT CAST({group g.value} AS TEXT) AS role, c.cid
    FROM cats c
    JOIN legacy_zset g ON g._key = {key group:cid:[c.cid]:privileges:groups:topics:read:members}
   UNION ALL
  SELECT CONCAT('u', p.value), c.cid
    FROM cats c
    JOIN legacy_zset p ON p._key = {key group:cid:[c.cid]:privileges:topics:read:members}
)
SELECT a.role                      AS role,
       {number a.cid}              AS section_id,
       '110'                       AS rights
  FROM allowed a
 WHERE a.role IN (:roles) AND a.role <> CAST({group 'administrators'} AS TEXT)
   AND (SELECT 1 FROM legacy_set k WHERE k._key = {key cid:[a.cid]:privilegeMask} AND k.member = {key topics:read}) IS NULL
 UNION ALL
SELECT CAST({group 'administrators'} AS TEXT), {number c.cid}, '110'
  FROM cats c
 WHERE CAST({group 'administrators'} AS TEXT) IN (:roles)

-- name: section_watches
-- State 4 is watching, 3 tracking, which is for the list of unread topics. Without a state, the member's setting applies. NodeBB itself
-- emails new topics, and only to members with a state.
SELECT {number i.id}               AS member_id,
       {number c.value}            AS section_id,
       2                           AS level,
       CASE WHEN w.score IS NOT NULL AND {setting notificationType_new-topic-in-category notification} IN ('email', 'notificationemail') THEN 1 ELSE 0 END AS mail
  FROM {each members} i(id)
  LEFT JOIN legacy_hash s ON s._key = {key user:[i.id]:settings}
  JOIN legacy_zset c ON c._key = {key categories:cid} AND c.value ~ '^[1-9][0-9]{0,14}$'
  LEFT JOIN LATERAL (SELECT x.score FROM legacy_zset x WHERE x._key = {key cid:[c.value]:uid:watch:state} AND x.value = i.id OFFSET 0) w ON TRUE
 WHERE w.score = 4 OR w.score IS NULL AND {setting categoryWatchState notwatching} = 'watching'

-- name: thread_watches
SELECT {number i.id}               AS member_id,
       {number w.value}            AS thread_id,
       CASE WHEN {setting notificationType_new-reply notification} IN ('email', 'notificationemail') THEN 1 ELSE 0 END AS mail
  FROM {each members} i(id)
  JOIN legacy_zset w ON w._key = {key uid:[i.id]:followed_tids} AND w.value ~ '^[0-9]+$'
  LEFT JOIN legacy_hash s ON s._key = {key user:[i.id]:settings}

-- name: mutes
-- Ignored topics, and ignored categories (state 1).
SELECT {number i.id}               AS member_id,
       {number w.value}            AS thread_id,
       0                           AS section_id
  FROM {each members} i(id)
  JOIN legacy_zset w ON w._key = {key uid:[i.id]:ignored_tids} AND w.value ~ '^[0-9]+$'
 UNION ALL
SELECT {number i.id}, 0, {number c.value}
  FROM {each members} i(id)
  LEFT JOIN legacy_hash s ON s._key = {key user:[i.id]:settings}
  JOIN legacy_zset c ON c._key = {key categories:cid} AND c.value ~ '^[1-9][0-9]{0,14}$'
  LEFT JOIN LATERAL (SELECT x.score FROM legacy_zset x WHERE x._key = {key cid:[c.value]:uid:watch:state} AND x.value = i.id OFFSET 0) w ON TRUE
 WHERE w.score = 1 OR w.score IS NULL AND {setting categoryWatchState notwatching} = 'ignoring'

-- name: watchers
SELECT {number f.member}           AS member_id,
       {number i.id}               AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {each threads} i(id)
 CROSS JOIN LATERAL (SELECT x.member FROM legacy_set x WHERE x._key = {key tid:[i.id]:followers} AND x.member ~ '^[0-9]+$' OFFSET 0) f
  LEFT JOIN legacy_hash s ON s._key = {key user:[f.member]:settings}
 WHERE {number f.member} > :after AND {setting notificationType_new-reply notification} IN ('email', 'notificationemail')
 UNION ALL
SELECT {number w.value}, 0, {number i.id}, 1
  FROM {each sections} i(id)
  JOIN legacy_zset w ON w._key = {key cid:[i.id]:uid:watch:state} AND w.score = 4 AND w.value ~ '^[0-9]+$'
  LEFT JOIN legacy_hash s ON s._key = {key user:[w.value]:settings}
 WHERE {number w.value} > :after AND {setting notificationType_new-topic-in-category notification} IN ('email', 'notificationemail')
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT {number i.id}               AS member_id,
       w.value                     AS ignored
  FROM {each members} i(id)
  JOIN legacy_zset w ON w._key = {key uid:[i.id]:blocked_uids} AND w.value ~ '^[0-9]+$'

-- name: read_days
-- NodeBB keeps the marks.
SELECT 3650                        AS days

-- name: thread_reads
-- When the member last opened the topic while it had unread posts.
SELECT {number i.id}               AS member_id,
       {number r.value}            AS thread_id,
       {number r.score} / 1000     AS read_at
  FROM {each members} i(id)
  JOIN legacy_zset r ON r._key = {key uid:[i.id]:tids_read} AND r.score >= 1000 * CAST(:since AS BIGINT) AND r.value ~ '^[0-9]+$'

-- name: took_part
-- The authors of a topic's posts are counted in a list of its own, deleted posts included.
SELECT {number m.id}               AS member_id,
       {number i.id}               AS thread_id
  FROM {each threads} i(id)
 CROSS JOIN LATERAL (SELECT x.value FROM legacy_zset x WHERE x._key = {key tid:[i.id]:posters} AND x.score > 0 OFFSET 0) w
  JOIN {each members} m(id) ON m.id = w.value
  JOIN legacy_hash u ON u._key = {key user:[m.id]}

-- name: arrivals
-- Goes through the IDs that NodeBB has given out, from :after on, because no index has posts in the order of their IDs.
SELECT a.id, a.thread_id, a.section_id, a.author_id, a.posted_at, a.visible
  FROM (SELECT n.id                AS id,
               {number p.data->>'tid'} AS thread_id,
               {number t.data->>'cid'} AS section_id,
               {number u.data->>'uid'} AS author_id,
               {number p.data->>'timestamp'} / 1000 AS posted_at,
               CASE WHEN {number p.data->>'deleted'} = 0 AND {number t.data->>'deleted'} = 0 THEN 1 ELSE 0 END AS visible
          FROM (SELECT GENERATE_SERIES(CAST(:after AS BIGINT) + 1, (SELECT {number g.data->>'nextPid'} FROM legacy_hash g WHERE g._key = 'global')) AS id) n
         CROSS JOIN LATERAL (SELECT h.data FROM legacy_hash h WHERE h._key = {key post:[n.id]} AND h.data->>'tid' ~ '^[0-9]+$' OFFSET 0) p
         CROSS JOIN LATERAL (SELECT h.data FROM legacy_hash h WHERE h._key = {key topic:[p.data->>'tid']} OFFSET 0) t
          LEFT JOIN LATERAL (SELECT h.data FROM legacy_hash h WHERE h._key = {key user:[p.data->>'uid']} OFFSET 0) u ON TRUE
         LIMIT :limit) a
 ORDER BY a.id

-- name: arrivals_of
SELECT {number i.id}               AS id,
       {number p.data->>'tid'}     AS thread_id,
       {number t.data->>'cid'}     AS section_id,
       {number u.data->>'uid'}     AS author_id,
       {number p.data->>'timestamp'} / 1000 AS posted_at,
       CASE WHEN {number p.data->>'deleted'} = 0 AND {number t.data->>'deleted'} = 0 THEN 1 ELSE 0 END AS visible
  FROM {each ids} i(id)
  JOIN legacy_hash p ON p._key = {key post:[i.id]}
  JOIN legacy_hash t ON t._key = {key topic:[p.data->>'tid']}
  LEFT JOIN legacy_hash u ON u._key = {key user:[p.data->>'uid']}
 WHERE p.data->>'tid' ~ '^[0-9]+$'

-- name: first_since
SELECT COALESCE(MIN({number z.value}), 0) AS id
  FROM legacy_zset z
 WHERE z._key = {key posts:pid} AND z.score >= 1000 * CAST(:from AS BIGINT) AND z.value ~ '^[0-9]+$'

-- name: newest
-- As in arrivals, backwards.
SELECT COALESCE((SELECT n.id
                   FROM (SELECT GENERATE_SERIES((SELECT {number g.data->>'nextPid'} FROM legacy_hash g WHERE g._key = 'global'), 1, -1) AS id) n
                  WHERE (SELECT 1 FROM legacy_hash h WHERE h._key = {key post:[n.id]} AND h.data->>'tid' ~ '^[0-9]+$') = 1
                  LIMIT 1), 0)     AS id

-- name: created
SELECT {number z.value}            AS id
  FROM legacy_zset z
  JOIN legacy_hash p ON p._key = {key post:[z.value]} AND p.data->>'tid' ~ '^[0-9]+$'
 WHERE z._key = {key posts:pid} AND z.score >= 1000 * CAST(:from AS BIGINT) AND z.score < 1000 * CAST(:until AS BIGINT) AND z.value ~ '^[0-9]+$'
 ORDER BY id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE {declined} WHEN '' THEN 1 ELSE 0 END), 0) AS accepting_all
  FROM legacy_zset z
  JOIN legacy_hash u ON u._key = {key user:[z.value]}
  LEFT JOIN legacy_hash s ON s._key = {key user:[z.value]:settings}
 WHERE z._key = {key users:joindate} AND z.value ~ '^[0-9]+$' AND COALESCE(u.data->>'email', '') <> '' AND {number u.data->>'email:confirmed'} <> 0
   AND ({number u.data->>'banned'} = 0
        OR {number u.data->>'banned:expire'} > 0 AND {number u.data->>'banned:expire'} <= 1000 * CAST(:now AS BIGINT))

-- name: own_digests
-- src/user/digest.js
SELECT CASE {number o.data->>'disableEmailSubscriptions'} WHEN 1 THEN 0 ELSE 1 END AS sends
  FROM legacy_hash o
 WHERE o._key = 'config'

-- name: watch_counts
-- Of section watches, only those with a state: the others are a setting.
WITH sections AS MATERIALIZED (
  SELECT DISTINCT w.value AS uid
    FROM legacy_zset c
    JOIN legacy_zset w ON w._key = {key cid:[c.value]:uid:watch:state} AND w.score = 4
   WHERE c._key = {key categories:cid}
)
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(CASE WHEN w.threads = 1 AND {setting notificationType_new-reply notification} IN ('email', 'notificationemail')
                           OR w.sections = 1 AND {setting notificationType_new-topic-in-category notification} IN ('email', 'notificationemail')
                         THEN 0 ELSE 1 END), 0) AS without_email
  FROM (SELECT z.value AS uid,
               (SELECT 1 FROM legacy_zset t WHERE t._key = {key uid:[z.value]:followed_tids} LIMIT 1) AS threads,
               CASE WHEN z.value IN (SELECT uid FROM sections) THEN 1 ELSE 0 END AS sections
          FROM legacy_zset z
         WHERE z._key = {key users:joindate} AND z.value ~ '^[0-9]+$') w
  JOIN legacy_hash u ON u._key = {key user:[w.uid]} AND COALESCE(u.data->>'email', '') <> '' AND {number u.data->>'email:confirmed'} <> 0
   AND ({number u.data->>'banned'} = 0
        OR {number u.data->>'banned:expire'} > 0 AND {number u.data->>'banned:expire'} <= 1000 * CAST(:now AS BIGINT))
  LEFT JOIN legacy_hash s ON s._key = {key user:[w.uid]:settings}
 WHERE w.threads = 1 OR w.sections = 1

-- name: roster
-- As in arrivals.
SELECT r.id                        AS id
  FROM (SELECT n.id
          FROM (SELECT GENERATE_SERIES(CAST(:after AS BIGINT) + 1, (SELECT {number g.data->>'nextUid'} FROM legacy_hash g WHERE g._key = 'global')) AS id) n
         WHERE (SELECT 1 FROM legacy_hash u WHERE u._key = {key user:[n.id]}) = 1
         LIMIT :limit) r
 ORDER BY r.id

-- name: site
-- The address is in NodeBB's own configuration file.
SELECT COALESCE(c.data->>'title', '') AS name,
       ''                          AS url,
       ''                          AS version
  FROM legacy_hash c
 WHERE c._key = 'config'

-- name: counters
-- A category lists its posts without deleted ones. The count of a topic has them. Posts of the fediverse count, too.
SELECT {number t.tid}              AS thread_id,
       COUNT(listed.value)         AS stored,
       COUNT(shown.pid)            AS counted
  FROM (SELECT z.value AS tid, h.data
          FROM legacy_zset z
         CROSS JOIN LATERAL (SELECT x.data FROM legacy_hash x
                              WHERE x._key = {key topic:[z.value]} AND {number x.data->>'deleted'} = 0 AND {number x.data->>'postcount'} <= 2000 OFFSET 0) h
         WHERE z._key = {key topics:tid} AND z.value ~ '^[0-9]+$'
         ORDER BY z.score DESC
         LIMIT 20) t
 CROSS JOIN LATERAL (SELECT t.data->>'mainPid' AS pid
                      UNION ALL
                     SELECT e.value FROM legacy_zset e WHERE e._key = {key tid:[t.tid]:posts}) a
  LEFT JOIN LATERAL (SELECT x.value FROM legacy_zset x WHERE x._key = {key cid:[t.data->>'cid']:pids} AND x.value = a.pid OFFSET 0) listed ON TRUE
  LEFT JOIN LATERAL (SELECT a.pid FROM legacy_hash x WHERE x._key = {key post:[a.pid]} AND {number x.data->>'deleted'} = 0 OFFSET 0) shown ON TRUE
 GROUP BY t.tid

-- name: member_counters
SELECT c.data->>'userCount'        AS stored,
       (SELECT COUNT(*) FROM legacy_zset z WHERE z._key = {key users:joindate} AND z.value ~ '^[0-9]+$') AS counted
  FROM legacy_hash c
 WHERE c._key = 'global' AND c.data->>'userCount' IS NOT NULL

-- name: addons
SELECT z.value                     AS name
  FROM legacy_zset z
 WHERE z._key = {key plugins:active}
 ORDER BY z.score

-- name: profiles
SELECT {number i.id}               AS id,
       {number u.data->>'postcount'} AS posts,
       {number u.data->>'joindate'} / 1000 AS joined_at,
       {number u.data->>'lastonline'} / 1000 AS visited_at
  FROM {each ids} i(id)
  JOIN legacy_hash u ON u._key = {key user:[i.id]}

-- name: visits
SELECT {number i.id}               AS member_id,
       {number u.data->>'lastonline'} / 1000 AS visited_at
  FROM {each members} i(id)
  JOIN legacy_hash u ON u._key = {key user:[i.id]}

-- name: groups
-- NodeBB has names only; the ID is calculated from the name. Each privilege is a group, too.
SELECT {group z.value}             AS id,
       z.value                     AS title
  FROM legacy_zset z
 WHERE z._key = {key groups:createtime} AND z.value NOT LIKE {key cid:%:privileges:%}
 ORDER BY 1

-- name: memberships
SELECT {number i.id}               AS member_id,
       {group g.value}             AS in_groups
  FROM legacy_zset g
 CROSS JOIN {each members} i(id)
 CROSS JOIN LATERAL (SELECT 1 FROM legacy_zset x WHERE x._key = {key group:[g.value]:members} AND x.value = i.id OFFSET 0) m
 WHERE g._key = {key groups:createtime} AND g.value NOT LIKE {key cid:%:privileges:%}

-- name: named
-- A mention has the name as it is in addresses, with dashes.
SELECT {number z.score}            AS id,
       z.value                     AS name
  FROM legacy_zset z
 WHERE z._key = {key userslug:uid} AND z.value IN (:names)
 UNION ALL
SELECT {number z.score}, COALESCE(u.data->>'username', '')
  FROM legacy_zset z
  JOIN legacy_hash u ON u._key = {key user:[z.score]}
 WHERE z._key = {key userslug:uid} AND z.value IN (SELECT {slug n.id} FROM {each names} n(id))

-- name: group_members
-- A mention has the group's name as it is in addresses. nodebb-plugin-mentions tells up to 1,000 members, and nobody in the groups that
-- hold all members or that the administrator excepted (library.js of 5.0.0, getNoMentionGroups). Those are compared by name and address.
SELECT n.id                        AS name,
       {number m.value}            AS member_id
  FROM {each names} n(id)
  JOIN legacy_hash a ON a._key = {key groupslug:groupname}
 CROSS JOIN LATERAL (SELECT {slug n.id} AS slug, a.data->>({slug n.id}) AS name OFFSET 0) g
 CROSS JOIN LATERAL (SELECT x.value FROM legacy_zset x WHERE x._key = {key group:[g.name]:members} ORDER BY x.score LIMIT 1000) m
 WHERE g.name IS NOT NULL AND g.slug NOT IN ('registered-users', 'verified-users', 'unverified-users', 'guests', 'banned-users')
   AND EXISTS (SELECT 1 FROM legacy_zset p WHERE p._key = {key plugins:active} AND p.value = 'nodebb-plugin-mentions')
   AND NOT EXISTS (SELECT 1 FROM legacy_hash o
                    WHERE o._key = {key settings:mentions}
                      AND (POSITION('"' || g.slug || '"' IN o.data->>'disableGroupMentions') > 0
                        OR POSITION(CAST(TO_JSON(g.name) AS TEXT) IN o.data->>'disableGroupMentions') > 0))

-- name: addressed
-- NodeBB lists addresses in lower case.
SELECT {number z.score}            AS id,
       z.value                     AS email
  FROM legacy_zset z
 WHERE z._key = {key email:uid} AND z.value IN (:addresses)

-- name: unread_messages
-- NodeBB counts chats, not their messages (src/messaging/unread.js). The sender is who wrote the newest one.
SELECT {number i.id}               AS member_id,
       {number m.data->>'fromuid'} AS sender_id,
       COALESCE(s.data->>'username', '') AS sender,
       COUNT(*)                    AS messages
  FROM {each members} i(id)
  JOIN legacy_zset r ON r._key = {key uid:[i.id]:chat:rooms:unread}
  LEFT JOIN LATERAL (SELECT x.value FROM legacy_zset x WHERE x._key = {key chat:room:[r.value]:mids} ORDER BY x.score DESC LIMIT 1) n ON TRUE
  LEFT JOIN legacy_hash m ON m._key = {key message:[n.value]}
  LEFT JOIN legacy_hash s ON s._key = {key user:[m.data->>'fromuid']}
 GROUP BY 1, 2, 3
 ORDER BY MAX(r.score) DESC
