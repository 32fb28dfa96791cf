package templates

import (
	"fmt"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

// sampleData is the sample of a kind of email.
type sampleData struct {
	Again bool // of an alert: it follows an earlier alert
	Site  struct {
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
	Prefix         string
	Locked, Solved bool
	Participated   bool `toml:"took_part"`
	QuotesReader   bool `toml:"quotes_you"`
	Post           []samplePost
	Earlier        []samplePost // of an alert
}

type samplePost struct {
	Number        int
	Author, Title string
	Badges, Likes []string
	Attachments   []string
	Poll          string
	LikeCount     int `toml:"like_count"`
	Posted        time.Time
	QuotesReader  bool   `toml:"quotes_you"`
	Body          string // BBCode
	Cause         digest.AlertCause
	Quoted        *samplePost // of an alert
}

// readSamples reads the samples of all kinds of emails.
func readSamples(files overlayFS) (map[kind]sampleData, error) {
	samples := make(map[kind]sampleData)
	for k := range kinds() {
		if k == announcementMail { // has its own format, see announcement_sample.go
			continue
		}
		src, err := files.read(k.sample())
		if err != nil {
			return nil, fmt.Errorf("reading a sample: %w", err)
		}
		if samples[k], err = readSample(files.displayName(k.sample()), src); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

func readSample(file, src string) (sampleData, error) {
	var s sampleData
	if err := decodeSample(file, src, &s); err != nil {
		return s, err
	}
	if _, err := time.LoadLocation(s.Member.Zone); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.Section) == 0 {
		return s, fmt.Errorf("%s: no [[section]]", file)
	}
	return s, nil
}

func decodeSample(file, src string, into any) error {
	meta, err := toml.Decode(src, into)
	if err != nil {
		return tomlError(file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: unknown key %q", file, unknown[0].String())
	}
	return nil
}

// Sample returns the digest of mail/digest.sample.toml with its site, for previews.
func (s *Set) Sample() (Site, *digest.Digest) {
	site, d := s.samples[digestMail].digest()
	d.Arrange(digest.Telling)
	return site, d
}

// SampleAlert returns the alert of mail/alert.sample.toml with its site, for previews.
func (s *Set) SampleAlert() (Site, *digest.Alert) {
	in := s.samples[alertMail]
	site, d := in.digest()
	return site, &digest.Alert{Digest: *d, Followup: in.Again}
}

func (in sampleData) digest() (Site, *digest.Digest) {
	zone, err := time.LoadLocation(in.Member.Zone)
	if err != nil {
		zone = time.UTC // readSample loaded it, but the zone database can disappear later
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
		Thread: forum.Thread{ID: id, Section: section, Title: t.Title, StarterName: t.Starter, StartedAt: t.Started, FirstPost: *post + 1, Locked: t.Locked},
		Marks:  forum.ThreadMarks{Prefix: t.Prefix, Solved: t.Solved},
		New:    t.New, Participated: t.Participated, QuotesReader: t.QuotesReader,
	}
	for _, p := range t.Earlier {
		out.Earlier = append(out.Earlier, p.post(id, post))
	}
	for _, p := range t.Post {
		out.Posts = append(out.Posts, p.post(id, post))
	}
	return out
}

func (p samplePost) post(thread forum.ThreadID, post *forum.PostID) digest.Post {
	var quoted *digest.Post
	if p.Quoted != nil {
		q := p.Quoted.post(thread, post)
		quoted = &q
	}
	*post++
	return digest.Post{
		Post: forum.Post{ID: *post, Thread: thread, AuthorName: p.Author, PostedAt: p.Posted},
		Content: &forum.Content{
			Number: p.Number, AuthorTitle: p.Title, Badges: p.Badges, Likes: p.Likes, Attachments: p.Attachments, Poll: p.Poll,
			LikeCount: max(p.LikeCount, len(p.Likes)), Body: markup.BBCode(p.Body, markup.Links{}),
		},
		Opening: p.Number == 1, QuotesReader: p.QuotesReader, Cause: p.Cause, Quoted: quoted,
	}
}

// sampleLinks builds the links of the sample's forum. Its value is the forum's URL.
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
	switch {
	case s.contact() != "":
		return Footer{}
	case s.NoPages:
		return Footer{Unsubscribe: mailTo + "u-sample@bounces.forum.example", All: mailTo + "u-all@bounces.forum.example"}
	}
	return Footer{
		Settings: s.URL + "/mail/settings/sample", Unsubscribe: s.URL + "/mail/unsubscribe/sample", All: s.URL + "/mail/unsubscribe/all",
		View: s.URL + "/mail/view/sample",
		Mute: func(forum.ThreadID) string { return s.URL + "/mail/mute/sample" },
	}
}
