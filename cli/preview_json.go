package cli

import (
	"time"

	"postrider/daemon"
	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// previewJSON is a stable format that scripts read. All IDs are the forum's.
type previewJSON struct {
	Kind    string        `json:"kind"`
	Member  memberJSON    `json:"member"`
	From    time.Time     `json:"from"`
	Until   time.Time     `json:"until"`
	Subject string        `json:"subject"`
	Skipped string        `json:"skipped,omitempty"`     // why nothing would be sent
	Quiet   *time.Time    `json:"quiet_until,omitempty"` // alerts only: end of the member's quiet hours
	Groups  []groupJSON   `json:"groups"`
	LeftOut []leftOutJSON `json:"left_out"`
}

type memberJSON struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type groupJSON struct {
	Section sectionJSON  `json:"section"`
	ForYou  bool         `json:"for_you,omitempty"` // at the top, because its threads concern the member
	Threads []threadJSON `json:"threads"`
}

type sectionJSON struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
}

type threadJSON struct {
	ID    int64      `json:"id"`
	Title string     `json:"title"`
	Posts []postJSON `json:"posts"`
}

type postJSON struct {
	ID    int64 `json:"id"`
	Shown bool  `json:"shown"`
}

type leftOutJSON struct {
	Post   int64         `json:"post"`
	Reason digest.Reason `json:"reason"`
}

func newPreviewJSON(p editions.Preview, subject string) previewJSON {
	out := previewJSON{Kind: store.KindDigest, From: p.From.UTC(), Until: p.Until.UTC(), Subject: subject, Skipped: p.Skip}
	out.fill(p.Member, p.Digest, p.LeftOut)
	return out
}

func newAlertJSON(p daemon.AlertPreview) previewJSON {
	out := previewJSON{Kind: store.KindAlert, From: p.From.UTC(), Until: p.Until.UTC(), Subject: p.Content.Subject, Skipped: p.SkipReason}
	if !p.QuietUntil.IsZero() {
		at := p.QuietUntil.UTC()
		out.Quiet = &at
	}
	var d *digest.Digest
	if p.Alert != nil {
		d = &p.Alert.Digest
	}
	out.fill(p.Member, d, p.LeftOut)
	return out
}

func (out *previewJSON) fill(m forum.Member, d *digest.Digest, left []digest.Omitted) {
	out.Member = memberJSON{int64(m.ID), m.Name, m.Email}
	out.Groups, out.LeftOut = []groupJSON{}, []leftOutJSON{}
	if d != nil {
		for _, g := range d.Groups {
			out.Groups = append(out.Groups, newGroupsJSON(g)...)
		}
	}
	for _, l := range left {
		out.LeftOut = append(out.LeftOut, leftOutJSON{int64(l.Post), l.Reason})
	}
}

// newGroupsJSON lists threads by section, also those that concern the member and come from several.
func newGroupsJSON(g digest.Group) (list []groupJSON) {
	for _, t := range g.Threads {
		section := sectionJSON{int64(g.Section.ID), g.Section.Title}
		if g.ForYou {
			section = sectionJSON{int64(t.Home.ID), t.Home.Title}
		}
		if len(list) == 0 || list[len(list)-1].Section != section {
			list = append(list, groupJSON{Section: section, ForYou: g.ForYou})
		}
		last := &list[len(list)-1]
		last.Threads = append(last.Threads, newThreadJSON(t))
	}
	return list
}

func newThreadJSON(t digest.Thread) threadJSON {
	out := threadJSON{ID: int64(t.ID), Title: t.Title}
	for _, p := range t.Posts {
		out.Posts = append(out.Posts, postJSON{int64(p.ID), p.Fits})
	}
	return out
}
