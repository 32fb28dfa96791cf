package source

import (
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
)

func TestFlarum_LinksNeedNumbersAndSlugs(t *testing.T) {
	f := sharedFixture(t, "flarum")
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		if _, err := s.Sections(t.Context()); err != nil {
			return err
		}
		_, err := s.Posts(t.Context(), []forum.PostID{194})
		return err
	})
	links := db.Links()
	for got, want := range map[string]string{
		links.Thread(15):                            "https://forum.example.org/d/15",
		links.Post(0, 194):                          "https://forum.example.org/d/9/11",
		links.Post(3, 999999):                       "https://forum.example.org/d/3",
		links.Section(f.expect.Keys.Sections["s3"]): "https://forum.example.org/t/korea",
		links.Section(1000000000):                   "https://forum.example.org/",
		links.Member(3):                             "",
	} {
		if got != want {
			t.Errorf("link = %q, want %q", got, want)
		}
	}
}

func TestFlarum_WorksWithoutExtensions(t *testing.T) {
	f := newFixture(t, "flarum")
	admin := openAdmin(t, f)
	execute(t, admin, `SET foreign_key_checks = 0; DROP TABLE ignored_user, post_likes, tags, discussion_tag;
		ALTER TABLE users DROP COLUMN nickname, DROP COLUMN suspended_until;
		ALTER TABLE tag_user DROP INDEX tag_user_user_id_subscription_index, DROP INDEX tag_user_subscription_index, DROP COLUMN subscription`)
	db := f.open(t)
	lost := ""
	for _, x := range db.Check(t.Context()) {
		if x.Level == finding.LevelFail {
			t.Errorf("check: %s: %s", x.Part, x.Text)
		}
		lost += x.Text + "\n"
	}
	for _, want := range []string{"no member is suspended", "have their usernames", "ignores members", "ignores tags", "no likes", "in one section"} {
		if !strings.Contains(lost, want) {
			t.Errorf("the check does not say %q:\n%s", want, lost)
		}
	}
	read(t, db, func(s *Snapshot) error {
		panda := f.expect.Keys.Members["panda"]
		m, found, err := s.member(t.Context(), panda, f.now())
		if err != nil || !found || m.Name != "marshal_panda" {
			t.Errorf("panda is %+v, %t, %v", m, found, err)
		}
		threads, err := s.Threads(t.Context(), []forum.ThreadID{1, 2})
		if err != nil || len(threads) != 2 || threads[0].Section != 1000000000 || threads[0].AlsoIn != nil {
			t.Errorf("threads = %+v, %v", threads, err)
		}
		watches, err := s.Watches(t.Context(), ids(panda))
		if len(watches[panda].Sections) != 0 || len(watches[panda].Threads) == 0 {
			t.Errorf("watches = %+v", watches)
		}
		return err
	})
}
