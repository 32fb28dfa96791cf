package web

import (
	"net/http"
	"strings"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// unsubscribePage is the data of the template "unsubscribe".
type unsubscribePage struct {
	What     string
	Title    string
	Forum    string
	Member   string
	Stage    string
	Action   string
	Undo     *undoForm
	Others   []otherScope
	Settings string
}

type undoForm struct{ Action, SignedState string }

type otherScope struct{ What, Action string }

// scopeNames are the names of the scopes in templates and locales.
func scopeNames() map[link.Scope]string {
	return map[link.Scope]string{
		link.Digests: "digests", link.Alerts: "alerts", link.Announcements: "announcements", link.Everything: "everything",
		link.Thread: "thread", link.Section: "section",
		link.Replies: string(digest.Replies), link.NewThreads: string(digest.NewThreads), link.Quotes: string(digest.Quotes), link.Mentions: string(digest.Mentions),
	}
}

// showUnsubscribe shows what the link unsubscribes from, with a button to confirm. If the link was used before, it says so.
func (s *Server) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	grant, ok := s.checkToken(w, r, link.Scope.IsUnsubscribe)
	if !ok {
		return
	}
	stage := "ask"
	if !s.subscribed(r, grant) {
		stage = "already"
	}
	s.showUnsubscribeStage(w, r, http.StatusOK, grant, stage, nil)
}

// subscribed reports whether there is still something to unsubscribe from. If that cannot be read, the page asks.
func (s *Server) subscribed(r *http.Request, grant link.Claims) bool {
	subscribed, err := s.Members.Subscribed(r.Context(), grant)
	if err != nil {
		s.Log.Warn("cannot read what a member has chosen", "member", grant.Member, "err", err)
		return true
	}
	return subscribed
}

// unsubscribe unsubscribes a member from the token's scope. A one-click request of a mailbox provider (RFC 8058, 3.2) gets a line
// of text: no redirect, no cookie, and the same response however often it is sent. A person gets a page.
func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request) {
	grant, ok := s.checkToken(w, r, link.Scope.IsUnsubscribe)
	if !ok {
		return
	}
	oneClick := strings.EqualFold(r.PostFormValue("List-Unsubscribe"), "One-Click") // reads either kind of form
	if !oneClick && r.PostFormValue("confirm") == "" {
		s.showUnsubscribeStage(w, r, http.StatusBadRequest, grant, "ask", nil)
		return
	}
	undo, err := s.Members.Unsubscribe(r.Context(), s.Now(), grant)
	switch {
	case err != nil && oneClick:
		s.Log.Warn("cannot unsubscribe a member", "member", grant.Member, "err", err)
		writePlain(w, http.StatusServiceUnavailable, "Not unsubscribed: please try again.\n")
	case err != nil:
		s.serverError(w, r, forum.MemberID(grant.Member), err)
	case oneClick:
		writePlain(w, http.StatusOK, "Unsubscribed.\n")
	case undo == nil:
		s.showUnsubscribeStage(w, r, http.StatusOK, grant, "already", nil)
	default:
		s.showUnsubscribeStage(w, r, http.StatusOK, grant, "done", undo)
	}
}

// undo restores the preferences from before the unsubscription.
func (s *Server) undo(w http.ResponseWriter, r *http.Request) {
	grant, ok := s.checkToken(w, r, link.Scope.IsUnsubscribe)
	if !ok {
		return
	}
	payload, err := s.Links.Open(r.PostFormValue("sealed"))
	var undo members.UndoState
	if err == nil {
		err = undo.Read(payload)
	}
	if err != nil || undo.Member != forum.MemberID(grant.Member) {
		s.middleware.PenalizeForged(r)
		s.messagePage(w, r, http.StatusBadRequest, forum.MemberID(grant.Member), "invalid_link")
		return
	}
	restored, err := s.Members.Undo(r.Context(), s.Now(), undo)
	switch {
	case err != nil:
		s.serverError(w, r, forum.MemberID(grant.Member), err)
	case restored:
		s.showUnsubscribeStage(w, r, http.StatusOK, grant, "back", nil)
	default: // the member has changed their preferences since; keep those
		http.Redirect(w, r, s.settingsPath(forum.MemberID(grant.Member)), http.StatusSeeOther)
	}
}

func (s *Server) showUnsubscribeStage(w http.ResponseWriter, r *http.Request, status int, grant link.Claims, stage string, undo *members.UndoState) {
	member := forum.MemberID(grant.Member)
	page := unsubscribePage{
		What: scopeNames()[grant.Scope], Forum: s.Forum, Stage: stage, Action: s.path(grant),
		Settings: s.settingsPath(member),
	}
	if stage != "ask" {
		page.Others = s.otherScopes(r, grant)
	}
	if undo != nil {
		page.Undo = &undoForm{page.Action + "/undo", s.Links.SignState(undo.Bytes())}
	}
	name, title, err := s.Members.GrantLabels(r.Context(), s.Now(), grant)
	if err != nil { // the page must work without the forum
		s.Log.Warn("cannot load the names for a page", "member", member, "err", err)
	}
	page.Member, page.Title = templates.SafeLine(name), templates.SafeLine(title)
	s.render(w, status, s.language(r, member), "unsubscribe", page)
}

// otherScopes returns what else the member can still unsubscribe from, the narrowest first.
func (s *Server) otherScopes(r *http.Request, grant link.Claims) []otherScope {
	if grant.Scope == link.Everything {
		return nil
	}
	var list []otherScope
	for _, scope := range []link.Scope{link.Mentions, link.Quotes, link.NewThreads, link.Replies, link.Alerts, link.Digests, link.Announcements, link.Everything} {
		other := link.Claims{Scope: scope, Member: grant.Member}
		if scope != grant.Scope && s.subscribed(r, other) {
			list = append(list, otherScope{scopeNames()[scope], s.path(other)})
		}
	}
	return list
}

// path is the path of a link's page on this server.
func (s *Server) path(g link.Claims) string {
	return s.basePath + link.Path(g.Scope) + s.Links.Token(g)
}

func (s *Server) settingsPath(member forum.MemberID) string {
	return s.path(link.Claims{Scope: link.Settings, Member: int64(member)})
}
