-- No digests and alerts on Saturdays and Sundays of the member. NULL: not chosen.
ALTER TABLE preference ADD COLUMN weekends_off BOOLEAN;

-- As in 0028, with weekends_off beside it.
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
       p.paused_until,
       m.forum_digests,
       COALESCE(p.weekends_off, FALSE) AS weekends_off
  FROM member m
  LEFT JOIN preference p
    ON p.member_id = m.id;
