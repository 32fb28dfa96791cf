package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"postrider/bounce"
	"postrider/daemon/explain"
	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/templates"
)

// memberView is the data of the template "admin/member".
type memberView struct {
	pageFrame
	labels
	Explanation explain.Member
	Effective   digest.Preferences // the member's preferences, completed by the forum's and the site's
	Sections    []members.WatchSetting
	Threads     []members.WatchSetting
	Readable    []members.ReadableSection
	Messages    []messageHistory
	Suppressed  bool // the member's address is suppressed
	Days        int  // covered by Messages
	Kinds       []digest.PostKind
	Frame       string
	Mode        string
	Modes       []string
	Page        string
	AuditLog    []store.AuditEntry // changes by administrators, and by the member's links
}

// messageHistory is a message with the results of its attempts.
type messageHistory struct {
	store.Message
	History []store.Outcome
}

// messageDays is how many days of messages are listed, as in explain.Service.
const messageDays = 30

func (s *Server) memberSamples() []sample {
	now, on := time.Now(), true
	preferences := digest.Preferences{
		Schedule: &digest.Schedule{Cadence: digest.Daily}, Locale: "en", Zone: "UTC", Format: digest.HTML, Excerpt: digest.TitlesOnly, Alerts: digest.FirstReply, Bundle: digest.AtOnce, WeekendsOff: &on, NewThreadsOnly: &on,
		Quiet: &digest.QuietHours{From: 22, Until: 7}, Announcements: &on, UnreadOnly: &on, IncludeOwnPosts: &on, PausedUntil: now,
	}
	full := memberView{
		pageFrame: s.samplePageFrame("members"), Effective: preferences, Days: messageDays, Suppressed: true, Frame: "/", Mode: previewModes[0], Modes: previewModes, Page: "/members/1", Kinds: digest.PostKinds(),
		Explanation: explain.Member{
			Member: forum.Member{ID: 1, Name: "Anna", Email: "anna@a.example", NoMail: "banned", NoMailSince: now}, Subscribed: true, NoDigest: []digest.Reason{"banned"}, NoAlert: []digest.Reason{"banned"}, NoAnnouncement: []digest.Reason{"banned"},
			Consents: []store.Consent{{Address: "anna@a.example", Asked: now, Confirmed: now, Sections: []string{"A section"}, Cadence: digest.Weekly}},
			Origin:   digest.FromForum,
			Delays:   []digest.Phrase{digest.NewPhrase("delivery_paused")}, Due: now, Posts: 14, Choices: preferences,
			Health: store.Health{Health: bounce.Health{SuppressedSince: now, SuppressedUntil: now, Reason: "dead"}},
		},
		Sections: []members.WatchSetting{{Section: 1, Title: "A section", Watch: forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}, Override: digest.Weekly}},
		Threads:  []members.WatchSetting{{Thread: 1, Title: "A thread", Override: digest.WithDigest}},
		Readable: []members.ReadableSection{{Section: forum.Section{ID: 1, Title: "A section"}, Own: true}},
		AuditLog: []store.AuditEntry{{At: now, Actor: "web: admin", Action: "change choices", Detail: "alerts first → off"}},
		Messages: []messageHistory{{store.Message{Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest}, State: "accepted", Settled: now}, []store.Outcome{{At: now, Result: "accepted", Code: 250}}}},
	}
	list := []sample{{"member", full}}
	for _, c := range digest.Cadences() {
		other := full
		other.Explanation.NoDigest, other.Explanation.Skip, other.Suppressed = nil, "nothing new", false
		other.Effective.Schedule = &digest.Schedule{Cadence: c, Every: 2, Day: 3}
		other.Effective.Quiet = &digest.QuietHours{}
		list = append(list, sample{"member", other})
	}
	return append(list, sample{"member", memberView{Effective: preferences}})
}

// member shows what is known about a member.
func (s *Server) member(v *request) {
	view, ok := s.readMember(v)
	if !ok {
		return
	}
	view.pageFrame = v.newPageFrame("members")
	for _, t := range []*time.Time{&view.Explanation.Due, &view.Explanation.Health.SuppressedSince, &view.Explanation.Health.SuppressedUntil, &view.Explanation.Choices.PausedUntil} {
		*t = v.local(*t)
	}
	for i := range view.Explanation.Consents {
		c := &view.Explanation.Consents[i]
		c.Asked, c.Confirmed = v.local(c.Asked), v.local(c.Confirmed)
	}
	for i := range view.Messages {
		v.localize(&view.Messages[i].Message)
	}
	for i := range view.AuditLog {
		view.AuditLog[i].At = v.local(view.AuditLog[i].At)
	}
	view.labels = v.labels(keysOf(view.Explanation.Messages))
	if view.Mode = v.r.URL.Query().Get("look"); !slices.Contains(previewModes, view.Mode) {
		view.Mode = previewModes[0]
	}
	view.Kinds = digest.PostKinds()
	view.Modes, view.Page, view.Days = previewModes, memberPath(view.Explanation.Member.ID), messageDays
	if view.Explanation.Posts > 0 && view.Explanation.Skip == "" {
		view.Frame = view.Page + "/digest?look=" + view.Mode
	}
	v.render(http.StatusOK, "member", view)
}

// readMember loads what the page shows. If there is no such member, it writes the response.
func (s *Server) readMember(v *request) (view memberView, ok bool) {
	n, ok := v.number()
	if !ok {
		return view, false
	}
	ctx, id := v.r.Context(), forum.MemberID(n)
	var err error
	if view.Explanation, err = s.explainer.Member(ctx, s.Now(), strconv.FormatInt(n, 10)); err == nil && view.Explanation.Member.ID != id {
		err = forum.ErrNoMember // the ID is another member's name
	}
	var account members.Account
	if err == nil {
		account, err = s.memberService.Account(ctx, s.Now(), id)
	}
	if err == nil {
		view.Readable, err = s.memberService.ReadableSections(ctx, s.Now(), id)
	}
	if err == nil {
		view.AuditLog, err = s.Store.Audit.OfSubject(ctx, memberObject(id))
	}
	switch {
	case errors.Is(err, forum.ErrNoMember):
		v.messagePage(http.StatusNotFound, "not_found")
		return view, false
	case err != nil:
		v.serverError(err)
		return view, false
	}
	view.Effective, view.Suppressed = account.Effective, view.Explanation.Health.Suppressed(s.Now())
	for _, w := range account.Watches {
		if w.Section != 0 {
			view.Sections = append(view.Sections, w)
		} else {
			view.Threads = append(view.Threads, w)
		}
	}
	view.Messages = messageHistories(view.Explanation)
	return view, true
}

// messageHistories adds the attempts to their messages, the newest message first.
func messageHistories(m explain.Member) []messageHistory {
	var list []messageHistory
	for _, mail := range slices.Backward(m.Messages) {
		one := messageHistory{Message: mail}
		for _, o := range m.Attempts {
			if o.Key == mail.Key && !o.At.Equal(mail.Settled) {
				one.History = append(one.History, o)
			}
		}
		list = append(list, one)
	}
	return list
}

// nextDigest serves the digest that a member would get now, for the frame.
func (s *Server) nextDigest(v *request) {
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

// unsuppressMember removes a member's address from the suppression list.
func (s *Server) unsuppressMember(v *request) {
	n, ok := v.number()
	if !ok {
		return
	}
	s.unsuppressAddress(v, memberPath(forum.MemberID(n)), "member_unsuppressed")
}

// IsTrue reports whether a choice is set and true.
func (memberView) IsTrue(choice *bool) bool { return choice != nil && *choice }

// SafeLine makes a title or a name from the forum a single line.
func (memberView) SafeLine(text string) string { return templates.SafeLine(text) }
