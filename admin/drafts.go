package admin

import (
	"net/http"

	"postrider/digest"
)

// discard deletes a draft, after a confirmation.
func (s *Server) discard(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	if v.r.PostForm.Get("sure") == "" {
		s.showAnnouncement(v, http.StatusUnprocessableEntity, id, actionForm{Error: "unconfirmed_discard", When: "now"})
		return
	}
	if s.actionOK(v, id, s.Store.Announcements.Discard(v.r.Context(), s.Now(), v.session.Actor, id)) {
		s.counter.forget(id)
		v.redirectDone("/announcements", "draft_discarded", 0)
	}
}

// copyToDraft saves a new draft with the texts, the audience and the speed of an announcement, whatever its state.
func (s *Server) copyToDraft(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if !s.actionOK(v, id, err) {
		return
	}
	a.Announcement.Start = digest.Start{}
	copied, err := s.Store.Announcements.Draft(v.r.Context(), s.Now(), v.session.Actor, a.Announcement)
	if err != nil {
		v.serverError(err)
		return
	}
	s.startCount(v, copied)
	v.redirectDone(announcementPath(copied), "draft_copied", 0)
}
