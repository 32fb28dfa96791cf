package source

import (
	"testing"

	"postrider/forum"
)

func TestMutes_HoldThreadsAndSections(t *testing.T) {
	_, c := newCustomForum(t, `-- name: mutes
SELECT 7 AS member_id, 3 AS thread_id, 0 AS section_id WHERE 7 IN (:members)
UNION ALL SELECT 7, 0, 4 WHERE 7 IN (:members)
UNION ALL SELECT 8, 5, 0 WHERE 8 IN (:members)`)
	mutes := readOne(t, openConfig(t, c), func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) {
		return s.Mutes(t.Context(), ids(7, 9))
	})
	if m := mutes[7]; len(mutes) != 1 || !m.Muted[3] || !m.MutedSections[4] || len(m.Muted)+len(m.MutedSections) != 2 {
		t.Errorf("mutes = %+v, want thread 3 and section 4 of member 7", mutes)
	}
}

func TestMutes_NoneWithoutQuery(t *testing.T) {
	_, c := newCustomForum(t, "")
	db := openConfig(t, c)
	before := db.Statements()
	read(t, db, func(s *Snapshot) error {
		mutes, err := s.Mutes(t.Context(), ids(7))
		if len(mutes) != 0 {
			t.Errorf("mutes = %v, want none", mutes)
		}
		return err
	})
	if n := db.Statements() - before; n != 1 { // the start of the transaction
		t.Errorf("%d statements were sent, want 1", n)
	}
}
