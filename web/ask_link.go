package web

import (
	"net/http"
	"strings"
	"time"

	"postrider/daemon/subscription"
	"postrider/forum"
)

// askLinkPath is the path of the page on which members ask for the link to their settings, below the base.
const askLinkPath = "/settings"

// askLinkPage is the data of the template "ask_link".
type askLinkPage struct {
	Forum   string
	Action  string
	Address string
	Sent    bool
	Invalid bool
}

// showAskLink shows the form.
func (s *Server) showAskLink(w http.ResponseWriter, r *http.Request) {
	s.renderAskLink(w, r, http.StatusOK, askLinkPage{})
}

// askLink emails the link to the member who has an address. The response is the same if nobody has it. The limit of the form to subscribe
// counts: both can send a message to a stranger.
func (s *Server) askLink(w http.ResponseWriter, r *http.Request) {
	if !s.askers.Allow(RequestInfoOf(r).ClientAddr, time.Now()) {
		w.Header().Set("Retry-After", "60")
		s.denyRequest(w, r, http.StatusTooManyRequests)
		return
	}
	page := askLinkPage{Address: strings.TrimSpace(r.PostFormValue("email"))}
	address, ok := subscription.ParseAddress(page.Address)
	if !ok {
		page.Invalid = true
		s.renderAskLink(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	tooMany, err := s.SettingsLinks.Ask(r.Context(), s.Now(), address, s.language(r, forum.Guest).Tag())
	switch {
	case err != nil:
		s.serverError(w, r, forum.Guest, err)
		return
	case tooMany:
		s.Log.Warn("too many people asked for links to their settings today")
		w.Header().Set("Retry-After", "3600")
		s.messagePage(w, r, http.StatusServiceUnavailable, forum.Guest, "error")
		return
	}
	s.Wake()
	page.Sent = true
	s.renderAskLink(w, r, http.StatusOK, page)
}

func (s *Server) renderAskLink(w http.ResponseWriter, r *http.Request, status int, page askLinkPage) {
	page.Forum, page.Action = s.Forum, s.basePath+askLinkPath
	s.render(w, status, s.language(r, forum.Guest), "ask_link", page)
}
