package web

import (
	"errors"
	"net/http"

	"postrider/daemon/editions"
	"postrider/daemon/view"
	"postrider/forum"
	"postrider/internal/link"
)

// view shows a member one of their messages, as it would be rendered now. Its styles apply; nothing else in it may run or load.
func (s *Server) view(w http.ResponseWriter, r *http.Request) {
	grant, ok := s.checkToken(w, r, func(scope link.Scope) bool { return scope == link.View })
	if !ok {
		return
	}
	member := forum.MemberID(grant.Member)
	content, err := s.Viewer.View(r.Context(), s.Now(), member, grant.Object)
	switch {
	case errors.Is(err, view.ErrMessageNotFound):
		s.messagePage(w, r, http.StatusGone, member, "message_expired")
		return
	case errors.Is(err, editions.ErrNothingToShow):
		s.messagePage(w, r, http.StatusGone, member, "message_empty")
		return
	case errors.Is(err, forum.ErrNoMember):
		s.messagePage(w, r, http.StatusGone, forum.Guest, "no_member")
		return
	case err != nil:
		s.serverError(w, r, member, err)
		return
	}
	page, styles, err := extractStyles(content.Standalone())
	if err != nil {
		s.serverError(w, r, member, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", messagePolicy(styles))
	// The forum may be on the same host, and could log or show the URL with its token.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page)
}
