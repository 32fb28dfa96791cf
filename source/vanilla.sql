-- Vanilla Forums on MySQL and MariaDB. docs/query-contract.md says what each query must return. Times are in UTC, without a zone.
--
-- An opener is a row of Discussion and another post one of Comment, so their IDs overlap. The ID of a post is made of its time and of
-- theirs: vanilla.go. {opener d} and {comment c} are these IDs; :openers and :comments are those of Discussion and Comment in :ids.

-- name: sections
-- The root has the ID -1. TreeLeft is the order in which Vanilla lists all categories. Headings only hold other categories.
SELECT c.CategoryID                AS id,
       CASE WHEN c.ParentCategoryID > 0 THEN c.ParentCategoryID ELSE 0 END AS parent_id,
       COALESCE(c.TreeLeft, 0)     AS place,
       c.Name                      AS title,
       CASE WHEN c.DisplayAs IN ('Heading', 'Categories') THEN 0 ELSE 1 END AS holds_threads,
       0                           AS closed,
       CONCAT('/categories/', COALESCE(NULLIF(c.UrlCode, ''), c.CategoryID)) AS address
  FROM {prefix}Category c
 WHERE c.CategoryID > 0

-- name: threads
-- Vanilla deletes permanently, and keeps what awaits approval in Log. A discussion of a group has that group's rules, which are not read.
SELECT d.DiscussionID              AS id,
       d.CategoryID                AS section_id,
       d.Name                      AS title,
       {author d}                  AS starter_id,
       COALESCE(u.Name, '')        AS starter_name,
       {unix d.DateInserted}       AS started_at,
       {opener d}                  AS first_post_id,
       CASE WHEN g.GroupID > 0 THEN 3 ELSE 0 END AS state,
       CASE WHEN d.Type = 'redirect' THEN 1 ELSE 0 END AS redirect,
       d.Closed                    AS locked
  FROM {prefix}Discussion d
  LEFT JOIN {prefix}User u ON u.UserID = d.InsertUserID
  LEFT JOIN {grouped} g ON g.DiscussionID = d.DiscussionID
 WHERE d.DiscussionID IN (:ids)

-- name: posts
-- A comment of something else than a discussion, such as an escalation, has no DiscussionID.
SELECT {opener d}                  AS id,
       d.DiscussionID              AS thread_id,
       {author d}                  AS author_id,
       COALESCE(u.Name, '')        AS author_name,
       {unix d.DateInserted}       AS posted_at,
       0                           AS state,
       CONCAT_WS('-', {checksum d.Body}, d.Format, {checksum u.Name}) AS version
  FROM {prefix}Discussion d
  LEFT JOIN {prefix}User u ON u.UserID = d.InsertUserID
 WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
 UNION ALL
SELECT {comment c}, c.DiscussionID, {author c}, COALESCE(u.Name, ''), {unix c.DateInserted}, CASE WHEN c.DateDeleted IS NULL THEN 0 ELSE 2 END,
       CONCAT_WS('-', {checksum c.Body}, c.Format, {checksum u.Name})
  FROM {prefix}Comment c
  LEFT JOIN {prefix}User u ON u.UserID = c.InsertUserID
 WHERE c.CommentID IN (:comments) AND c.DiscussionID IS NOT NULL AND {comment c} IN (:ids)

-- name: bodies
-- The first line is the format.
SELECT {opener d}                  AS id,
       {author d}                  AS author_id,
       {likes Discussion d.DiscussionID} AS likes,
       CONCAT(COALESCE(d.Format, ''), CHAR(10), SUBSTR(d.Body, 1, 262144)) AS body
  FROM {prefix}Discussion d
  LEFT JOIN {prefix}User u ON u.UserID = d.InsertUserID
 WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
 UNION ALL
SELECT {comment c}, {author c}, {likes Comment c.CommentID}, CONCAT(COALESCE(c.Format, ''), CHAR(10), SUBSTR(c.Body, 1, 262144))
  FROM {prefix}Comment c
  LEFT JOIN {prefix}User u ON u.UserID = c.InsertUserID
 WHERE c.CommentID IN (:comments) AND c.DiscussionID IS NOT NULL AND {comment c} IN (:ids)

-- name: numbers
-- The opener is number 1; comments follow by their time.
SELECT n.id, n.thread_id, 0        AS earlier, n.number
  FROM (SELECT {opener d} AS id, d.DiscussionID AS thread_id, 1 AS number
          FROM {prefix}Discussion d
         WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
         UNION ALL
        SELECT {comment c}, c.DiscussionID,
               2 + (SELECT COUNT(*) FROM {prefix}Comment e
                     WHERE e.DiscussionID = c.DiscussionID AND e.DateInserted <= c.DateInserted
                       AND (e.DateInserted < c.DateInserted OR e.CommentID < c.CommentID) AND e.DateDeleted IS NULL)
          FROM {prefix}Comment c
         WHERE c.CommentID IN (:comments) AND c.DiscussionID IS NOT NULL AND c.DateDeleted IS NULL AND {comment c} IN (:ids)) n
 ORDER BY n.thread_id, n.number

-- name: likes
SELECT {opener d}                  AS id,
       u.Name                      AS name
  FROM {prefix}Discussion d
  JOIN {reactions} t ON t.RecordType = 'Discussion' AND t.RecordID = d.DiscussionID
  JOIN {reaction_types} r ON r.TagID = t.TagID AND r.UrlCode = 'Like'
  JOIN {prefix}User u ON u.UserID = t.UserID AND u.Banned = 0 AND u.Deleted = 0
 WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
 UNION ALL
SELECT {comment c}, u.Name
  FROM {prefix}Comment c
  JOIN {reactions} t ON t.RecordType = 'Comment' AND t.RecordID = c.CommentID
  JOIN {reaction_types} r ON r.TagID = t.TagID AND r.UrlCode = 'Like'
  JOIN {prefix}User u ON u.UserID = t.UserID AND u.Banned = 0 AND u.Deleted = 0
 WHERE c.CommentID IN (:comments) AND {comment c} IN (:ids)
 ORDER BY id, name

-- name: titles
-- Newer versions keep the title with the fields of the profile.
SELECT u.UserID                    AS member_id,
       COALESCE(NULLIF(m.Value, ''), u.Title, '') AS title
  FROM {prefix}User u
  LEFT JOIN {prefix}UserMeta m ON m.UserID = u.UserID AND m.Name = 'Profile.Title'
 WHERE u.UserID IN (:members)

-- name: members
-- Admin is 1 for the owner, who may read everything, and 2 for the account of the software itself. Until the address is confirmed, the
-- rights are those of the roles of the type "unconfirmed". Vanilla emails nobody without the right Garden.Email.View. Of the attributes,
-- only the time zone is read.
SELECT u.UserID                    AS id,
       u.Name                      AS name,
       u.Email                     AS email,
       CASE WHEN u.Attributes LIKE '%TimeZone"_"%' OR u.Attributes LIKE '%TimeZone";s%'
            THEN CONCAT(u.HourOffset, ' ', SUBSTR(u.Attributes, LOCATE('TimeZone"', u.Attributes), 60))
            WHEN u.HourOffset <> 0 THEN CONCAT(u.HourOffset, ' ')
            ELSE '' END            AS zone,
       COALESCE((SELECT MAX(l.Value) FROM {prefix}UserMeta l WHERE l.UserID = u.UserID AND l.Name = 'Preferences.NotificationLanguage'), '') AS locale,
       CASE WHEN u.Admin > 0 THEN 'admin'
            ELSE CONCAT('0', COALESCE(CONCAT(',', CASE WHEN u.Confirmed = 0
                 THEN (SELECT {list r.RoleID} FROM {table Role} r WHERE r.Type = 'unconfirmed')
                 ELSE (SELECT {list o.RoleID} FROM {prefix}UserRole o WHERE o.UserID = u.UserID) END), '')) END AS roles,
       {no_mail}                   AS no_mail,
       COALESCE((SELECT MAX(CASE WHEN e.Value = '0' THEN 'off' WHEN e.Value = '1' AND f.Value IN ('daily', 'weekly', 'monthly') THEN f.Value END)
                   FROM {prefix}UserMeta e
                   LEFT JOIN {prefix}UserMeta f ON f.UserID = e.UserID AND f.Name = 'Preferences.Email.DigestFrequency'
                  WHERE e.UserID = u.UserID AND e.Name = 'Preferences.Email.DigestEnabled'), '') AS digest_choice
  FROM {prefix}User u
 WHERE u.UserID IN (:ids) AND u.Deleted = 0

-- name: find
SELECT u.UserID                    AS id
  FROM {prefix}User u
 WHERE u.Name = :name AND u.Deleted = 0
 LIMIT 1

-- name: search
SELECT u.UserID                    AS id
  FROM {prefix}User u
 WHERE u.Name LIKE :begins ESCAPE '|' AND u.Deleted = 0
 ORDER BY u.Name
 LIMIT :limit

-- name: named
SELECT u.UserID                    AS id,
       u.Name                      AS name
  FROM {prefix}User u
 WHERE u.Name IN (:names) AND u.Deleted = 0

-- name: addressed
SELECT u.UserID                    AS id,
       u.Email                     AS email
  FROM {prefix}User u
 WHERE u.Email IN (:addresses) AND u.Email <> '' AND u.Deleted = 0

-- name: watching
-- Goes through the members by ID: whether members hear of discussions that they started or took part in is a preference of theirs. With
-- EXISTS in place of LIMIT 1, MariaDB would read all rows of UserDiscussion.
SELECT u.UserID                    AS id
  FROM {prefix}User u
 WHERE u.UserID > :after AND u.Deleted = 0
   AND ((SELECT 1 FROM {prefix}UserDiscussion b WHERE b.UserID = u.UserID AND b.Bookmarked = 1 LIMIT 1) = 1
        OR (SELECT 1 FROM {followed} f WHERE f.UserID = u.UserID AND f.Followed = 1 LIMIT 1) = 1
        OR (SELECT 1 FROM {prefix}UserMeta m
             WHERE m.UserID = u.UserID AND m.Value = '1' AND {category_preference m} AND {category_of m} > 0 LIMIT 1) = 1
        OR {asks ParticipateComment} AND (SELECT 1 FROM {prefix}UserDiscussion p WHERE p.UserID = u.UserID AND p.Participated = 1 LIMIT 1) = 1
        OR {asks DiscussionComment} AND (SELECT 1 FROM {prefix}Discussion d WHERE d.InsertUserID = u.UserID LIMIT 1) = 1)
 ORDER BY u.UserID
 LIMIT :limit

-- name: rights
-- A category with permissions of its own, or whose parent has them, is open to the roles with a row for it. All others are open to the
-- roles that may view discussions by default.
SELECT CONCAT('', p.RoleID)        AS role,
       c.CategoryID                AS section_id,
       '110'                       AS rights
  FROM {prefix}Category c
  JOIN {prefix}Permission p ON p.RoleID > 0 AND p.`Vanilla.Discussions.View` = 1
   AND (c.PermissionCategoryID > 0 AND p.JunctionTable = 'Category' AND p.JunctionID = c.PermissionCategoryID
        OR c.PermissionCategoryID <= 0 AND (p.JunctionID IS NULL OR p.JunctionID = -1))
 WHERE c.CategoryID > 0 AND CONCAT('', p.RoleID) IN (:roles)
 GROUP BY p.RoleID, c.CategoryID
 UNION ALL
SELECT 'admin', c.CategoryID, '110'
  FROM {prefix}Category c
 WHERE c.CategoryID > 0 AND 'admin' IN (:roles)

-- name: section_watches
-- A followed category means new discussions, unless the member asks for its comments, too, on the site or by email.
SELECT w.member_id, w.section_id, MAX(w.level) AS level, MAX(w.mail) AS mail
  FROM (SELECT f.UserID AS member_id, f.CategoryID AS section_id, 1 AS level, 0 AS mail
          FROM {followed} f
         WHERE f.UserID IN (:members) AND f.Followed = 1
         UNION ALL
        SELECT m.UserID, {category_of m}, {level_of m}, CASE WHEN m.Name LIKE 'Preferences.Email.%' THEN {level_of m} ELSE 0 END
          FROM {prefix}UserMeta m
         WHERE m.UserID IN (:members) AND m.Value = '1' AND {category_preference m}) w
 WHERE w.section_id > 0
 GROUP BY w.member_id, w.section_id

-- name: thread_watches
-- Bookmarks; and the discussions that members started or took part in, if they ask for email about these.
SELECT w.member_id, w.thread_id, MAX(w.mail) AS mail
  FROM (SELECT b.UserID AS member_id, b.DiscussionID AS thread_id, CASE WHEN {asks BookmarkComment} THEN 1 ELSE 0 END AS mail
          FROM {prefix}UserDiscussion b
          JOIN {prefix}User u ON u.UserID = b.UserID
         WHERE b.UserID IN (:members) AND b.Bookmarked = 1
         UNION ALL
        SELECT p.UserID, p.DiscussionID, 1
          FROM {prefix}UserDiscussion p
          JOIN {prefix}User u ON u.UserID = p.UserID
         WHERE p.UserID IN (:members) AND p.Participated = 1 AND {asks ParticipateComment}
         UNION ALL
        SELECT d.InsertUserID, d.DiscussionID, 1
          FROM {prefix}User u
          JOIN {prefix}Discussion d ON d.InsertUserID = u.UserID
         WHERE u.UserID IN (:members) AND {asks DiscussionComment}) w
 GROUP BY w.member_id, w.thread_id

-- name: watchers
SELECT w.member_id, w.thread_id, w.section_id, MAX(w.level) AS level
  FROM (SELECT b.UserID AS member_id, b.DiscussionID AS thread_id, 0 AS section_id, 2 AS level
          FROM {prefix}UserDiscussion b
          JOIN {prefix}User u ON u.UserID = b.UserID
         WHERE b.DiscussionID IN (:threads) AND b.UserID > :after
           AND (b.Bookmarked = 1 AND {asks BookmarkComment} OR b.Participated = 1 AND {asks ParticipateComment})
         UNION ALL
        SELECT d.InsertUserID, d.DiscussionID, 0, 2
          FROM {prefix}Discussion d
          JOIN {prefix}User u ON u.UserID = d.InsertUserID
         WHERE d.DiscussionID IN (:threads) AND d.InsertUserID > :after AND {asks DiscussionComment}
         UNION ALL
        SELECT m.UserID, 0, c.CategoryID, 1
          FROM {prefix}Category c
          JOIN {prefix}UserMeta m ON m.Name = CONCAT('Preferences.Email.NewDiscussion.', c.CategoryID) AND m.Value = '1'
         WHERE c.CategoryID IN (:sections) AND m.UserID > :after
         UNION ALL
        SELECT m.UserID, 0, c.CategoryID, 2
          FROM {prefix}Category c
          JOIN {prefix}UserMeta m ON m.Name = CONCAT('Preferences.Email.NewComment.', c.CategoryID) AND m.Value = '1'
         WHERE c.CategoryID IN (:sections) AND m.UserID > :after) w
 GROUP BY w.member_id, w.thread_id, w.section_id
 ORDER BY w.member_id
 LIMIT :limit

-- name: ignores
-- The plugin Ignore has a row for each ignored member.
SELECT m.UserID                    AS member_id,
       {category_of m}             AS ignored
  FROM {prefix}UserMeta m
 WHERE m.UserID IN (:members) AND m.Name LIKE 'Plugin.Ignore.Blocked.User.%'

-- name: read_days
-- Vanilla keeps the marks.
SELECT 3650                        AS days

-- name: section_reads
SELECT f.UserID                    AS member_id,
       f.CategoryID                AS section_id,
       {unix f.DateMarkedRead}     AS read_at
  FROM {prefix}UserCategory f
 WHERE f.UserID IN (:members) AND f.DateMarkedRead >= {time :since}

-- name: thread_reads
SELECT r.UserID                    AS member_id,
       r.DiscussionID              AS thread_id,
       {unix r.DateLastViewed}     AS read_at
  FROM {prefix}UserDiscussion r
 WHERE r.UserID IN (:members) AND r.DateLastViewed >= {time :since}

-- name: took_part
SELECT c.InsertUserID              AS member_id,
       c.DiscussionID              AS thread_id
  FROM {prefix}Comment c
 WHERE c.DiscussionID IN (:threads) AND c.InsertUserID IN (:members) AND c.DateDeleted IS NULL
 GROUP BY c.InsertUserID, c.DiscussionID
 UNION ALL
SELECT d.InsertUserID, d.DiscussionID
  FROM {prefix}Discussion d
 WHERE d.DiscussionID IN (:threads) AND d.InsertUserID IN (:members)

-- name: arrivals
-- Both tables have an index on the time, with which the ID begins.
SELECT a.id, a.thread_id, a.section_id, a.author_id, a.posted_at, a.visible
  FROM ((SELECT {opener d} AS id, d.DiscussionID AS thread_id, d.CategoryID AS section_id, {author d} AS author_id, {unix d.DateInserted} AS posted_at, {shown d} AS visible
           FROM {prefix}Discussion d
           LEFT JOIN {prefix}User u ON u.UserID = d.InsertUserID
           LEFT JOIN {grouped} g ON g.DiscussionID = d.DiscussionID
          WHERE d.DateInserted >= {time_of :after} AND {opener d} > :after
          ORDER BY d.DateInserted, d.DiscussionID
          LIMIT :limit)
         UNION ALL
        (SELECT {comment c}, c.DiscussionID, d.CategoryID, {author c}, {unix c.DateInserted}, CASE WHEN c.DateDeleted IS NULL THEN {shown d} ELSE 0 END
           FROM {prefix}Comment c
           JOIN {prefix}Discussion d ON d.DiscussionID = c.DiscussionID
           LEFT JOIN {prefix}User u ON u.UserID = c.InsertUserID
           LEFT JOIN {grouped} g ON g.DiscussionID = d.DiscussionID
          WHERE c.DateInserted >= {time_of :after} AND {comment c} > :after
          ORDER BY c.DateInserted, c.CommentID
          LIMIT :limit)) a
 ORDER BY a.id
 LIMIT :limit

-- name: arrivals_of
SELECT {opener d} AS id, d.DiscussionID AS thread_id, d.CategoryID AS section_id, {author d} AS author_id, {unix d.DateInserted} AS posted_at, {shown d} AS visible
  FROM {prefix}Discussion d
  LEFT JOIN {prefix}User u ON u.UserID = d.InsertUserID
  LEFT JOIN {grouped} g ON g.DiscussionID = d.DiscussionID
 WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
 UNION ALL
SELECT {comment c}, c.DiscussionID, d.CategoryID, {author c}, {unix c.DateInserted}, CASE WHEN c.DateDeleted IS NULL THEN {shown d} ELSE 0 END
  FROM {prefix}Comment c
  JOIN {prefix}Discussion d ON d.DiscussionID = c.DiscussionID
  LEFT JOIN {prefix}User u ON u.UserID = c.InsertUserID
  LEFT JOIN {grouped} g ON g.DiscussionID = d.DiscussionID
 WHERE c.CommentID IN (:comments) AND {comment c} IN (:ids)

-- name: first_since
SELECT COALESCE(MIN(a.id), 0)      AS id
  FROM ((SELECT {opener d} AS id FROM {prefix}Discussion d WHERE d.DateInserted >= {time :from} ORDER BY d.DateInserted, d.DiscussionID LIMIT 1)
         UNION ALL
        (SELECT {comment c} FROM {prefix}Comment c WHERE c.DateInserted >= {time :from} AND c.DiscussionID IS NOT NULL ORDER BY c.DateInserted, c.CommentID LIMIT 1)) a

-- name: newest
SELECT COALESCE(MAX(a.id), 0)      AS id
  FROM (SELECT {opener d} AS id FROM {prefix}Discussion d WHERE d.DateInserted = (SELECT MAX(x.DateInserted) FROM {prefix}Discussion x)
         UNION ALL
        SELECT {comment c} FROM {prefix}Comment c WHERE c.DateInserted = (SELECT MAX(y.DateInserted) FROM {prefix}Comment y)) a

-- name: created
SELECT {opener d}                  AS id
  FROM {prefix}Discussion d
 WHERE d.DateInserted >= {time :from} AND d.DateInserted < {time :until}
 UNION ALL
SELECT {comment c}
  FROM {prefix}Comment c
 WHERE c.DateInserted >= {time :from} AND c.DateInserted < {time :until} AND c.DiscussionID IS NOT NULL
 ORDER BY id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM {prefix}UserMeta e WHERE e.UserID = u.UserID AND e.Name = 'Preferences.Email.DigestEnabled' AND e.Value = '0')
                         THEN 0 ELSE 1 END), 0) AS accepting_all
  FROM {prefix}User u
 WHERE u.Deleted = 0 AND {no_mail} = ''

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(1 - y.mail), 0) AS without_email
  FROM (SELECT x.UserID, MAX(x.mail) AS mail
          FROM (SELECT b.UserID, MAX(CASE WHEN {asks BookmarkComment} THEN 1 ELSE 0 END) AS mail
                  FROM {prefix}UserDiscussion b
                  JOIN {prefix}User u ON u.UserID = b.UserID
                 WHERE b.Bookmarked = 1
                 GROUP BY b.UserID
                 UNION ALL
                SELECT DISTINCT p.UserID, 1
                  FROM {prefix}User u
                  JOIN {prefix}UserDiscussion p ON p.UserID = u.UserID AND p.Participated = 1
                 WHERE {asks ParticipateComment}
                 UNION ALL
                SELECT DISTINCT d.InsertUserID, 1
                  FROM {prefix}User u
                  JOIN {prefix}Discussion d ON d.InsertUserID = u.UserID
                 WHERE {asks DiscussionComment}
                 UNION ALL
                SELECT DISTINCT f.UserID, 0 FROM {followed} f WHERE f.Followed = 1
                 UNION ALL
                SELECT m.UserID, MAX(CASE WHEN m.Name LIKE 'Preferences.Email.%' THEN 1 ELSE 0 END)
                  FROM {prefix}UserMeta m
                 WHERE m.Value = '1' AND {category_preference m} AND {category_of m} > 0
                 GROUP BY m.UserID) x
         GROUP BY x.UserID) y
  JOIN {prefix}User u ON u.UserID = y.UserID
 WHERE u.Deleted = 0 AND {no_mail} = ''

-- name: roster
SELECT u.UserID                    AS id
  FROM {prefix}User u
 WHERE u.UserID > :after AND u.Deleted = 0
 ORDER BY u.UserID
 LIMIT :limit

-- name: profiles
SELECT u.UserID                    AS id,
       COALESCE(u.CountDiscussions, 0) + COALESCE(u.CountComments, 0) AS posts,
       {unix u.DateInserted}       AS joined_at,
       COALESCE({unix u.DateLastActive}, 0) AS visited_at
  FROM {prefix}User u
 WHERE u.UserID IN (:ids)

-- name: visits
SELECT u.UserID                    AS member_id,
       COALESCE({unix u.DateLastActive}, 0) AS visited_at
  FROM {prefix}User u
 WHERE u.UserID IN (:members)

-- name: groups
-- Vanilla calls them roles. Those of guests are nobody's.
SELECT r.RoleID                    AS id,
       r.Name                      AS title
  FROM {table Role} r
 WHERE COALESCE(r.Type, '') <> 'guest'
 ORDER BY r.RoleID

-- name: memberships
SELECT o.UserID                    AS member_id,
       o.RoleID                    AS in_groups
  FROM {prefix}UserRole o
 WHERE o.UserID IN (:members)

-- name: solved
-- Of the plugin QnA.
SELECT q.DiscussionID              AS id
  FROM {if_exists Discussion DiscussionID QnA:text} q
 WHERE q.DiscussionID IN (:ids) AND q.QnA = 'Accepted'

-- name: attachments
-- What hangs on a post. Images within a text are in it.
SELECT {opener d}                  AS post_id,
       a.Name                      AS name
  FROM {prefix}Discussion d
  JOIN {media} a ON a.ForeignTable = 'discussion' AND a.ForeignID = d.DiscussionID
 WHERE d.DiscussionID IN (:openers) AND {opener d} IN (:ids)
 UNION ALL
SELECT {comment c}, a.Name
  FROM {prefix}Comment c
  JOIN {media} a ON a.ForeignTable = 'comment' AND a.ForeignID = c.CommentID
 WHERE c.CommentID IN (:comments) AND {comment c} IN (:ids)
 ORDER BY post_id, name

-- name: counters
-- CountComments lacks the opener.
SELECT d.DiscussionID              AS thread_id,
       d.CountComments + 1         AS stored,
       1 + (SELECT COUNT(*) FROM {prefix}Comment c WHERE c.DiscussionID = d.DiscussionID AND c.DateDeleted IS NULL) AS counted
  FROM (SELECT x.DiscussionID, x.CountComments
          FROM {prefix}Discussion x
         WHERE COALESCE(x.Type, '') <> 'redirect' AND x.CountComments < 2000
         ORDER BY x.DiscussionID DESC
         LIMIT 20) d

-- name: unread_messages
-- A conversation counts the messages that a member has read. The sender is who wrote the newest one.
SELECT v.UserID                    AS member_id,
       COALESCE(n.InsertUserID, 0) AS sender_id,
       COALESCE(s.Name, '')        AS sender,
       SUM(k.CountMessages - v.CountReadMessages) AS messages
  FROM {if_readable UserConversation UserID ConversationID CountReadMessages Deleted} v
  JOIN {if_readable Conversation ConversationID CountMessages LastMessageID} k ON k.ConversationID = v.ConversationID
  LEFT JOIN {if_readable ConversationMessage MessageID InsertUserID} n ON n.MessageID = k.LastMessageID
  LEFT JOIN {prefix}User s ON s.UserID = n.InsertUserID
 WHERE v.UserID IN (:members) AND v.Deleted = 0 AND k.CountMessages > v.CountReadMessages
 GROUP BY v.UserID, n.InsertUserID, s.Name
 ORDER BY MAX(k.LastMessageID) DESC
