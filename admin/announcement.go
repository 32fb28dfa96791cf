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

// announcementView is the data of the template "admin/announcement".
type announcementView struct {
	pageFrame
	store.AnnouncementProgress
	Page        string // its path below the root
	LiveUpdates bool   // its progress changes: live.js follows it
	Rate        int    // messages a minute
	Minutes     int    // remaining; 0: not known

	Fields           []templates.Field
	Audience         []criterion
	Counted          bool
	AudienceCount    audienceCount
	Canary           int // size of the canary
	EstimatedMinutes int // at its speed

	PreviewMember string // the preview is for this member; empty: for a sample
	Mode          string
	Modes         []string
	SkipReason    digest.Reason // why the member would not get it
	NoSuchMember  bool          // the forum has no such member
	Frame         string        // path of the message
	Subject       string
	Log           []store.AuditEntry
	Form          actionForm
}

// actionForm holds the values of the page's forms, to show them again after an error.
type actionForm struct {
	Error                       string // a key of "admin_announcement_error"; empty: none
	Text                        string // detail of the error
	To, PreviewMember, When, At string
	Zone                        string // of At
}

// criterion is one criterion of an audience: a key of "admin_criterion", and its values.
type criterion struct {
	Name  string
	Items []string
}

// previewModes are the modes in which a message can be previewed.
var previewModes = []string{"html", "dark", "phone", "phone_dark", "text"}

func (s *Server) announcementSamples() []sample {
	var list []sample
	for _, x := range s.progressSamples() {
		list = append(list, sample{"announcement", s.announcementSample(x)})
	}
	view := list[0].data.(announcementView) // a draft
	view.AudienceCount.Finished, view.NoSuchMember = false, true
	list = append(list, sample{"announcement", view})
	view.AudienceCount = audienceCount{Finished: true, Failed: true}
	list = append(list, sample{"announcement", view})
	view.Counted = false
	for _, fault := range []string{"state", "address", "member", "test_rejected", "uncounted", "no_audience", "unconfirmed", "changed", "start_time", "full_hour"} {
		view.Form = actionForm{Error: fault, Text: "a text", To: "a", PreviewMember: "b", When: "at", At: "2026-05-04T08:00"}
		list = append(list, sample{"announcement", view})
	}
	return list
}

// announcementSample is sample data with everything that the page can show.
func (s *Server) announcementSample(x store.AnnouncementProgress) announcementView {
	view := announcementView{
		pageFrame: s.samplePageFrame("announcements"), AnnouncementProgress: x, Page: "/announcements/1", LiveUpdates: true, Rate: 60, Minutes: 90,
		Fields: []templates.Field{{Name: "name", Fallback: "friend"}, {Name: "posts"}}, Counted: true, Canary: 20, EstimatedMinutes: 10,
		AudienceCount: audienceCount{At: time.Now(), Finished: true}, PreviewMember: "Anna", Mode: "phone", Modes: previewModes, SkipReason: "banned", Frame: "/", Subject: "A subject",
		Log: []store.AuditEntry{{At: time.Now(), Actor: "web: admin", Action: "start", Detail: "a detail"}},
	}
	if x.State == store.Sending {
		view.Minutes, view.EstimatedMinutes = 300, 300
	}
	view.AudienceCount.Size, view.AudienceCount.Members, view.AudienceCount.ExcludedByReason = 3, 9, map[digest.Reason]int{"banned": 2}
	for _, word := range criterionNames {
		view.Audience = append(view.Audience, criterion{word, []string{"an item"}})
	}
	return view
}

// Hours rounds minutes up to hours.
func (announcementView) Hours(minutes int) int { return (minutes + 59) / 60 }

// Share is the canary's percentage of the audience.
func (v announcementView) Share() string { return percent(v.AnnouncementProgress.Canary.Share * 100) }

// Wait is how many minutes the rest of the audience waits for the canary.
func (v announcementView) Wait() int { return int(v.AnnouncementProgress.Canary.Wait / time.Minute) }

// announcement shows an announcement.
func (s *Server) announcement(v *request) {
	if id, ok := v.number(); ok {
		s.showAnnouncement(v, http.StatusOK, id, actionForm{When: "now"})
	}
}

// loadProgress loads an announcement with its progress.
func (s *Server) loadProgress(v *request, id int64) (view announcementView, err error) {
	if view.AnnouncementProgress, err = s.Store.Announcements.Progress(v.r.Context(), id); err != nil {
		return view, err
	}
	view.Page = announcementPath(id)
	v.localizeProgress(&view.AnnouncementProgress)
	perMinute, left := s.rates.update(s.Now(), view.AnnouncementProgress)
	view.Rate, view.Minutes = perMinute, int((left+time.Minute-1)/time.Minute)
	view.AudienceCount, view.Counted = s.counter.get(view.Announcement)
	view.AudienceCount.At = v.local(view.AudienceCount.At)
	view.Canary = view.AnnouncementProgress.Canary.Size(view.AudienceCount.Size)
	if view.Speed > 0 {
		view.EstimatedMinutes = (view.AudienceCount.Size + view.Speed - 1) / view.Speed
	}
	view.LiveUpdates = view.Active() || view.State == store.Draft && view.Counted && !view.AudienceCount.Finished
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
	view.pageFrame, view.Form = v.newPageFrame("announcements"), t
	if err := s.addDetails(v, &view); err != nil {
		v.serverError(err)
		return
	}
	if view.LiveUpdates {
		v.w.Header().Set("Content-Security-Policy", livePolicy)
	}
	v.render(status, "announcement", view)
}

// addDetails adds what does not change during sending. Without the forum an administrator must still be able to pause it.
func (s *Server) addDetails(v *request, view *announcementView) (err error) {
	places, err := s.forumOptions(v.r.Context())
	if err != nil {
		v.Log.Warn("cannot load groups and sections", "announcement", view.ID, "err", err)
	}
	view.Audience = criteria(view.AnnouncementProgress.Audience, places, s.Zone)
	if view.Log, err = s.Store.Audit.OfSubject(v.r.Context(), store.AnnouncementObject(view.ID)); err != nil {
		return err
	}
	for i := range view.Log {
		view.Log[i].At = v.local(view.Log[i].At)
	}
	compiled, err := s.Renderer.CompileAnnouncement(&view.AnnouncementProgress.Announcement.Announcement, s.Settings.Digest.MaxBytes)
	if err != nil { // it was written under other limits
		v.Log.Warn("cannot render an announcement", "announcement", view.ID, "err", err)
		return nil
	}
	view.Fields = compiled.Fields()
	s.renderPreview(v, view)
	return nil
}

// renderPreview renders the announcement for the requested member.
func (s *Server) renderPreview(v *request, view *announcementView) {
	q := v.r.URL.Query()
	view.PreviewMember, view.Modes, view.Mode = q.Get("as"), previewModes, q.Get("look")
	if !slices.Contains(previewModes, view.Mode) {
		view.Mode = previewModes[0]
	}
	p, content, err := s.viewer.RenderAnnouncement(v.r.Context(), s.Now(), &view.AnnouncementProgress.Announcement.Announcement, view.PreviewMember)
	switch {
	case noSuchMember(err):
		view.NoSuchMember = true
		return
	case err != nil:
		v.Log.Warn("cannot render an announcement for a member", "announcement", view.ID, "err", err)
		return
	}
	view.SkipReason, view.Subject = p.Reason, content.Subject
	view.Frame = view.Page + "/mail?" + url.Values{"as": {view.PreviewMember}, "look": {view.Mode}}.Encode()
}

// previewMessage serves the message in the frame.
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
