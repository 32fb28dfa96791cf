package source

import (
	"testing"
	"time"

	"postrider/forum"
)

// FluxBB lets members in whose address or domain is banned, and sends them notifications (include/functions.php, check_bans; post.php).
func TestFluxbb_OnlyBansOfNamesEndEmail(t *testing.T) {
	f := newFixture(t, "fluxbb")
	db, reader := openAdmin(t, f), f.open(t)
	execute(t, db, "UPDATE users SET email = CONCAT('member', id, '@members.example') WHERE id > 1; DELETE FROM bans")
	for ban, banned := range map[string]bool{
		"(username) SELECT UPPER(username) FROM users WHERE id = 3":       true,
		"(username, expire) SELECT username, 1 FROM users WHERE id = 3":   false, // over
		"(email) VALUES ('member3@members.example'), ('members.example')": false,
		"(ip) SELECT registration_ip FROM users WHERE id = 3":             false,
	} {
		execute(t, db, "INSERT INTO bans "+ban)
		members := readOne(t, reader, func(s *Snapshot) ([]forum.Member, error) { return s.Members(t.Context(), ids(3), time.Now()) })
		if len(members) != 1 || (members[0].NoMail == "banned") != banned {
			t.Errorf("with the ban %s, the members are %+v, want banned: %v", ban, members, banned)
		}
		execute(t, db, "DELETE FROM bans")
	}
}

func TestFluxbbZone_RoundsToQuarters(t *testing.T) {
	for stored, want := range map[string]string{"12.8 0": "Pacific/Chatham", "12.800000190734863 0": "Pacific/Chatham", "5.8 0": "Asia/Kathmandu", "-3.5 1": "America/St_Johns", "1 1": "Etc/GMT-2", "x 0": ""} {
		if got := fluxbbZone(stored); got != want {
			t.Errorf("zone %q = %q, want %q", stored, got, want)
		}
	}
}
