-- MyBB 1.8, on MySQL, MariaDB, PostgreSQL and SQLite. docs/query-contract.md says what each query must return.

-- name: sections
-- The password itself never leaves the database.
SELECT f.fid                       AS id,
       f.pid                       AS parent_id,
       f.disporder                 AS place,
       f.name                      AS title,
       f.type = 'f' AND f.linkto = ''    AS holds_threads,
       f.active = 0 OR f.password <> ''  AS closed
  FROM {prefix}forums f

-- name: threads
-- visible: 1 visible, 0 awaiting approval, -1 deleted, -2 a draft, which may still be published.
SELECT t.tid                       AS id,
       t.fid                       AS section_id,
       t.subject                   AS title,
       t.uid                       AS starter_id,
       t.username                  AS starter_name,
       t.dateline                  AS started_at,
       t.firstpost                 AS first_post_id,
       CASE t.visible WHEN 1 THEN 0 WHEN -1 THEN 2 ELSE 1 END AS state,
       t.closed LIKE 'moved|%'     AS redirect,
       t.closed = '1'              AS locked
  FROM {prefix}threads t
 WHERE t.tid IN (:ids)

-- name: posts
-- The checksum of the text detects unrecorded edits: MyBB sets edittime only if that is enabled in the forum.
SELECT p.pid                       AS id,
       p.tid                       AS thread_id,
       p.uid                       AS author_id,
       p.username                  AS author_name,
       p.dateline                  AS posted_at,
       CASE p.visible WHEN 1 THEN 0 WHEN -1 THEN 2 ELSE 1 END AS state,
       CONCAT_WS('-', {checksum p.message}, {checksum p.username}) AS version
  FROM {prefix}posts p
 WHERE p.pid IN (:ids)

-- name: bodies
SELECT p.pid                       AS id,
       p.uid                       AS author_id,
       0                           AS likes,
       SUBSTR(p.message, 1, 262144) AS body
  FROM {prefix}posts p
 WHERE p.pid IN (:ids)

-- name: numbers
-- Only visible posts: MyBB does not number hidden ones.
SELECT q.pid                       AS id,
       q.tid                       AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.tid, a.earliest, a.latest, COUNT(e.pid) AS earlier
          FROM (SELECT tid, MIN(dateline) AS earliest, MAX(dateline) AS latest
                  FROM {prefix}posts
                 WHERE pid IN (:ids)
                 GROUP BY tid) a
          LEFT JOIN {prefix}posts e ON e.tid = a.tid AND e.dateline < a.earliest AND e.visible = 1
         GROUP BY a.tid, a.earliest, a.latest) w
  JOIN {prefix}posts q ON q.tid = w.tid AND q.dateline BETWEEN w.earliest AND w.latest AND q.visible = 1
 ORDER BY q.tid, q.dateline, q.pid

-- name: likes
-- MyBB has no likes: reputation is for members, not posts.
SELECT p.pid                       AS id,
       p.username                  AS name
  FROM {prefix}posts p
 WHERE p.pid IN (:ids) AND 1 = 0

-- name: titles
-- The member's own title, or else the display group's, or else the title for the post count.
SELECT u.uid                       AS member_id,
       COALESCE(NULLIF(u.usertitle, ''), NULLIF(g.usertitle, ''),
                (SELECT t.title
                   FROM {prefix}usertitles t
                  WHERE t.posts <= u.postnum
                  ORDER BY t.posts DESC
                  LIMIT 1), '')    AS title
  FROM {prefix}users u
  LEFT JOIN {prefix}usergroups g ON g.gid = CASE WHEN u.displaygroup > 0 THEN u.displaygroup ELSE u.usergroup END
 WHERE u.uid IN (:members)

-- name: badges
-- MyBB has no text badges, only images.
SELECT u.uid                       AS member_id,
       u.usertitle                 AS badge
  FROM {prefix}users u
 WHERE u.uid IN (:members) AND 1 = 0

-- name: members
-- Members of group 5 are awaiting activation. Activation types r and b are for new accounts. Type e is a change
-- of address, during which the old one stays valid, and p is a lost password. allownotices is "receive emails from the
-- Administrators": MyBB reads it only for mass mail (inc/functions_massmail.php).
SELECT u.uid                       AS id,
       u.username                  AS name,
       u.email                     AS email,
       CONCAT_WS(' ', u.timezone, u.dst)             AS zone,
       u.language                  AS locale,
       CONCAT_WS(',', u.usergroup, u.additionalgroups) AS roles,
       CASE WHEN g.isbannedgroup = 1
              OR EXISTS (SELECT 1 FROM {prefix}banned b WHERE b.uid = u.uid AND (b.lifted = 0 OR b.lifted > :now)) THEN 'banned'
            WHEN u.usergroup = 5
              OR EXISTS (SELECT 1 FROM {prefix}awaitingactivation a WHERE a.uid = u.uid AND a.type IN ('r', 'b')) THEN 'not confirmed'
            WHEN u.email = ''      THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE WHEN u.allownotices = 0 THEN 'announcements' ELSE '' END AS opt_outs
  FROM {prefix}users u
  LEFT JOIN {prefix}usergroups g ON g.gid = u.usergroup
 WHERE u.uid IN (:ids)

-- name: find
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE u.username = :name

-- name: find/postgres
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE LOWER(u.username) = LOWER(:name)

-- name: find/sqlite
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE u.username = :name COLLATE NOCASE

-- name: search
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE u.username LIKE :begins ESCAPE '|'
 ORDER BY u.username
 LIMIT :limit

-- name: search/postgres
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE LOWER(u.username) LIKE LOWER(:begins) ESCAPE '|'
 ORDER BY u.username
 LIMIT :limit

-- name: watching
-- Walks the indexes of the watches: a walk through the members would read every member who watches nothing.
SELECT a.id                        AS id
  FROM (SELECT DISTINCT t.uid AS id
          FROM {prefix}threadsubscriptions t
         WHERE t.uid > :after
         ORDER BY t.uid
         LIMIT :limit) a
 UNION
SELECT b.id
  FROM (SELECT DISTINCT f.uid AS id
          FROM {prefix}forumsubscriptions f
         WHERE f.uid > :after
         ORDER BY f.uid
         LIMIT :limit) b
 ORDER BY id
 LIMIT :limit

-- name: rights
-- Only existing rows: access.go applies inheritance and merges the groups.
SELECT p.gid                       AS role,
       p.fid                       AS section_id,
       CONCAT(p.canview, p.canviewthreads, p.canonlyviewownthreads) AS rights
  FROM {prefix}forumpermissions p
 WHERE p.gid IN (:roles)
 UNION ALL
SELECT g.gid, 0, CONCAT(g.canview, g.canviewthreads, 0)
  FROM {prefix}usergroups g
 WHERE g.gid IN (:roles)

-- name: section_watches
-- MyBB itself emails new threads only, but its watches have no levels, so digests include all posts.
SELECT s.uid                       AS member_id,
       s.fid                       AS section_id,
       2                           AS level,
       1                           AS mail
  FROM {prefix}forumsubscriptions s
 WHERE s.uid IN (:members)

-- name: thread_watches
-- notification: 0 none, 1 email, 2 private message
SELECT s.uid                       AS member_id,
       s.tid                       AS thread_id,
       CASE s.notification WHEN 1 THEN 1 ELSE 0 END AS mail
  FROM {prefix}threadsubscriptions s
 WHERE s.uid IN (:members)

-- name: watchers
-- notification 1 is email. For a watched forum, MyBB itself emails new threads only, so alerts do the same.
SELECT s.uid                       AS member_id,
       s.tid                       AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}threadsubscriptions s
 WHERE s.tid IN (:threads) AND s.notification = 1 AND s.uid > :after
 UNION ALL
SELECT s.uid, 0, s.fid, 1
  FROM {prefix}forumsubscriptions s
 WHERE s.fid IN (:sections) AND s.uid > :after
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT u.uid                       AS member_id,
       u.ignorelist                AS ignored
  FROM {prefix}users u
 WHERE u.uid IN (:members) AND u.ignorelist <> ''

-- name: read_days
SELECT COALESCE(MAX(CAST(s.value AS UNSIGNED)), 7) AS days
  FROM {prefix}settings s
 WHERE s.name = 'threadreadcut'

-- name: read_days/postgres
-- PHP reads a text that is no number as 0.
SELECT COALESCE(MAX(CAST(COALESCE(SUBSTRING(s.value FROM '^[0-9]{1,9}'), '0') AS BIGINT)), 7) AS days
  FROM {prefix}settings s
 WHERE s.name = 'threadreadcut'

-- name: read_days/sqlite
SELECT COALESCE(MAX(CAST(s.value AS INTEGER)), 7) AS days
  FROM {prefix}settings s
 WHERE s.name = 'threadreadcut'

-- name: section_reads
SELECT r.uid                       AS member_id,
       r.fid                       AS section_id,
       r.dateline                  AS read_at
  FROM {prefix}forumsread r
 WHERE r.uid IN (:members) AND r.dateline >= :since

-- name: thread_reads
SELECT r.uid                       AS member_id,
       r.tid                       AS thread_id,
       r.dateline                  AS read_at
  FROM {prefix}threadsread r
 WHERE r.uid IN (:members) AND r.dateline >= :since

-- name: took_part
SELECT DISTINCT p.uid              AS member_id,
       p.tid                       AS thread_id
  FROM {prefix}posts p
 WHERE p.tid IN (:threads) AND p.uid IN (:members) AND p.visible = 1
 UNION ALL
SELECT t.uid, t.tid
  FROM {prefix}threads t
 WHERE t.tid IN (:threads) AND t.uid IN (:members)

-- name: arrivals
SELECT p.pid                       AS id,
       p.tid                       AS thread_id,
       t.fid                       AS section_id,
       p.uid                       AS author_id,
       p.dateline                  AS posted_at,
       p.visible = 1 AND t.visible = 1 AND t.closed NOT LIKE 'moved|%' AS visible
  FROM {prefix}posts p
  JOIN {prefix}threads t ON t.tid = p.tid
 WHERE p.pid > :after
 ORDER BY p.pid
 LIMIT :limit

-- name: arrivals_of
SELECT p.pid                       AS id,
       p.tid                       AS thread_id,
       t.fid                       AS section_id,
       p.uid                       AS author_id,
       p.dateline                  AS posted_at,
       p.visible = 1 AND t.visible = 1 AND t.closed NOT LIKE 'moved|%' AS visible
  FROM {prefix}posts p
  JOIN {prefix}threads t ON t.tid = p.tid
 WHERE p.pid IN (:ids)

-- name: first_since
-- Without the zero, PostgreSQL looks for the lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.pid + 0), 0) AS id
  FROM {prefix}posts p
 WHERE p.dateline >= :from

-- name: newest
SELECT COALESCE(MAX(p.pid), 0)     AS id
  FROM {prefix}posts p

-- name: created
SELECT p.pid                       AS id
  FROM {prefix}posts p
 WHERE p.dateline >= :from AND p.dateline < :until
 ORDER BY p.pid

-- name: created/sqlite
-- The sign keeps SQLite from walking through all posts in their order.
SELECT p.pid                       AS id
  FROM {prefix}posts p
 WHERE p.dateline >= :from AND p.dateline < :until
 ORDER BY +p.pid

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE u.allownotices WHEN 1 THEN 1 ELSE 0 END), 0) AS accepting_all
  FROM {prefix}users u
  JOIN {prefix}usergroups g ON g.gid = u.usergroup
 WHERE g.isbannedgroup = 0 AND u.usergroup <> 5 AND u.email <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}banned b WHERE b.uid = u.uid AND (b.lifted = 0 OR b.lifted > :now))
   AND NOT EXISTS (SELECT 1 FROM {prefix}awaitingactivation a WHERE a.uid = u.uid AND a.type IN ('r', 'b'))

-- name: watch_counts
-- notification 1 is email. A watched forum has no such setting: MyBB always emails its new threads.
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(1 - w.by_email), 0) AS without_email
  FROM (SELECT a.uid, MAX(a.by_email) AS by_email
          FROM (SELECT t.uid, MAX(CASE t.notification WHEN 1 THEN 1 ELSE 0 END) AS by_email
                  FROM {prefix}threadsubscriptions t
                 GROUP BY t.uid
                 UNION ALL
                SELECT DISTINCT f.uid, 1
                  FROM {prefix}forumsubscriptions f) a
         GROUP BY a.uid) w
  JOIN {prefix}users u ON u.uid = w.uid
  JOIN {prefix}usergroups g ON g.gid = u.usergroup
 WHERE g.isbannedgroup = 0 AND u.usergroup <> 5 AND u.email <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}banned b WHERE b.uid = u.uid AND (b.lifted = 0 OR b.lifted > :now))
   AND NOT EXISTS (SELECT 1 FROM {prefix}awaitingactivation a WHERE a.uid = u.uid AND a.type IN ('r', 'b'))

-- name: roster
SELECT u.uid                       AS id
  FROM {prefix}users u
 WHERE u.uid > :after
 ORDER BY u.uid
 LIMIT :limit

-- name: profiles
-- lastvisit is the end of the visit before the last one. Sometimes lastactive is older.
SELECT u.uid                       AS id,
       u.postnum                   AS posts,
       u.regdate                   AS joined_at,
       CASE WHEN u.lastactive > u.lastvisit THEN u.lastactive ELSE u.lastvisit END AS visited_at
  FROM {prefix}users u
 WHERE u.uid IN (:ids)

-- name: visits
-- As in profiles.
SELECT u.uid                       AS member_id,
       CASE WHEN u.lastactive > u.lastvisit THEN u.lastactive ELSE u.lastvisit END AS visited_at
  FROM {prefix}users u
 WHERE u.uid IN (:members)

-- name: groups
SELECT g.gid                       AS id,
       g.title                     AS title
  FROM {prefix}usergroups g
 ORDER BY g.gid

-- name: memberships
SELECT u.uid                       AS member_id,
       CONCAT_WS(',', u.usergroup, u.additionalgroups) AS in_groups
  FROM {prefix}users u
 WHERE u.uid IN (:members)

-- name: named
SELECT u.uid                       AS id,
       u.username                  AS name
  FROM {prefix}users u
 WHERE u.username IN (:names)

-- name: named/postgres
SELECT u.uid                       AS id,
       u.username                  AS name
  FROM {prefix}users u
 WHERE LOWER(u.username) IN (:names)

-- name: named/sqlite
SELECT u.uid                       AS id,
       u.username                  AS name
  FROM {prefix}users u
 WHERE u.username COLLATE NOCASE IN (:names)

-- name: addressed
SELECT u.uid                       AS id,
       u.email                     AS email
  FROM {prefix}users u
 WHERE u.email IN (:addresses)

-- name: addressed/postgres
SELECT u.uid                       AS id,
       u.email                     AS email
  FROM {prefix}users u
 WHERE LOWER(u.email) IN (:addresses)

-- name: addressed/sqlite
SELECT u.uid                       AS id,
       u.email                     AS email
  FROM {prefix}users u
 WHERE u.email COLLATE NOCASE IN (:addresses)

-- name: codes
SELECT ''                          AS name,
       m.regex                     AS pattern,
       m.replacement               AS page,
       ''                          AS email
  FROM {prefix}mycode m
 WHERE m.active = 1
 ORDER BY m.parseorder

-- name: word_filter
-- Versions before 1.8.4 lack the column regex.
SELECT b.badword                   AS word,
       (SELECT regex FROM {prefix}badwords o WHERE o.bid = b.bid) AS regex,
       b.replacement               AS replacement
  FROM {prefix}badwords b
  CROSS JOIN (SELECT 0 AS regex) absent
 ORDER BY b.bid

-- name: prefixes
-- displaystyle is HTML, prefix its plain name.
SELECT t.tid                       AS id,
       x.prefix                    AS prefix
  FROM {prefix}threads t
  JOIN {if_readable threadprefixes pid prefix:text} x ON x.pid = t.prefix
 WHERE t.tid IN (:ids)

-- name: attachments
SELECT a.pid                       AS post_id,
       a.filename                  AS name
  FROM {if_readable attachments aid pid filename:text visible} a
 WHERE a.pid IN (:ids) AND a.visible = 1
 ORDER BY a.pid, a.aid

-- name: polls
SELECT t.firstpost                 AS id,
       q.question                  AS question
  FROM {prefix}posts p
  JOIN {prefix}threads t ON t.tid = p.tid AND t.firstpost = p.pid
  JOIN {if_readable polls pid question:text} q ON q.pid = t.poll
 WHERE p.pid IN (:ids)

-- name: site
SELECT COALESCE((SELECT s.value FROM {if_readable settings name:text value:text} s WHERE s.name = 'bbname'), '') AS name,
       COALESCE((SELECT s.value FROM {if_readable settings name:text value:text} s WHERE s.name = 'bburl'), '') AS url,
       COALESCE((SELECT c.cache FROM {if_readable datacache title:text cache:text} c WHERE c.title = 'version'), '') AS version

-- name: counters
SELECT t.tid                       AS thread_id,
       t.replies + 1               AS stored,
       (SELECT COUNT(*) FROM {prefix}posts p WHERE p.tid = t.tid AND p.visible = 1) AS counted
  FROM (SELECT tid, replies
          FROM {prefix}threads
         WHERE visible = 1 AND closed NOT LIKE 'moved|%' AND replies < 2000
         ORDER BY tid DESC
         LIMIT 20) t

-- name: member_counters
-- MyBB counts everyone (inc/functions_rebuild.php, rebuild_stats). The type's Go file decodes the row.
SELECT c.cache                     AS stored,
       (SELECT COUNT(*) FROM {prefix}users u) AS counted
  FROM {if_readable datacache title:text cache:text} c
 WHERE c.title = 'stats'

-- name: addons
-- The list that MyBB loads plugins from (inc/class_plugins.php). The type's Go file decodes it.
SELECT c.cache                     AS name
  FROM {if_readable datacache title:text cache:text} c
 WHERE c.title = 'plugins'

-- name: unread_messages
-- Folder 1 is the inbox.
SELECT m.uid                       AS member_id,
       m.fromid                    AS sender_id,
       COALESCE(u.username, '')    AS sender,
       COUNT(*)                    AS messages
  FROM {if_readable privatemessages uid fromid folder status dateline} m
  LEFT JOIN {prefix}users u ON u.uid = m.fromid
 WHERE m.uid IN (:members) AND m.folder = 1 AND m.status = 0
 GROUP BY m.uid, m.fromid, u.username
 ORDER BY MAX(m.dateline) DESC
