package source

import (
	"path/filepath"
	"strings"
	"testing"

	"postrider/demo"
	"postrider/forum"
	"postrider/internal/finding"
)

const ownIgnores = `-- name: ignores
SELECT b.member_id AS member_id, b.blocked_id AS ignored FROM {if_exists own_blocks member_id blocked_id note:text} b WHERE b.member_id IN (:members)
`

func TestOptionalTable_IsEmptyUntilItExists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, noon); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Type, c.DSN, c.URL, c.Name, c.Queries = "sample", "sqlite:"+path, demo.URL, demo.Name, queriesFile(t, ownIgnores)
	ignores := func(db *DB) map[forum.MemberID]map[forum.MemberID]bool {
		return readOne(t, db, func(s *Snapshot) (map[forum.MemberID]map[forum.MemberID]bool, error) {
			return s.Ignores(t.Context(), ids(1, 2))
		})
	}
	before := openConfig(t, c)
	if got := ignores(before); len(got) != 0 {
		t.Errorf("without the table, members ignore %v", got)
	}
	if f := findingNamed(before.Check(t.Context()), "optional table"); f.Level != finding.LevelOK || !strings.Contains(f.Text, "own_blocks") {
		t.Errorf("without the table, the check says %q (%s)", f.Text, f.Level)
	}
	execute(t, openAny(t, c.DSN), "CREATE TABLE own_blocks (member_id INTEGER, blocked_id INTEGER, note TEXT); INSERT INTO own_blocks VALUES (1, 2, '')")
	if f := findingNamed(before.Check(t.Context()), "optional table"); f.Level != finding.LevelWarn || !strings.Contains(f.Fix, "restart") {
		t.Errorf("with a new table, the check says %q (%s)", f.Text, f.Level)
	}
	if got := ignores(openConfig(t, c)); !got[1][2] {
		t.Errorf("with the table, members ignore %v", got)
	}
}
