-- What the forum said of the same when a member chose here: his choice ends when he says something else there afterwards.
-- NULL: nobody has looked since he chose.
ALTER TABLE preference ADD COLUMN basis_zone      TEXT;
ALTER TABLE preference ADD COLUMN basis_locale    TEXT;
ALTER TABLE preference ADD COLUMN basis_opted_out BOOLEAN;
ALTER TABLE wish ADD COLUMN basis TEXT; -- of the watch: level and whether the forum would mail, "2 mail"; "none"

-- As it was (see the second step), with his zone and his break beside it.
DROP VIEW subscriber;
CREATE VIEW subscriber AS
SELECT m.id, m.zone, m.locale, p.cadence, p.hour, p.weekday, p.day, p.every,
       COALESCE((SELECT max(o.until_seq)
                   FROM outbox o
                  WHERE o.member_id = m.id
                    AND o.until_seq > m.mark
                    AND o.kind = 'digest'
                    AND o.state IN ('accepted', 'skipped')), m.mark) AS mark,
       m.due_at, m.left_at,
       p.zone AS own_zone,
       p.paused_until
  FROM member m
  LEFT JOIN preference p
    ON p.member_id = m.id;
