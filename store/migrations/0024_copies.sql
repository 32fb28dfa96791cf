-- post_ids holds the copies of a message that a relay has or may have, oldest first: "4711-4713,4720/4711,4713". A post with an f was
-- only counted, because the message has no room for it: "4711,4715f". Since this step, the posts of alerts are recorded, too.
UPDATE outbox
   SET post_ids = ''
 WHERE post_ids <> ''
   AND doubts = 0
   AND state <> 'accepted';

-- The posts of the copy that is in flight. It joins post_ids if the daemon dies before it knows the result.
ALTER TABLE outbox ADD COLUMN handed_posts TEXT NOT NULL DEFAULT '';

-- As in 0012, with uncertain messages that were to be repeated, but had nothing left to bring.
DROP VIEW subscriber;
CREATE VIEW subscriber AS
SELECT m.id, m.zone, m.locale, p.cadence, p.hour, p.weekday, p.day, p.every,
       COALESCE((SELECT max(o.until_seq)
                   FROM outbox o
                  WHERE o.member_id = m.id
                    AND o.until_seq > m.mark
                    AND o.kind = 'digest'
                    AND (o.state IN ('accepted', 'skipped')
                     OR (o.state = 'uncertain' AND o.result = 'skipped'))), m.mark) AS mark,
       m.due_at, m.left_at,
       p.zone AS own_zone,
       p.paused_until
  FROM member m
  LEFT JOIN preference p
    ON p.member_id = m.id;
