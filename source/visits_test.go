package source

import (
	"testing"
	"time"

	"postrider/forum"
)

func TestVisits_AreTheLastOnesOfTheForum(t *testing.T) {
	for kind, statement := range map[string]string{
		"xenforo2": "UPDATE xf_user SET last_activity = IF(user_id = 2, 1795340000, 0)",
		"xenforo1": "UPDATE xf_user SET last_activity = IF(user_id = 2, 1795340000, 0)",
		"mybb":     "UPDATE mybb_users SET lastactive = IF(uid = 2, 1795340000, 0), lastvisit = IF(uid = 2, 1795330000, 0)",
		"fluxbb": "UPDATE users SET last_visit = IF(id = 2, 1795330000, 0); DELETE FROM online; " + // the session of member 2 is not over
			"INSERT INTO online (user_id, ident, logged) VALUES (2, 'two', 1795339000), (2, 'renamed', 1795340000), (1, '127.0.0.1', 1795350000)",
	} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			execute(t, openAdmin(t, f), statement)
			visits := readOne(t, f.open(t), func(s *Snapshot) (map[forum.MemberID]time.Time, error) {
				return s.Visits(t.Context(), ids(2, 3, 999999))
			})
			if len(visits) != 1 || visits[2].Unix() != 1795340000 {
				t.Errorf("Visits = %v, want that of member 2", visits)
			}
		})
	}
}
