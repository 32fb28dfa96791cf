package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"postrider/bounce"
	"postrider/daemon"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/templates"
)

// memberView is what the template "admin/member" is given.
type memberView struct {
	pageFrame
	Story      daemon.MemberExplanation
	Effective  digest.Preferences // his choices, and where he has none the forum's or the site's
	Sections   []daemon.WatchSetting
	Threads    []daemon.WatchSetting
	Readable   []daemon.ReadableSection
	Told       []messageHistory
	Suppressed bool // his address is suppressed
	Days       int  // that Told looks back
	Frame      string
	Look       string
	Looks      []string
	Page       string
}

// messageHistory is a mail with what came of each attempt.
type messageHistory struct {
	store.Mail
	History []store.Outcome
}

// toldDays is how far back a member's mails are listed, as daemon.Explainer does.
const toldDays = 30

func (s *Server) memberSamples() []sample {
	now, yes := time.Now(), true
	holds := digest.Preferences{
		Schedule: &digest.Schedule{Cadence: digest.Daily}, Locale: "en", Zone: "UTC", Format: digest.HTML, Alerts: digest.FirstReply,
		Quiet: &digest.QuietHours{From: 22, Until: 7}, Announcements: &yes, UnreadOnly: &yes, IncludeOwnPosts: &yes, PausedUntil: now,
	}
	full := memberView{
		pageFrame: s.sampleTop("members"), Effective: holds, Days: toldDays, Suppressed: true, Frame: "/", Look: previewModes[0], Looks: previewModes, Page: "/members/1",
		Story: daemon.MemberExplanation{
			Member: forum.Member{ID: 1, Name: "Anna", Email: "anna@a.example", NoMail: "banned"}, Subscribed: true, NoDigest: []string{"banned"}, NoAlert: []string{"banned"},
			Delays: []string{"a delay"}, Due: now, Posts: 14, Choices: holds,
			Health: store.Health{Health: bounce.Health{SuppressedSince: now, SuppressedUntil: now, Reason: "dead"}},
		},
		Sections: []daemon.WatchSetting{{Section: 1, Title: "A section", Watch: forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}, Override: digest.Weekly}},
		Threads:  []daemon.WatchSetting{{Thread: 1, Title: "A thread", Override: digest.WithDigest}},
		Readable: []daemon.ReadableSection{{Section: forum.Section{ID: 1, Title: "A section"}, Own: true}},
		Told:     []messageHistory{{store.Mail{Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest}, State: "accepted", Settled: now}, []store.Outcome{{At: now, Result: "accepted", Code: 250}}}},
	}
	list := []sample{{"member", full}}
	for _, c := range []digest.Cadence{digest.Weekly, digest.Monthly, digest.EveryNHours, digest.Off} {
		other := full
		other.Story.NoDigest, other.Story.Skip, other.Suppressed = nil, "nothing new", false
		other.Effective.Schedule = &digest.Schedule{Cadence: c, Every: 2, Day: 3}
		other.Effective.Quiet = &digest.QuietHours{}
		list = append(list, sample{"member", other})
	}
	return append(list, sample{"member", memberView{Effective: holds}})
}

// member tells all that is known of one.
func (s *Server) member(v *request) {
	view, ok := s.readMember(v)
	if !ok {
		return
	}
	view.pageFrame = v.newPageFrame("members")
	for _, t := range []*time.Time{&view.Story.Due, &view.Story.Health.SuppressedSince, &view.Story.Health.SuppressedUntil, &view.Story.Choices.PausedUntil} {
		*t = v.local(*t)
	}
	for i := range view.Told {
		v.localize(&view.Told[i].Mail)
	}
	if view.Look = v.r.URL.Query().Get("look"); !slices.Contains(previewModes, view.Look) {
		view.Look = previewModes[0]
	}
	view.Looks, view.Page, view.Days = previewModes, memberPath(view.Story.Member.ID), toldDays
	if view.Story.Posts > 0 && view.Story.Skip == "" {
		view.Frame = view.Page + "/digest?look=" + view.Look
	}
	v.render(http.StatusOK, "member", view)
}

// readMember reads what the page shows. That there is no such member is answered.
func (s *Server) readMember(v *request) (view memberView, ok bool) {
	n, ok := v.number()
	if !ok {
		return view, false
	}
	ctx, id := v.r.Context(), forum.MemberID(n)
	var err error
	if view.Story, err = s.explainer.ExplainMember(ctx, s.Now(), strconv.FormatInt(n, 10)); err == nil && view.Story.Member.ID != id {
		err = daemon.ErrNoMember // the number is somebody's name
	}
	var account daemon.Account
	if err == nil {
		account, err = s.desk.Account(ctx, s.Now(), id)
	}
	if err == nil {
		view.Readable, err = s.desk.ReadableSections(ctx, s.Now(), id)
	}
	switch {
	case errors.Is(err, daemon.ErrNoMember):
		v.messagePage(http.StatusNotFound, "not_found")
		return view, false
	case err != nil:
		v.serverError(err)
		return view, false
	}
	view.Effective, view.Suppressed = account.Effective, view.Story.Health.Suppressed(s.Now())
	for _, w := range account.Watches {
		if w.Section != 0 {
			view.Sections = append(view.Sections, w)
		} else {
			view.Threads = append(view.Threads, w)
		}
	}
	view.Told = messageHistories(view.Story)
	return view, true
}

// messageHistories puts the attempts to the mails that they were for, the newest mail first.
func messageHistories(m daemon.MemberExplanation) []messageHistory {
	var list []messageHistory
	for _, mail := range slices.Backward(m.Mails) {
		one := messageHistory{Mail: mail}
		for _, o := range m.Attempts {
			if o.Key == mail.Key && !o.At.Equal(mail.Settled) {
				one.History = append(one.History, o)
			}
		}
		list = append(list, one)
	}
	return list
}

// digestMail is the digest that a member would get now, in the frame.
func (s *Server) digestMail(v *request) {
	n, ok := v.number()
	if !ok {
		return
	}
	content, skip, err := s.viewer.RenderNextDigest(v.r.Context(), s.Now(), forum.MemberID(n))
	switch {
	case err != nil:
		v.serverError(err)
	case skip != "":
		v.messagePage(http.StatusNotFound, "not_found")
	default:
		v.serveMessage(content, v.r.URL.Query().Get("look"))
	}
}

// liftMember lets a member's address have mail again.
func (s *Server) liftMember(v *request) {
	n, ok := v.number()
	if !ok {
		return
	}
	s.liftAddress(v, memberPath(forum.MemberID(n)), "member_unsuppressed")
}

// Yes tells what a choice comes to.
func (memberView) Yes(choice *bool) bool { return choice != nil && *choice }

// Line makes one line of a title or a name from the forum.
func (memberView) Line(text string) string { return templates.SafeLine(text) }
