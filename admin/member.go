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
	top
	Story    daemon.MemberStory
	Holds    digest.Choices // his choices, and where he has none the forum's or the site's
	Sections []daemon.Watched
	Threads  []daemon.Watched
	Readable []daemon.Readable
	Told     []toldMail
	Ill      bool // his address is suppressed
	Days     int  // that Told looks back
	Frame    string
	Look     string
	Looks    []string
	Page     string
}

// toldMail is a mail with what came of each attempt.
type toldMail struct {
	store.Mail
	History []store.Outcome
}

// toldDays is how far back a member's mails are listed, as daemon.Explainer does.
const toldDays = 30

func (s *Server) memberSamples() []sample {
	now, yes := time.Now(), true
	holds := digest.Choices{
		Schedule: &digest.Schedule{Cadence: digest.Daily}, Locale: "en", Zone: "UTC", Format: digest.HTML, Alerts: digest.FirstReply,
		Quiet: &digest.Quiet{From: 22, Until: 7}, Announcements: &yes, UnreadOnly: &yes, OwnPosts: &yes, PausedUntil: now,
	}
	full := memberView{
		top: s.sampleTop("members"), Holds: holds, Days: toldDays, Ill: true, Frame: "/", Look: looks[0], Looks: looks, Page: "/members/1",
		Story: daemon.MemberStory{
			Member: forum.Member{ID: 1, Name: "Anna", Email: "anna@a.example", NoMail: "banned"}, OnRoll: true, NoDigest: []string{"banned"}, NoAlert: []string{"banned"},
			Delays: []string{"a delay"}, Due: now, Posts: 14, Choices: holds,
			Health: store.Health{Health: bounce.Health{SuppressedSince: now, SuppressedUntil: now, Reason: "dead"}},
		},
		Sections: []daemon.Watched{{Section: 1, Title: "A section", Watch: forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}, Wish: digest.Weekly}},
		Threads:  []daemon.Watched{{Thread: 1, Title: "A thread", Wish: digest.Usual}},
		Readable: []daemon.Readable{{Section: forum.Section{ID: 1, Title: "A section"}, Own: true}},
		Told:     []toldMail{{store.Mail{Row: store.Row{Key: "digest/1/a", Kind: daemon.KindDigest}, State: "accepted", Settled: now}, []store.Outcome{{At: now, Result: "accepted", Code: 250}}}},
	}
	list := []sample{{"member", full}}
	for _, c := range []digest.Cadence{digest.Weekly, digest.Monthly, digest.Hourly, digest.Off} {
		other := full
		other.Story.NoDigest, other.Story.Skip, other.Ill = nil, "nothing new", false
		other.Holds.Schedule = &digest.Schedule{Cadence: c, Every: 2, Day: 3}
		other.Holds.Quiet = &digest.Quiet{}
		list = append(list, sample{"member", other})
	}
	return append(list, sample{"member", memberView{Holds: holds}})
}

// member tells all that is known of one.
func (s *Server) member(v *visit) {
	view, ok := s.readMember(v)
	if !ok {
		return
	}
	view.top = v.top("members")
	for _, t := range []*time.Time{&view.Story.Due, &view.Story.Health.SuppressedSince, &view.Story.Health.SuppressedUntil, &view.Story.Choices.PausedUntil} {
		*t = v.local(*t)
	}
	for i := range view.Told {
		v.localize(&view.Told[i].Mail)
	}
	if view.Look = v.r.URL.Query().Get("look"); !slices.Contains(looks, view.Look) {
		view.Look = looks[0]
	}
	view.Looks, view.Page, view.Days = looks, memberPath(view.Story.Member.ID), toldDays
	if view.Story.Posts > 0 && view.Story.Skip == "" {
		view.Frame = view.Page + "/digest?look=" + view.Look
	}
	v.show(http.StatusOK, "member", view)
}

// readMember reads what the page shows. That there is no such member is answered.
func (s *Server) readMember(v *visit) (view memberView, ok bool) {
	n, ok := v.number()
	if !ok {
		return view, false
	}
	ctx, id := v.r.Context(), forum.MemberID(n)
	var err error
	if view.Story, err = s.explainer.Member(ctx, s.Now(), strconv.FormatInt(n, 10)); err == nil && view.Story.Member.ID != id {
		err = daemon.ErrNoMember // the number is somebody's name
	}
	var account daemon.Account
	if err == nil {
		account, err = s.desk.Account(ctx, s.Now(), id)
	}
	if err == nil {
		view.Readable, err = s.desk.Readable(ctx, s.Now(), id)
	}
	switch {
	case errors.Is(err, daemon.ErrNoMember):
		v.notice(http.StatusNotFound, "not_found")
		return view, false
	case err != nil:
		v.fault(err)
		return view, false
	}
	view.Holds, view.Ill = account.Holds, view.Story.Health.Suppressed(s.Now())
	for _, w := range account.Watches {
		if w.Section != 0 {
			view.Sections = append(view.Sections, w)
		} else {
			view.Threads = append(view.Threads, w)
		}
	}
	view.Told = told(view.Story)
	return view, true
}

// told puts the attempts to the mails that they were for, the newest mail first.
func told(m daemon.MemberStory) []toldMail {
	var list []toldMail
	for _, mail := range slices.Backward(m.Mails) {
		one := toldMail{Mail: mail}
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
func (s *Server) digestMail(v *visit) {
	n, ok := v.number()
	if !ok {
		return
	}
	content, skip, err := s.viewer.NextDigest(v.r.Context(), s.Now(), forum.MemberID(n))
	switch {
	case err != nil:
		v.fault(err)
	case skip != "":
		v.notice(http.StatusNotFound, "not_found")
	default:
		v.letter(content, v.r.URL.Query().Get("look"))
	}
}

// liftMember lets a member's address have mail again.
func (s *Server) liftMember(v *visit) {
	n, ok := v.number()
	if !ok {
		return
	}
	s.liftAddress(v, memberPath(forum.MemberID(n)), "member_unsuppressed")
}

// Yes tells what a choice comes to.
func (memberView) Yes(choice *bool) bool { return choice != nil && *choice }

// Line makes one line of a title or a name from the forum.
func (memberView) Line(text string) string { return templates.Line(text) }
