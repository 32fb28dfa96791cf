package source

import (
	"fmt"
	"slices"
	"testing"

	"postrider/forum"
)

// mentionedGroupMembers returns the members of the groups that a post mentions.
func mentionedGroupMembers(t *testing.T, db *DB, post forum.PostID) (members []forum.MemberID) {
	t.Helper()
	read(t, db, func(s *Snapshot) error {
		texts, err := s.Texts(t.Context(), []forum.PostID{post})
		if err != nil {
			return err
		}
		var groups []forum.GroupID
		for _, id := range texts[post].Body.Groups() {
			groups = append(groups, forum.GroupID(id))
		}
		byID, err := s.MembersOfGroups(t.Context(), groups)
		if err != nil {
			return err
		}
		byName, err := s.MembersOfNamedGroups(t.Context(), texts[post].Body.Names())
		for _, in := range byID {
			members = append(members, in...)
		}
		for _, in := range byName {
			members = append(members, in...)
		}
		return err
	})
	slices.Sort(members)
	return members
}

func TestFlarum_GroupMentionReachesItsMembers(t *testing.T) {
	for _, kind := range []string{"flarum", "flarum/postgres", "flarum/sqlite"} {
		f := newFixture(t, kind)
		staff := f.expect.Keys.Members
		execute(t, openAny(t, f.dsn), `UPDATE posts SET content = '<r><p><GROUPMENTION groupname="Staff" id="5">@"Staff"#g5</GROUPMENTION>, @"Mods"#g4</p></r>' WHERE id = 500`)
		want := ids(staff["ray"], staff["staff2"], staff["staffsec"])
		slices.Sort(want)
		if got := mentionedGroupMembers(t, f.open(t), 500); !slices.Equal(got, want) || want[0] == 0 {
			t.Errorf("%s: the post mentions %v, want the members of Staff %v alone", kind, got, want)
		}
	}
}

func TestNodebb_GroupMentionReachesItsMembers(t *testing.T) {
	f := newFixture(t, "nodebb")
	admin, db := openAny(t, f.dsn), f.open(t)
	key := f.expect.Keys.Members
	staff := ids(key["ray"], key["staff2"], key["staffsec"])
	slices.Sort(staff)
	except := func(groups string) string {
		return fmt.Sprintf(`INSERT INTO legacy_object VALUES ('settings:mentions', 'hash'); INSERT INTO legacy_hash VALUES ('settings:mentions', jsonb_build_object('disableGroupMentions', '%s'))`, groups)
	}
	for _, tt := range []struct {
		text, change string
		want         []forum.MemberID
	}{
		{text: "@staff-co, @Staff-Co and @nobody", want: staff},
		{text: "> @staff-co\n\nMine. `@staff-co`"},
		{text: "@registered-users @verified-users"},
		{text: "@administrators", want: ids(1)},
		{text: "@staff-co @administrators", change: except(`["Staff & Co"]`), want: ids(1)},
		{text: "@staff-co @administrators", change: except(`["staff-co","Staff"]`), want: ids(1)},
		{text: "@staff-co", change: except(`not JSON: "Staff"`), want: staff},
		{text: "@staff-co", change: "DELETE FROM legacy_zset WHERE _key = 'plugins:active' AND value = 'nodebb-plugin-mentions'"},
	} {
		execute(t, admin, "DELETE FROM legacy_object WHERE _key = 'settings:mentions'")
		if tt.change != "" {
			execute(t, admin, tt.change)
		}
		execute(t, admin, `UPDATE legacy_hash SET data = data || jsonb_build_object('content', $1::text) WHERE _key = 'post:300'`, tt.text)
		got := mentionedGroupMembers(t, db, 300)
		if got = slices.Compact(got); !slices.Equal(got, tt.want) {
			t.Errorf("%q after %q mentions %v, want %v", tt.text, tt.change, got, tt.want)
		}
	}
}
