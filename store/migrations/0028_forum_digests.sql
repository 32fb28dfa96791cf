-- What the forum said about its own digests when a member chose a schedule here. As in 0012, NULL: nobody has looked since.
ALTER TABLE preference ADD COLUMN basis_digests TEXT; -- forum.DigestChoice: "weekly 7"; '': no choice

-- Opt-outs are compared by kind. Until now, one of any kind counted for all.
ALTER TABLE preference ADD COLUMN basis_opt_outs BIGINT; -- 1 announcements, 2 alerts, 4 digests, added up
UPDATE preference
   SET basis_opt_outs = CASE WHEN basis_opted_out THEN 7 ELSE 0 END
 WHERE basis_opted_out IS NOT NULL;
ALTER TABLE preference DROP COLUMN basis_opted_out;

-- What the member chose on the forum, as of the last sync.
ALTER TABLE member ADD COLUMN forum_digests TEXT NOT NULL DEFAULT '';

-- As in 0024, with forum_digests beside it.
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
       m.forum_digests
  FROM member m
  LEFT JOIN preference p
    ON p.member_id = m.id;
