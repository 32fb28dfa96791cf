package source

import "testing"

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
