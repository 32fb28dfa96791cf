package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

func TestGrantCovers_ReadsDatabasePatterns(t *testing.T) {
	for _, tt := range []struct {
		object, database string
		want             bool
	}{
		{"*.* TO `x`@`y`", "forum", true},
		{"`forum`.* TO `x`@`y`", "forum", true},
		{"`forum`.`xf_post` TO `x`@`y`", "forum", true},
		{"`test`.* TO PUBLIC", "forum", false},
		{"`test\\_%`.* TO PUBLIC", "test_forum", true},
		{"`test\\_%`.* TO PUBLIC", "testXforum", false},
		{"`fo_um`.* TO `x`@`y`", "forum", true},
		{"`%`.* TO `x`@`y`", "forum", true},
		{"`a.b`.* TO `x`@`y`", "aXb", false},
		{"PROCEDURE `test`.`p` TO `x`@`y`", "forum", true}, // not known: it counts
	} {
		if got := grantCovers(tt.object, tt.database); got != tt.want {
			t.Errorf("grantCovers(%q, %q) = %t, want %t", tt.object, tt.database, got, tt.want)
		}
	}
}

func TestCheck_WarnsOfDatabaseWithoutEncoding(t *testing.T) {
	f := fixture{kind: customName, dsn: servertest.PostgresASCII(t)}
	admin := openAny(t, f.dsn)
	execute(t, admin, customSQL(t, sqlfile.Postgres, "CREATE TABLE boards"))
	execute(t, admin, customSQL(t, sqlfile.Postgres, "INSERT INTO boards"))
	found := findingNamed(openCustom(t, f, customTemplate(t, true)).Check(t.Context()), "charset")
	if found.Level != finding.LevelWarn || !strings.Contains(found.Text, "SQL_ASCII") || found.Fix == "" {
		t.Errorf("charset = %+v, want a warning about SQL_ASCII", found)
	}
}
