package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// announcementsView is the data of the template "admin/announcements".
type announcementsView struct {
	pageFrame
	List []store.AnnouncementProgress
}

func (s *Server) announcementsPage() page {
	const one = "/announcements/{id}"
	routes := map[string]web.Methods{
		"/announcements":     {http.MethodGet: s.requireLogin(s.announcements)},
		"/announcements/new": {http.MethodGet: s.requireLogin(s.compose), http.MethodPost: s.requireLoginAndToken(s.save)},
		one:                  {http.MethodGet: s.requireLogin(s.announcement)},
		one + "/edit":        {http.MethodGet: s.requireLogin(s.edit), http.MethodPost: s.requireLoginAndToken(s.save)},
		one + "/mail":        {http.MethodGet: s.requireLogin(s.previewMessage)},
		one + "/live":        {http.MethodGet: s.requireLogin(s.live)},
		one + "/count":       {http.MethodPost: s.requireLoginAndToken(s.recount)},
		one + "/test":        {http.MethodPost: s.requireLoginAndToken(s.sendTest)},
		one + "/start":       {http.MethodPost: s.requireLoginAndToken(s.start)},
		one + "/pause":       {http.MethodPost: s.requireLoginAndToken(s.pauseAnnouncement)},
		one + "/resume":      {http.MethodPost: s.requireLoginAndToken(s.resumeAnnouncement)},
		one + "/cancel":      {http.MethodPost: s.requireLoginAndToken(s.cancel)},
		one + "/copy":        {http.MethodPost: s.requireLoginAndToken(s.copyToDraft)},
		one + "/discard":     {http.MethodPost: s.requireLoginAndToken(s.discard)},
	}
	samples := []sample{{"announcements", announcementsView{}}, {"announcements", announcementsView{s.samplePageFrame("announcements"), s.progressSamples()}}}
	samples = append(samples, s.announcementSamples()...)
	return page{
		name: "announcements", routes: routes, samples: append(samples, s.composeSamples()...),
		doneWords: []string{"draft_saved", "counting", "test_sent", "announcement_started", "announcement_paused", "announcement_resumed", "announcement_cancelled", "draft_copied", "draft_discarded"},
	}
}

// progressSamples are sample announcements in every state.
func (s *Server) progressSamples() []store.AnnouncementProgress {
	now := time.Now()
	var list []store.AnnouncementProgress
	for _, state := range []string{store.Draft, store.Scheduled, store.InCanary, store.Sending, store.Paused, store.Cancelled, store.Done} {
		x := store.AnnouncementProgress{
			Announcement: store.Announcement{
				State: state, Reason: "a reason", Size: 9, Created: now, Started: now, Ended: now, CanaryUntil: now, BeginsAt: now,
				Announcement: digest.Announcement{
					ID: 1, Forced: true, Speed: 60, Canary: digest.Canary{Share: .5, Wait: time.Hour}, Start: digest.Start{At: now, Local: true},
					Variants: []digest.Variant{{Locale: "en", Title: "A title", Body: "Dear {{name|friend}}"}},
				},
			},
			Progress: store.Progress{States: map[string]int{"accepted": 3, "queued": 2, "uncertain": 1, "expired": 1}, Skipped: map[string]int{"banned": 2}},
			Feedback: store.AnnouncementFeedback{Messages: 3, Refused: 1, Complaints: 1},
		}
		x.Audience = digest.Audience{Groups: []forum.GroupID{1}, Only: []forum.MemberID{1}}
		list = append(list, x)
	}
	return list
}

// announcements lists all announcements.
func (s *Server) announcements(v *request) {
	list, err := s.Store.Announcements.ProgressOfAll(v.r.Context())
	if err != nil {
		v.serverError(err)
		return
	}
	for i := range list {
		v.localizeProgress(&list[i])
	}
	v.render(http.StatusOK, "announcements", announcementsView{v.newPageFrame("announcements"), list})
}

func (v *request) localizeProgress(c *store.AnnouncementProgress) {
	for _, t := range []*time.Time{&c.Created, &c.BeginsAt, &c.Started, &c.CanaryUntil, &c.Ended} {
		*t = v.local(*t)
	}
	if !c.Start.Local {
		c.Start.At = v.local(c.Start.At)
	}
}

func announcementPath(id int64) string { return fmt.Sprintf("/announcements/%d", id) }

// number returns the ID in the path. If there is none, it writes the response.
func (v *request) number() (int64, bool) {
	id, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		v.messagePage(http.StatusNotFound, "not_found")
		return 0, false
	}
	return id, true
}

// actionOK reports whether an action on an announcement succeeded. If not, it writes the response.
func (s *Server) actionOK(v *request, id int64, err error) bool {
	state, wrong := errors.AsType[*store.StateError](err)
	switch {
	case err == nil:
		return true
	case errors.Is(err, store.ErrNoAnnouncement):
		v.messagePage(http.StatusNotFound, "not_found")
	case wrong:
		s.showAnnouncement(v, http.StatusConflict, id, actionForm{Error: "state", Text: state.State})
	default:
		v.serverError(err)
	}
	return false
}

// noSuchMember reports whether the forum does not know the requested member.
func noSuchMember(err error) bool { return errors.Is(err, forum.ErrNoMember) }
