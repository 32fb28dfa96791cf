package web

import (
	"net/http"

	"postrider/daemon/members"
)

// save saves a member's settings, or shows the errors of the form and saves nothing.
func (s *Server) save(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		s.denyRequest(w, r, http.StatusBadRequest)
		return
	}
	read := s.choicesForm().Read(a, r.PostForm, WatchListOf(r))
	if len(read.Fields.Errors) > 0 {
		s.showSettings(w, r, http.StatusUnprocessableEntity, a, read.Fields)
		return
	}
	if err := s.Members.UpdatePreferences(r.Context(), s.Now(), a, read.Preferences, read.Overrides); err != nil {
		s.serverError(w, r, a.Member.ID, err)
		return
	}
	s.redirectDone(w, r, a, "saved")
}

// redirectDone redirects to the settings, so that a reload repeats nothing.
func (s *Server) redirectDone(w http.ResponseWriter, r *http.Request, a members.Account, what string) {
	address := s.settingsPath(a.Member.ID) + "?done=" + what
	if query := WatchListOf(r).Query(); query != "" {
		address += "&" + query[1:]
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// sendNow queues the member's next digest immediately.
func (s *Server) sendNow(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	sent, err := s.Members.SendNow(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.serverError(w, r, a.Member.ID, err)
		return
	case sent == members.SendNowQueued:
		s.Wake()
	}
	s.redirectDone(w, r, a, string(sent))
}

// retryAddress resumes delivery to an address that bounced.
func (s *Server) retryAddress(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	retried, err := s.Members.RetryAddress(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.serverError(w, r, a.Member.ID, err)
	case retried:
		s.redirectDone(w, r, a, "retried")
	default: // the page says why
		http.Redirect(w, r, s.settingsPath(a.Member.ID), http.StatusSeeOther)
	}
}
