package source

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
)

// The permissions in the dump are simple, so this test uses random ones.
func TestMyBBAccess_MatchesForumForRandomPermissions(t *testing.T) {
	f := newFixture(t, "mybb")
	db, forumItself := f.open(t), openAdmin(t, f)
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		bit := func() int { return rnd.IntN(2) }
		change := "DELETE FROM mybb_forumpermissions;"
		for range 40 {
			change += fmt.Sprintf("DELETE FROM mybb_forumpermissions WHERE fid = %[1]d AND gid = %[2]d;"+
				"INSERT INTO mybb_forumpermissions (fid, gid, canview, canviewthreads, canonlyviewownthreads) VALUES (%[1]d, %[2]d, %[3]d, %[4]d, %[5]d);",
				3+rnd.IntN(14), 1+rnd.IntN(8), bit(), bit(), bit())
		}
		for gid := 1; gid <= 8; gid++ {
			change += fmt.Sprintf("UPDATE mybb_usergroups SET canview = %d, canviewthreads = %d WHERE gid = %d;", bit(), bit(), gid)
		}
		for uid := 1; uid <= 41; uid++ {
			more := make([]string, rnd.IntN(4))
			for i := range more {
				more[i] = fmt.Sprint(1 + rnd.IntN(9)) // group 9 does not exist
			}
			change += fmt.Sprintf("UPDATE mybb_users SET usergroup = %d, additionalgroups = '%s' WHERE uid = %d;", 1+rnd.IntN(8), strings.Join(more, ","), uid)
		}
		for fid := 5; fid <= 16; fid++ {
			change += fmt.Sprintf("UPDATE mybb_forums SET active = %d WHERE fid = %d;", min(1, rnd.IntN(6)), fid)
		}
		execute(t, forumItself, change)
		compareRights(t, f, db)
		if t.Failed() {
			t.Fatalf("at seed %d", seed)
		}
	}
}

func TestClassOf_SortsRolesAndDropsDuplicates(t *testing.T) {
	for _, tt := range []struct{ roles, want string }{
		{"2,", "2"}, {"2,8,4", "2,4,8"}, {"8,2,8", "2,8"}, {"2, 8", "2,8"}, {"", ""},
	} {
		if got := classOf(tt.roles); got != forum.Class(tt.want) {
			t.Errorf("classOf(%q) = %q, want %q", tt.roles, got, tt.want)
		}
	}
}

func TestVisibleSections_OmitsClosedAndUnreachable(t *testing.T) {
	nodes := []node{
		{id: 7, parent: 3, place: 2}, {id: 3, parent: 0, place: 2}, {id: 4, parent: 3, place: 1},
		{id: 2, parent: 0, place: 1, closed: true}, {id: 5, parent: 2}, {id: 6, parent: 5}, // below a closed one
		{id: 8, parent: 99},                      // its parent is missing
		{id: 9, parent: 10}, {id: 10, parent: 9}, // a cycle
		{id: 11, parent: 11}, {id: 1, parent: 0, place: 2},
	}
	var got []forum.SectionID
	for _, n := range visibleSections(nodes) {
		got = append(got, n.id)
	}
	if want := []forum.SectionID{1, 3, 4, 7}; !slices.Equal(got, want) {
		t.Errorf("visibleSections = %v, want %v", got, want)
	}
}

func TestJSONRights_DecodesPermissionCache(t *testing.T) {
	all := grant{view: true, read: true}
	for _, tt := range []struct {
		cache string
		want  grant
		bad   bool
	}{
		{cache: `{"view":true,"viewOthers":true,"viewContent":true}`, want: all},
		{cache: `{"view":1,"viewOthers":"1","viewContent":true,"editOwnPostTimeLimit":-1,"x":{"view":false}}`, want: all},
		{cache: `{"view":true,"viewOthers":false,"viewContent":true}`, want: grant{view: true, read: true, own: true}},
		{cache: `{"view":-1,"viewOthers":2,"viewContent":"true"}`, want: grant{own: true}},
		{cache: `{"VIEW":true}`, want: grant{own: true}},
		{cache: `{"view":false}`, want: grant{own: true}},
		{cache: `[]`},
		{cache: ``, bad: true},
		{cache: `null`, bad: true},
		{cache: `{"view":tru`, bad: true},
		{cache: `a:1:{s:4:"view";b:1;}`, bad: true},
	} {
		got, err := jsonRights([]byte(tt.cache))
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("jsonRights(%s) = %+v, %v, want %+v", tt.cache, got, err, tt.want)
		}
	}
}

func TestParseRightDigits_AcceptsThreeBinaryDigits(t *testing.T) {
	for text, want := range map[string]grant{"110": {view: true, read: true}, "111": {view: true, read: true, own: true}, "001": {own: true}} {
		if got, err := parseRightDigits([]byte(text)); got != want || err != nil {
			t.Errorf("parseRightDigits(%s) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "11", "1100", "210", "-10", "abc"} {
		if got, err := parseRightDigits([]byte(text)); err == nil || got != (grant{}) {
			t.Errorf("parseRightDigits(%q) = %+v, %v, want an error and no permission", text, got, err)
		}
	}
}
