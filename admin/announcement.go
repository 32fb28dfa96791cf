package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"postrider/digest"
	"postrider/store"
	"postrider/templates"
)

// announcementView is what the template "admin/announcement" is given.
type announcementView struct {
	top
	store.Course
	Page    string // where it stands, below the root
	Moves   bool   // it changes by itself: live.js follows it
	Percent int
	Rate    int // mails a minute
	Minutes int // that are left; 0: not known

	Fields   []templates.Field
	Audience []trait
	Counted  bool
	Tally    count
	Canary   int // how many are the canary
	Takes    int // minutes at its speed

	As      string // whom it is looked at for; empty: nobody
	Look    string
	Looks   []string
	Why     digest.Reason // why he would not get it
	NoSuch  bool          // there is no such member
	Frame   string        // where the mail is
	Subject string
	Log     []store.Entry
	Trial   trial
}

// trial is what was filled in, where it comes back with a fault.
type trial struct {
	Fault            string // a word of "admin_announcement_fault"; empty: none
	Text             string // what it is about
	To, As, When, At string
}

// trait is one thing by which an audience is chosen: a word of "admin_trait", and what must hold.
type trait struct {
	Word  string
	Items []string
}

// looks are how a mail can be looked at.
var looks = []string{"html", "dark", "phone", "phone_dark", "text"}

func (s *Server) announcementSamples() []sample {
	var list []sample
	for _, x := range s.courseSamples() {
		list = append(list, sample{"announcement", s.announcementSample(x)})
	}
	view := list[0].data.(announcementView) // a draft
	view.Tally.Over, view.NoSuch = false, true
	list = append(list, sample{"announcement", view})
	view.Tally = count{Over: true, Fault: true}
	list = append(list, sample{"announcement", view})
	view.Counted = false
	for _, fault := range []string{"state", "address", "member", "test_rejected", "uncounted", "no_audience", "unconfirmed", "changed", "start_time", "full_hour"} {
		view.Trial = trial{Fault: fault, Text: "a text", To: "a", As: "b", When: "at", At: "2026-05-04T08:00"}
		list = append(list, sample{"announcement", view})
	}
	return list
}

// announcementSample is the page of an announcement with all that may stand there.
func (s *Server) announcementSample(x store.Course) announcementView {
	view := announcementView{
		top: s.sampleTop("announcements"), Course: x, Page: "/announcements/1", Moves: true, Percent: 30, Rate: 60, Minutes: 90,
		Fields: []templates.Field{{Name: "name", Fallback: "friend"}, {Name: "posts"}}, Counted: true, Canary: 20, Takes: 10,
		Tally: count{At: time.Now(), Over: true}, As: "Anna", Look: "phone", Looks: looks, Why: "banned", Frame: "/", Subject: "A subject",
		Log: []store.Entry{{At: time.Now(), Actor: "web: admin", Action: "start", Detail: "a detail"}},
	}
	if x.State == store.Sending {
		view.Minutes, view.Takes = 300, 300
	}
	view.Tally.Size, view.Tally.Members, view.Tally.LeftOut = 3, 9, map[digest.Reason]int{"banned": 2}
	for _, word := range traits {
		view.Audience = append(view.Audience, trait{word, []string{"an item"}})
	}
	return view
}

// Hours are the whole hours of so many minutes.
func (announcementView) Hours(minutes int) int { return (minutes + 59) / 60 }

// Share is how many percent of the audience are the canary.
func (v announcementView) Share() string { return percent(v.Course.Canary.Share * 100) }

// Wait is how many minutes the others wait for the canary.
func (v announcementView) Wait() int { return int(v.Course.Canary.Wait / time.Minute) }

// announcement shows one.
func (s *Server) announcement(v *visit) {
	if id, ok := v.number(); ok {
		s.showAnnouncement(v, http.StatusOK, id, trial{When: "now"})
	}
}

// course reads how far an announcement has come, as a page shows it.
func (s *Server) course(v *visit, id int64) (view announcementView, err error) {
	if view.Course, err = s.Store.Course(v.r.Context(), id); err != nil {
		return view, err
	}
	view.Page = announcementPath(id)
	v.localizeCourse(&view.Course)
	perMinute, left := s.paces.note(s.Now(), view.Course)
	view.Rate, view.Minutes = perMinute, int((left+time.Minute-1)/time.Minute)
	if total := view.Total(); total > 0 {
		view.Percent = 100 * view.Settled() / total
	}
	view.Tally, view.Counted = s.counter.of(view.Announcement)
	view.Tally.At = v.local(view.Tally.At)
	view.Canary = view.Course.Canary.Size(view.Tally.Size)
	if view.Speed > 0 {
		view.Takes = (view.Tally.Size + view.Speed - 1) / view.Speed
	}
	view.Moves = view.Live() || view.State == store.Draft && view.Counted && !view.Tally.Over
	return view, nil
}

func (s *Server) showAnnouncement(v *visit, status int, id int64, t trial) {
	view, err := s.course(v, id)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		v.notice(http.StatusNotFound, "not_found")
		return
	case err != nil:
		v.fault(err)
		return
	}
	view.top, view.Trial = v.top("announcements"), t
	if err := s.describe(v, &view); err != nil {
		v.fault(err)
		return
	}
	if view.Moves {
		v.w.Header().Set("Content-Security-Policy", livePolicy)
	}
	v.show(status, "announcement", view)
}

// describe adds what does not change while it goes out. A forum that is away must not keep anybody from pausing it.
func (s *Server) describe(v *visit, view *announcementView) (err error) {
	places, err := s.forumPlaces(v.r.Context())
	if err != nil {
		v.Log.Warn("groups and sections are not known", "announcement", view.ID, "err", err)
	}
	view.Audience = traitsOf(view.Course.Audience, places, s.Zone)
	if view.Log, err = s.Store.AuditOf(v.r.Context(), store.AnnouncementObject(view.ID)); err != nil {
		return err
	}
	for i := range view.Log {
		view.Log[i].At = v.local(view.Log[i].At)
	}
	printed, err := s.Press.Notice(&view.Course.Announcement.Announcement, s.Set.Digest.MaxBytes)
	if err != nil { // it was written where other limits held
		v.Log.Warn("announcement cannot be laid", "announcement", view.ID, "err", err)
		return nil
	}
	view.Fields = printed.Fields()
	s.lookAt(v, view)
	return nil
}

// lookAt lays the mail for the member who is asked for.
func (s *Server) lookAt(v *visit, view *announcementView) {
	q := v.r.URL.Query()
	view.As, view.Looks, view.Look = q.Get("as"), looks, q.Get("look")
	if !slices.Contains(looks, view.Look) {
		view.Look = looks[0]
	}
	p, content, err := s.viewer.Notice(v.r.Context(), s.Now(), &view.Course.Announcement.Announcement, view.As)
	switch {
	case noSuchMember(err):
		view.NoSuch = true
		return
	case err != nil:
		v.Log.Warn("announcement cannot be laid for a member", "announcement", view.ID, "err", err)
		return
	}
	view.Why, view.Subject = p.Reason, content.Subject
	view.Frame = view.Page + "/mail?" + url.Values{"as": {view.As}, "look": {view.Look}}.Encode()
}

// noticeMail is the mail in the frame.
func (s *Server) noticeMail(v *visit) {
	id, ok := v.number()
	if !ok {
		return
	}
	a, err := s.Store.Announcement(v.r.Context(), id)
	if errors.Is(err, store.ErrNoAnnouncement) {
		v.notice(http.StatusNotFound, "not_found")
		return
	}
	if err != nil {
		v.fault(err)
		return
	}
	q := v.r.URL.Query()
	_, content, err := s.viewer.Notice(v.r.Context(), s.Now(), &a.Announcement, q.Get("as"))
	switch {
	case noSuchMember(err):
		v.notice(http.StatusNotFound, "not_found")
	case err != nil:
		v.fault(err)
	default:
		v.letter(content, q.Get("look"))
	}
}
