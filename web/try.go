package web

import (
	"fmt"
	"time"

	"postrider/daemon"
	"postrider/digest"
	"postrider/forum"
)

// tryAll renders every page in every language, in every state that it can be in.
func (s *Server) tryAll() error {
	for _, tongue := range s.Pages.Tongues() {
		for _, sample := range s.samples() {
			page, err := s.Pages.Render(s.Pages.Language(tongue.Tag), sample.page, sample.data)
			if err == nil {
				err = s.Pages.Proofread(sample.page, page)
			}
			if err != nil {
				return fmt.Errorf("trying the pages in %q: %w", tongue.Tag, err)
			}
		}
	}
	return nil
}

type sample struct {
	page string
	data any
}

func (s *Server) samples() []sample {
	const anyone = forum.MemberID(1)
	var list []sample
	for _, notice := range notices() {
		list = append(list, sample{"notice", noticePage{Notice: notice, Forum: s.Forum, Settings: s.settingsPath(anyone)}})
	}
	list = append(list, s.settingsSamples()...)
	for _, what := range stops() {
		for _, stage := range []string{"ask", "done", "already", "back"} {
			page := stopPage{
				What: what, Title: "A title", Forum: s.Forum, Member: "Anna", Stage: stage, Action: "/", Settings: "/",
				Undo: &undoForm{"/", "sealed"}, Others: []otherStop{{what, "/"}},
			}
			list = append(list, sample{"unsubscribe", page})
		}
	}
	return list
}

func (s *Server) settingsSamples() []sample {
	yes := true
	full := settingsPage{
		Forum: s.Forum, Member: "Anna", Action: "/", Stop: "/", Next: daemon.Next{At: time.Now(), Posts: 14}, Page: 2, Pages: []int{1, 2},
		Cadences: []digest.Cadence{digest.Daily, digest.Weekly, digest.Monthly, digest.Hourly, digest.Off}, Everies: []int{1, 6},
		Weekdays: weekdays(), Days: numbers(1, 31), Hours: numbers(0, 23), Lengths: []int{300}, Tongues: s.Pages.Tongues(), Zones: zones()[:2],
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts},
	}
	account := daemon.Account{
		Holds: digest.Choices{
			Schedule: &digest.Schedule{Cadence: digest.Daily}, OwnPosts: &yes, UnreadOnly: &yes, Announcements: &yes, Quiet: &digest.Quiet{From: 22, Until: 7},
		},
		Zone: time.UTC, Watches: []daemon.Watched{{Section: 1, Title: "A section"}, {Thread: 1, Title: "A thread"}},
	}
	full.Form = s.fill(account, 1)
	var list []sample
	for _, done := range []string{"saved", "sent", "sent_before", "empty", "retried"} {
		page := full
		page.Done = done
		list = append(list, sample{"settings", page})
	}
	for _, change := range []func(*settingsPage){
		func(p *settingsPage) { p.Faults = []string{"zone", "quiet", "pause", "form"} },
		func(p *settingsPage) { p.NoMail = true },
		func(p *settingsPage) { p.Returned = &daemon.Returned{Since: time.Now()} },
		func(p *settingsPage) {
			p.Returned = &daemon.Returned{Since: time.Now(), Tried: time.Now(), Next: time.Now()}
		},
		func(p *settingsPage) { p.Off = true },
		func(p *settingsPage) { p.Paused = time.Now() },
		func(p *settingsPage) { p.Next = daemon.Next{} },
		func(p *settingsPage) { p.Next = daemon.Next{At: time.Now(), Many: true} },
		func(p *settingsPage) { p.Next = daemon.Next{At: time.Now()} },
		func(p *settingsPage) { p.Form.Sections, p.Form.Threads = nil, nil },
	} {
		page := full
		change(&page)
		list = append(list, sample{"settings", page})
	}
	return list
}
