package web

import (
	"fmt"
	"time"

	"postrider/daemon/members"
	"postrider/daemon/subscription"
	"postrider/digest"
	"postrider/forum"
	"postrider/mirror"
	"postrider/templates"
)

// renderSamples renders every page in every state, in some languages.
func (s *Server) renderSamples(list []templates.Language) error {
	for _, language := range list {
		for _, sample := range s.samples() {
			page, err := s.Pages.Render(language, sample.page, sample.data)
			if err == nil {
				err = s.Pages.CheckHTML(sample.page, page)
			}
			if err != nil {
				return fmt.Errorf("rendering the sample pages in %q: %w", language.Tag(), err)
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
	for _, notice := range noticeNames() {
		list = append(list, sample{"notice", noticePage{Notice: notice, Forum: s.Forum, Settings: s.settingsPath(anyone)}})
	}
	list = append(list, s.settingsSamples()...)
	for _, what := range scopeNames() {
		for _, stage := range []string{"ask", "done", "already", "back"} {
			page := unsubscribePage{
				What: what, Title: "A title", Forum: s.Forum, Member: "Anna", Stage: stage, Action: "/", Settings: "/",
				Undo: &undoForm{"/", "sealed"}, Others: []otherScope{{what, "/"}},
			}
			list = append(list, sample{"unsubscribe", page})
		}
	}
	for _, page := range []askLinkPage{{Forum: s.Forum, Action: "/"}, {Address: "anna", Invalid: true}, {Address: "anna@example.org", Sent: true}} {
		list = append(list, sample{"ask_link", page})
	}
	return append(list, s.subscribeSamples()...)
}

func (s *Server) settingsSamples() []sample {
	full := settingsPage{
		ChoicesFields: SampleChoices(s.Forum, s.Pages), Member: "Anna", UnsubscribeAll: "/", Next: members.Next{At: time.Now(), Posts: 14},
	}
	var list []sample
	for _, done := range []string{"saved", "sent", "sent_before", "empty", "retried", "added"} {
		page := full
		page.Done = done
		list = append(list, sample{"settings", page})
	}
	for _, change := range []func(*settingsPage){
		func(p *settingsPage) { p.Errors = []string{"zone", "quiet", "pause", "form"} },
		func(p *settingsPage) { p.NoMail = true },
		func(p *settingsPage) { p.Bounced = &members.AddressStatus{Since: time.Now()} },
		func(p *settingsPage) {
			p.Bounced = &members.AddressStatus{Since: time.Now(), LastRetry: time.Now(), RetryAllowedAt: time.Now()}
		},
		func(p *settingsPage) { p.Off = true },
		func(p *settingsPage) { p.List, p.Addable = WatchList{Page: 1}, nil },
		func(p *settingsPage) { p.Form.Sections, p.Form.Threads, p.Addable = nil, nil, nil }, // nothing found
		func(p *settingsPage) {
			for _, kind := range []string{"digest", "alert", "announcement"} {
				p.Mails = append(p.Mails, pastMail{Kind: kind, At: time.Now(), Posts: 3, URL: "/"})
			}
		},
		func(p *settingsPage) { p.Origin = digest.FromMember },
		func(p *settingsPage) { p.Origin = digest.FromForum },
		func(p *settingsPage) { p.Origin = digest.FromAdmin },
		func(p *settingsPage) { p.Paused = time.Now() },
		func(p *settingsPage) { p.Next = members.Next{} },
		func(p *settingsPage) { p.Next = members.Next{At: time.Now(), TooManyToCount: true} },
		func(p *settingsPage) { p.Next = members.Next{At: time.Now()} },
		func(p *settingsPage) { p.Form.Sections, p.Form.Threads = nil, nil },
	} {
		page := full
		change(&page)
		list = append(list, sample{"settings", page})
	}
	return list
}

// SampleChoices is sample data with everything that the template "choices_fields" can show but errors.
func SampleChoices(forum string, pages *templates.Pages) ChoicesFields {
	yes := true
	rows := func(field string) []watchRow {
		return []watchRow{{Field: field, Title: "A title", Override: digest.Weekly, Options: []digest.Cadence{digest.Weekly}}, {Field: field + "2", InstantByDefault: true}, {Field: field + "3", NothingByDefault: true}, {Field: field + "4", Title: "A title", URL: "/", Added: true}}
	}
	return ChoicesFields{
		Forum: forum, Action: "/", Origin: digest.FromSite, List: WatchList{Page: 2, Find: "trains"}, Pages: []int{1, 2}, Everything: []digest.Cadence{digest.Weekly},
		Addable:  []addableSection{{7, "Trains"}},
		Cadences: digest.Cadences(), IntervalHours: []int{1, 6},
		Weekdays: weekdays(), Days: intRange(1, 31), Hours: intRange(0, 23), Lengths: []int{digest.TitlesOnly, 300, digest.WholePosts}, Languages: pages.LanguageNames(), Zones: suggestedZones()[:2],
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts}, Bundles: digest.Bundles(),
		Alerts: true, Kinds: digest.PostKinds(), Switches: digest.SwitchValues(),
		Form: settingsForm{
			Preferences: digest.Preferences{
				Schedule: &digest.Schedule{Cadence: digest.Daily}, IncludeOwnPosts: &yes, UnreadOnly: &yes, WeekendsOff: &yes, NewThreadsOnly: &yes, Announcements: &yes, Quiet: &digest.QuietHours{From: 22, Until: 7},
			},
			Own: true, Unread: true, Announce: true, Quiet: true, From: 22, Until: 7, Pause: "2026-05-20", Tomorrow: "2026-05-05", Sections: rows("section-1"), Threads: rows("thread-1"),
		},
	}
}

func (s *Server) subscribeSamples() []sample {
	form := subscribePage{
		Stage: "form", Forum: s.Forum, Action: "/", Cadence: digest.Daily, Cadences: subscription.Cadences(), Zones: suggestedZones()[:2], Languages: s.Pages.LanguageNames(),
		Sections: []offeredSection{{mirror.OfferedSection{Ref: "local", Parent: "News", Title: "Local news"}, true}}, Errors: []string{"email", "name", "section", "zone", "form"},
	}
	list := []sample{{"subscribe", form}, {"subscribe", subscribePage{Stage: "form", Forum: s.Forum}}}
	for _, stage := range subscribeStages() {
		list = append(list, sample{"subscribe", subscribePage{Stage: stage, Forum: s.Forum, Action: "/", Start: "/", Settings: "/", Address: "anna@example.org", Cadence: digest.Weekly, Titles: []string{"News"}}})
	}
	return list
}
