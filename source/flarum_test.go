package source

import (
	"testing"

	"postrider/forum"
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
