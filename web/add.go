package web

import (
	"errors"
	"net/http"
	"strconv"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
)

// maxAddable is the most sections that a search offers to add.
const maxAddable = 20

// addableSection is a section that the member may read and does not watch.
type addableSection struct {
	ID    forum.SectionID
	Title string
}

// add lets a member watch a section here. The names of the form's buttons are how they hear about it: "instant" or "digest".
func (s *Server) add(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		s.denyRequest(w, r, http.StatusBadRequest)
		return
	}
	cadence, id := digest.WithDigest, r.PostForm.Get(string(digest.WithDigest))
	if s.Members.AlertsEnabled() && r.PostForm.Has(string(digest.Instant)) {
		cadence, id = digest.Instant, r.PostForm.Get(string(digest.Instant))
	}
	section, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		s.denyRequest(w, r, http.StatusBadRequest)
		return
	}
	switch err := s.Members.AddSection(r.Context(), s.Now(), a, forum.SectionID(section), cadence); {
	case errors.Is(err, members.ErrNotAddable): // added in another window, or not readable any more
		http.Redirect(w, r, s.settingsPath(a.Member.ID), http.StatusSeeOther)
	case err != nil:
		s.serverError(w, r, a.Member.ID, err)
	default:
		s.redirectDone(w, r, a, "added")
	}
}
