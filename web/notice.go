package web

import (
	"net/http"

	"postrider/forum"
)

// noticePage is what the template "notice" is given.
type noticePage struct {
	Notice   string
	Forum    string
	Settings string
}

// noticeNames are all that there are.
func noticeNames() []string {
	return []string{"not_found", "invalid_link", "rate_limited", "forbidden", "error", "message_expired", "message_empty", "no_member"}
}

// messagePage shows a page that only says something.
func (s *Server) messagePage(w http.ResponseWriter, r *http.Request, status int, member forum.MemberID, what string) {
	page := noticePage{Notice: what, Forum: s.Forum}
	if member != forum.Guest {
		page.Settings = s.settingsPath(member)
	}
	s.render(w, status, s.language(r, member), "notice", page)
}

// denyRequest is the guard's way to refuse.
func (s *Server) denyRequest(w http.ResponseWriter, r *http.Request, status int) {
	what := map[int]string{
		http.StatusTooManyRequests: "rate_limited", http.StatusForbidden: "forbidden", http.StatusNotFound: "not_found",
	}[status]
	if what == "" {
		what = "error"
	}
	s.messagePage(w, r, status, forum.Guest, what)
}
