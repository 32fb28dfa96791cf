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
	pageFrame
	store.AnnouncementProgress
	Page        string // where it stands, below the root
	LiveUpdates bool   // it changes by itself: live.js follows it
	Percent     int
	Rate        int // mails a minute
	Minutes     int // that are left; 0: not known

	Fields           []templates.Field
	Audience         []criterion
	Counted          bool
	Tally            audienceCount
	Canary           int // how many are the canary
	EstimatedMinutes int // minutes at its speed

	PreviewMember string // whom it is looked at for; empty: nobody
	Look          string
	Looks         []string
	Why           digest.Reason // why he would not get it
	NoSuch        bool          // there is no such member
	Frame         string        // where the mail is
	Subject       string
	Log           []store.AuditEntry
	Trial         actionForm
}

// actionForm is what was filled in, where it comes back with a fault.
type actionForm struct {
	Fault                       string // a word of "admin_announcement_fault"; empty: none
	Text                        string // what it is about
	To, PreviewMember, When, At string
}

// criterion is one thing by which an audience is chosen: a word of "admin_trait", and what must hold.
type criterion struct {
	Word  string
	Items []string
}

// previewModes are how a mail can be looked at.
var previewModes = []string{"html", "dark", "phone", "phone_dark", "text"}

func (s *Server) announcementSamples() []sample {
	var list []sample
	for _, x := range s.courseSamples() {
		list = append(list, sample{"announcement", s.announcementSample(x)})
	}
	view := list[0].data.(announcementView) // a draft
	view.Tally.Over, view.NoSuch = false, true
	list = append(list, sample{"announcement", view})
	view.Tally = audienceCount{Over: true, Fault: true}
	list = append(list, sample{"announcement", view})
	view.Counted = false
	for _, fault := range []string{"state", "address", "member", "test_rejected", "uncounted", "no_audience", "unconfirmed", "changed", "start_time", "full_hour"} {
		view.Trial = actionForm{Fault: fault, Text: "a text", To: "a", PreviewMember: "b", When: "at", At: "2026-05-04T08:00"}
		list = append(list, sample{"announcement", view})
	}
	return list
}

// announcementSample is the page of an announcement with all that may stand there.
func (s *Server) announcementSample(x store.AnnouncementProgress) announcementView {
	view := announcementView{
		pageFrame: s.sampleTop("announcements"), AnnouncementProgress: x, Page: "/announcements/1", LiveUpdates: true, Percent: 30, Rate: 60, Minutes: 90,
		Fields: []templates.Field{{Name: "name", Fallback: "friend"}, {Name: "posts"}}, Counted: true, Canary: 20, EstimatedMinutes: 10,
		Tally: audienceCount{At: time.Now(), Over: true}, PreviewMember: "Anna", Look: "phone", Looks: previewModes, Why: "banned", Frame: "/", Subject: "A subject",
		Log: []store.AuditEntry{{At: time.Now(), Actor: "web: admin", Action: "start", Detail: "a detail"}},
	}
	if x.State == store.Sending {
		view.Minutes, view.EstimatedMinutes = 300, 300
	}
	view.Tally.Size, view.Tally.Members, view.Tally.ExcludedByReason = 3, 9, map[digest.Reason]int{"banned": 2}
	for _, word := range criterionWords {
		view.Audience = append(view.Audience, criterion{word, []string{"an item"}})
	}
	return view
}

// Hours are the whole hours of so many minutes.
func (announcementView) Hours(minutes int) int { return (minutes + 59) / 60 }

// Share is how many percent of the audience are the canary.
func (v announcementView) Share() string { return percent(v.AnnouncementProgress.Canary.Share * 100) }

// Wait is how many minutes the others wait for the canary.
func (v announcementView) Wait() int { return int(v.AnnouncementProgress.Canary.Wait / time.Minute) }

// announcement shows one.
func (s *Server) announcement(v *request) {
	if id, ok := v.number(); ok {
		s.showAnnouncement(v, http.StatusOK, id, actionForm{When: "now"})
	}
}

// loadProgress reads how far an announcement has come, as a page shows it.
func (s *Server) loadProgress(v *request, id int64) (view announcementView, err error) {
	if view.AnnouncementProgress, err = s.Store.Announcements.Progress(v.r.Context(), id); err != nil {
		return view, err
	}
	view.Page = announcementPath(id)
	v.localizeCourse(&view.AnnouncementProgress)
	perMinute, left := s.rates.note(s.Now(), view.AnnouncementProgress)
	view.Rate, view.Minutes = perMinute, int((left+time.Minute-1)/time.Minute)
	if total := view.Total(); total > 0 {
		view.Percent = 100 * view.Settled() / total
	}
	view.Tally, view.Counted = s.counter.of(view.Announcement)
	view.Tally.At = v.local(view.Tally.At)
	view.Canary = view.AnnouncementProgress.Canary.Size(view.Tally.Size)
	if view.Speed > 0 {
		view.EstimatedMinutes = (view.Tally.Size + view.Speed - 1) / view.Speed
	}
	view.LiveUpdates = view.Active() || view.State == store.Draft && view.Counted && !view.Tally.Over
	return view, nil
}

func (s *Server) showAnnouncement(v *request, status int, id int64, t actionForm) {
	view, err := s.loadProgress(v, id)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		v.messagePage(http.StatusNotFound, "not_found")
		return
	case err != nil:
		v.serverError(err)
		return
	}
	view.pageFrame, view.Trial = v.newPageFrame("announcements"), t
	if err := s.addDetails(v, &view); err != nil {
		v.serverError(err)
		return
	}
	if view.LiveUpdates {
		v.w.Header().Set("Content-Security-Policy", livePolicy)
	}
	v.render(status, "announcement", view)
}

// addDetails adds what does not change while it goes out. A forum that is away must not keep anybody from pausing it.
func (s *Server) addDetails(v *request, view *announcementView) (err error) {
	places, err := s.forumPlaces(v.r.Context())
	if err != nil {
		v.Log.Warn("groups and sections are not known", "announcement", view.ID, "err", err)
	}
	view.Audience = traitsOf(view.AnnouncementProgress.Audience, places, s.Zone)
	if view.Log, err = s.Store.Audit.OfSubject(v.r.Context(), store.AnnouncementObject(view.ID)); err != nil {
		return err
	}
	for i := range view.Log {
		view.Log[i].At = v.local(view.Log[i].At)
	}
	printed, err := s.Press.CompileAnnouncement(&view.AnnouncementProgress.Announcement.Announcement, s.Settings.Digest.MaxBytes)
	if err != nil { // it was written where other limits held
		v.Log.Warn("announcement cannot be laid", "announcement", view.ID, "err", err)
		return nil
	}
	view.Fields = printed.Fields()
	s.renderPreview(v, view)
	return nil
}

// renderPreview lays the mail for the member who is asked for.
func (s *Server) renderPreview(v *request, view *announcementView) {
	q := v.r.URL.Query()
	view.PreviewMember, view.Looks, view.Look = q.Get("as"), previewModes, q.Get("look")
	if !slices.Contains(previewModes, view.Look) {
		view.Look = previewModes[0]
	}
	p, content, err := s.viewer.RenderAnnouncement(v.r.Context(), s.Now(), &view.AnnouncementProgress.Announcement.Announcement, view.PreviewMember)
	switch {
	case noSuchMember(err):
		view.NoSuch = true
		return
	case err != nil:
		v.Log.Warn("announcement cannot be laid for a member", "announcement", view.ID, "err", err)
		return
	}
	view.Why, view.Subject = p.Reason, content.Subject
	view.Frame = view.Page + "/mail?" + url.Values{"as": {view.PreviewMember}, "look": {view.Look}}.Encode()
}

// previewMessage is the mail in the frame.
func (s *Server) previewMessage(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if errors.Is(err, store.ErrNoAnnouncement) {
		v.messagePage(http.StatusNotFound, "not_found")
		return
	}
	if err != nil {
		v.serverError(err)
		return
	}
	q := v.r.URL.Query()
	_, content, err := s.viewer.RenderAnnouncement(v.r.Context(), s.Now(), &a.Announcement, q.Get("as"))
	switch {
	case noSuchMember(err):
		v.messagePage(http.StatusNotFound, "not_found")
	case err != nil:
		v.serverError(err)
	default:
		v.serveMessage(content, q.Get("look"))
	}
}
