package cli

import (
	"time"

	"postrider/daemon"
	"postrider/digest"
)

// previewJSON is a contract: checks read it. All ids are the forum's own.
type previewJSON struct {
	Kind    string        `json:"kind"`
	Member  memberJSON    `json:"member"`
	From    time.Time     `json:"from"`
	Until   time.Time     `json:"until"`
	Subject string        `json:"subject"`
	Skipped string        `json:"skipped,omitempty"` // why there would be no mail
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

func newPreviewJSON(p daemon.Preview, subject string) previewJSON {
	out := previewJSON{
		Kind:   daemon.KindDigest,
		Member: memberJSON{int64(p.Member.ID), p.Member.Name, p.Member.Email},
		From:   p.From.UTC(), Until: p.Until.UTC(),
		Subject: subject, Skipped: p.Skip,
		Groups: []groupJSON{}, LeftOut: []leftOutJSON{},
	}
	if p.Digest != nil {
		for _, g := range p.Digest.Groups {
			out.Groups = append(out.Groups, newGroupJSON(g))
		}
	}
	for _, l := range p.LeftOut {
		out.LeftOut = append(out.LeftOut, leftOutJSON{int64(l.Post), l.Reason})
	}
	return out
}

func newGroupJSON(g digest.Group) groupJSON {
	out := groupJSON{Section: sectionJSON{int64(g.Section.ID), g.Section.Title}}
	for _, t := range g.Threads {
		thread := threadJSON{ID: int64(t.ID), Title: t.Title}
		for _, p := range t.Posts {
			thread.Posts = append(thread.Posts, postJSON{int64(p.ID), p.Shown})
		}
		out.Threads = append(out.Threads, thread)
	}
	return out
}
