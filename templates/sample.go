package templates

import (
	"fmt"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

// sampleData is mail/digest.sample.toml.
type sampleData struct {
	Site struct {
		Name, URL string
	}
	Member struct {
		Name, Locale, Zone string
	}
	From, Until time.Time
	Section     []struct {
		Title  string
		Thread []sampleThread
	}
}

type sampleThread struct {
	Title, Starter string
	Started        time.Time
	New            bool
	TookPart       bool `toml:"took_part"`
	QuotesYou      bool `toml:"quotes_you"`
	Post           []samplePost
}

type samplePost struct {
	Number        int
	Author, Title string
	Badges, Likes []string
	LikeCount     int `toml:"like_count"`
	Posted        time.Time
	QuotesYou     bool   `toml:"quotes_you"`
	Body          string // BBCode
}

func readSample(file, src string) (sampleData, error) {
	var s sampleData
	meta, err := toml.Decode(src, &s)
	if err != nil {
		return s, tomlError(file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return s, fmt.Errorf("%s: unknown key %q", file, unknown[0].String())
	}
	if _, err := time.LoadLocation(s.Member.Zone); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.Section) == 0 {
		return s, fmt.Errorf("%s: no [[section]]", file)
	}
	return s, nil
}

// Sample is the digest of mail/digest.sample.toml with the site that it speaks of, for previews.
func (s *Set) Sample() (Site, *digest.Digest) {
	in := s.sample
	zone, err := time.LoadLocation(in.Member.Zone)
	if err != nil {
		zone = time.UTC // readSample has tried it; but the file of zones can go away
	}
	d := &digest.Digest{
		Member: forum.Member{ID: 42, Name: in.Member.Name, Locale: in.Member.Locale, Zone: in.Member.Zone},
		Zone:   zone, From: in.From, Until: in.Until,
	}
	post := forum.PostID(100)
	thread := forum.ThreadID(10)
	for i, section := range in.Section {
		g := digest.Group{Section: forum.Section{ID: forum.SectionID(i + 1), Title: section.Title, Order: i}}
		for _, t := range section.Thread {
			thread++
			g.Threads = append(g.Threads, t.thread(thread, g.Section.ID, &post))
		}
		d.Groups = append(d.Groups, g)
	}
	return Site{Name: in.Site.Name, URL: in.Site.URL, Links: sampleLinks(in.Site.URL)}, d
}

func (t sampleThread) thread(id forum.ThreadID, section forum.SectionID, post *forum.PostID) digest.Thread {
	out := digest.Thread{
		Thread: forum.Thread{ID: id, Section: section, Title: t.Title, StarterName: t.Starter, StartedAt: t.Started, FirstPost: *post + 1},
		New:    t.New, TookPart: t.TookPart, QuotesYou: t.QuotesYou,
	}
	for _, p := range t.Post {
		*post++
		out.Posts = append(out.Posts, digest.Post{
			Post: forum.Post{ID: *post, Thread: id, AuthorName: p.Author, PostedAt: p.Posted},
			Content: &forum.Content{
				Number: p.Number, AuthorTitle: p.Title, Badges: p.Badges, Likes: p.Likes,
				LikeCount: max(p.LikeCount, len(p.Likes)), Body: markup.BBCode(p.Body, markup.Links{}),
			},
			Opening: p.Number == 1, QuotesYou: p.QuotesYou,
		})
	}
	return out
}

// sampleLinks is the forum that the sample lives in.
type sampleLinks string

func (l sampleLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/forums/%d", string(l), id)
}
func (l sampleLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/threads/%d", string(l), id)
}
func (l sampleLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/members/%d", string(l), id)
}
func (l sampleLinks) Post(t forum.ThreadID, p forum.PostID) string {
	return fmt.Sprintf("%s/threads/%d/post-%d", string(l), t, p)
}

func sampleFooter(s Site) Footer {
	return Footer{Settings: s.URL + "/mail/settings/sample", Unsubscribe: s.URL + "/mail/unsubscribe/sample"}
}
