package templates

import (
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// announcementSample is mail/announcement.sample.toml.
type announcementSample struct {
	Title, Body string
	Site        struct {
		Name, URL string
	}
	Member struct {
		Name, Locale, Zone string
		Posts              int
		Joined             time.Time
	}
}

func readAnnouncementSample(files overlayFS) (announcementSample, error) {
	var s announcementSample
	src, err := files.read(announcementMail.sample())
	if err != nil {
		return s, fmt.Errorf("reading a sample: %w", err)
	}
	file := files.displayName(announcementMail.sample())
	if err := decodeSample(file, src, &s); err != nil {
		return s, err
	}
	if _, err := time.LoadLocation(s.Member.Zone); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// SampleAnnouncement returns the announcement of mail/announcement.sample.toml with its site and a recipient, for
// previews.
func (s *Set) SampleAnnouncement() (Site, *digest.Announcement, Recipient) {
	in := s.announcement
	zone, err := time.LoadLocation(in.Member.Zone)
	if err != nil {
		zone = time.UTC // readAnnouncementSample loaded it, but the zone database can disappear later
	}
	a := &digest.Announcement{ID: 7, Variants: []digest.Variant{{Locale: reference, Title: in.Title, Body: in.Body}}}
	r := Recipient{
		Member:  forum.Member{ID: 42, Name: in.Member.Name, Locale: in.Member.Locale, Zone: in.Member.Zone},
		Profile: forum.Profile{Posts: in.Member.Posts, JoinedAt: in.Member.Joined},
		Zone:    zone,
	}
	return Site{Name: in.Site.Name, URL: in.Site.URL, Links: sampleLinks(in.Site.URL)}, a, r
}
