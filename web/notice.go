package web

import (
	"net/http"

	"postrider/forum"
)

// noticePage is the data of the template "notice".
type noticePage struct {
	Notice   string
	Forum    string
	Settings string
}

// noticeNames are the names of all notices.
func noticeNames() []string {
	return []string{"not_found", "invalid_link", "rate_limited", "forbidden", "error", "message_expired", "message_empty", "no_member"}
}

// messagePage serves a page that consists of a notice.
func (s *Server) messagePage(w http.ResponseWriter, r *http.Request, status int, member forum.MemberID, what string) {
	page := noticePage{Notice: what, Forum: s.Forum}
	if member != forum.Guest {
		page.Settings = s.settingsPath(member)
	}
	s.render(w, status, s.language(r, member), "notice", page)
}

// denyRequest rejects a request for the middleware.
func (s *Server) denyRequest(w http.ResponseWriter, r *http.Request, status int) {
	what := map[int]string{
		http.StatusTooManyRequests: "rate_limited", http.StatusForbidden: "forbidden", http.StatusNotFound: "not_found",
	}[status]
	if what == "" {
		what = "error"
	}
	s.messagePage(w, r, status, forum.Guest, what)
}
