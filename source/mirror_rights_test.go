package source

import (
	"slices"
	"testing"

	"postrider/forum"
)

// private is sent by a site with sections for groups.
const private = `{
	"sections": [{"id":"open","title":"Open"},{"id":"staff","title":"Staff","read":["staff","7"]},{"id":"below","title":"Below","parent":"staff","read":["*"]},
		{"id":"deep","title":"Deep","parent":"below","read":["7"]},{"id":"nobody","title":"Nobody","read":[]}],
	"members": [{"id":"a","name":"Ann","email":"a@example.org","groups":["staff"]},{"id":"b","name":"Ben","email":"b@example.org"},
		{"id":"c","name":"Cleo","email":"c@example.org","groups":["other","7"]},{"id":"d","name":"Dan","email":"d@example.org","groups":["*x"]}]}`

func TestMirror_OnlyGroupsReadPrivateSections(t *testing.T) {
	forEachMirrorOf(t, private, func(t *testing.T, db *DB) {
		read(t, db, func(s *Snapshot) error {
			members, err := s.Members(t.Context(), []forum.MemberID{1, 2, 3, 4}, noon)
			if err != nil {
				return err
			}
			want := map[string][]forum.SectionID{"Ann": {1, 2, 3}, "Ben": {1}, "Cleo": {1, 2, 3, 4}, "Dan": {1}}
			for _, m := range members {
				access, err := s.Access(t.Context(), []forum.Class{m.Class})
				if err != nil {
					return err
				}
				var may []forum.SectionID
				for id, right := range access[m.Class] {
					if right == forum.ReadAll {
						may = append(may, id)
					}
				}
				slices.Sort(may)
				if !slices.Equal(may, want[m.Name]) {
					t.Errorf("%s of class %q may read %v, want %v", m.Name, m.Class, may, want[m.Name])
				}
			}
			access, err := s.Access(t.Context(), []forum.Class{MirrorPublic})
			if err != nil || len(access[MirrorPublic]) != 1 {
				t.Errorf("everyone may read %v, %v", access, err)
			}
			return nil
		})
	})
}

func TestMirror_GroupsAreForAnnouncements(t *testing.T) {
	forEachMirrorOf(t, private, func(t *testing.T, db *DB) {
		read(t, db, func(s *Snapshot) error {
			groups, err := s.Groups(t.Context())
			if err != nil {
				return err
			}
			titles := make(map[forum.GroupID]string)
			for _, g := range groups {
				titles[g.ID] = g.Title
			}
			in, err := s.Memberships(t.Context(), []forum.MemberID{1, 2, 3})
			if err != nil {
				return err
			}
			if len(in[1]) != 1 || titles[in[1][0]] != "staff" || len(in[2]) != 0 || len(in[3]) != 2 {
				t.Errorf("groups %v, memberships %v", titles, in)
			}
			return nil
		})
	})
}

// A site sends members before sections, or only sections that none of them may read.
func TestMirror_PassesCheckWhileNobodyMayRead(t *testing.T) {
	for _, text := range []string{
		`{"members":[{"id":"a","name":"Ann","email":"a@example.org"}]}`,
		`{"sections":[{"id":"s","title":"Staff","read":["staff"]}],"members":[{"id":"a","name":"Ann","email":"a@example.org"}],"watches":[{"member":"a","section":"s"}]}`,
	} {
		db := openMirror(t, "sqlite:"+t.TempDir()+"/mirror.db", text)
		if _, err := db.SelfCheck(t.Context()); err != nil {
			t.Errorf("after %s: %v", text, err)
		}
	}
}
