package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postrider/templates"
)

// request is an HTTP request with its user and language. A handler ends with render, messagePage, serverError, redirect or
// redirectDone.
type request struct {
	*Server
	w        http.ResponseWriter
	r        *http.Request
	session  session // no Hash: not logged in
	language templates.Language
}

func (s *Server) newRequest(w http.ResponseWriter, r *http.Request, n session) *request {
	return &request{Server: s, w: w, r: r, session: n, language: s.Pages.AdminLanguage(r.Header.Get("Accept-Language"))}
}

// authenticate finds the session of a request. A user named by the proxy gets one if there is none. If the store fails, it writes
// the response and returns no request.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (v *request, open bool) {
	n, open, err := s.findSession(r)
	if user := s.proxyUser(r); err == nil && !open && user != "" && !isSubresource(r) {
		n, err = s.openSession(w, r, actor(user), proxied)
		open = err == nil
	}
	v = s.newRequest(w, r, n)
	if err != nil {
		v.serverError(err)
		return nil, false
	}
	return v, open
}

// isSubresource reports whether the request loads a part of another site's page, for example an image, and is not a person who
// follows a link (w3.org/TR/fetch-metadata). Old browsers do not send the headers.
func isSubresource(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// requireLogin wraps a page that only reads. It redirects to the login if there is no session, and back afterwards.
func (s *Server) requireLogin(show func(*request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, open := s.authenticate(w, r)
		switch {
		case v == nil:
		case !open:
			v.session = session{}
			v.redirect("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
		default:
			w.Header().Set("Content-Security-Policy", scriptPolicy)
			show(v)
		}
	}
}

// requireLoginAndToken wraps a page that changes something. It needs a session, and a form with the session's token.
func (s *Server) requireLoginAndToken(do func(*request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, open, err := s.findSession(r)
		v := s.newRequest(w, r, n)
		if err != nil {
			v.serverError(err)
			return
		}
		if !open {
			v.messagePage(http.StatusForbidden, "logged_out")
			return
		}
		if err := readForm(r); err != nil {
			v.messagePage(http.StatusBadRequest, "error")
			return
		}
		if !n.validToken(r.PostForm.Get("token")) {
			s.Log.Warn("change rejected: the form lacks the session's token", "from", clientAddress(r), "page", r.Pattern)
			v.messagePage(http.StatusForbidden, "forbidden")
			return
		}
		w.Header().Set("Content-Security-Policy", scriptPolicy)
		do(v)
	}
}

// readForm parses a form, with or without files.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(maxFormBytes); !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return nil
}

// pageFrame is the data of the frame around every page.
type pageFrame struct {
	Root     string   // base of all paths
	Current  string   // the page's name
	NavPages []string // page names in the navigation
	Actor    string   // the user; empty: not logged in
	Proxy    bool     // logged in by the proxy: no logout here
	Token    string   // see session.token
	Done     string   // key of the confirmation; empty: none
	Count    int      // number in the confirmation
	Zone     string   // in which times are displayed
	Paused   bool     // delivery is paused
}

// Path is the path of a page.
func (t pageFrame) Path(name string) string {
	if name == homePage {
		return t.Root + "/"
	}
	return t.Root + "/" + name
}

// homePage is the page at the root.
const homePage = "dashboard"

func (v *request) newPageFrame(here string) pageFrame {
	t := pageFrame{Root: v.basePath, Current: here, Zone: v.Zone.String()}
	if v.session.Hash == "" {
		return t
	}
	t.NavPages = v.navPages
	t.Actor, t.Proxy, t.Token = v.session.Actor[len(actor("")):], v.session.AuthMethod == proxied, v.session.token()
	if word := v.r.URL.Query().Get("done"); v.doneWords[word] {
		t.Done = word
		t.Count, _ = strconv.Atoi(v.r.URL.Query().Get("n"))
	}
	_, paused, err := v.Store.Queue.Paused(v.r.Context())
	if err != nil { // the page works without it
		v.Log.Warn("cannot check whether delivery is paused", "err", err)
	}
	t.Paused = paused
	return t
}

// render renders a page and writes it.
func (v *request) render(status int, name string, data any) {
	page, err := v.Pages.Render(v.language, "admin/"+name, data)
	if err != nil {
		v.Log.Error("cannot render a page", "page", name, "err", err)
		http.Error(v.w, "cannot render the page", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.language.Tag())
	v.w.WriteHeader(status)
	v.w.Write(page)
}

// redirect redirects to a path of the admin pages.
func (v *request) redirect(path string) {
	v.w.Header().Set("Location", v.basePath+path)
	v.w.WriteHeader(http.StatusSeeOther)
}

// redirectDone writes a change to the audit log and redirects to the page that shows its result. That page shows the confirmation
// "admin_done.WORD" with the number n; some page must list the word in doneWords. A reload repeats nothing.
func (v *request) redirectDone(path, word string, n int, actions ...auditAction) {
	if err := v.audit(v.r, v.session.Actor, actions...); err != nil {
		v.serverError(err)
		return
	}
	u, err := url.Parse(path)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Set("done", word)
	q.Set("n", strconv.Itoa(n))
	u.RawQuery = q.Encode()
	v.redirect(u.String())
}

// local converts a time to the displayed zone.
func (v *request) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.Zone)
}

// noticePage is the data of the template "admin/notice".
type noticePage struct {
	pageFrame
	Notice string
}

// noticeNames are the names of all notices.
func noticeNames() []string {
	return []string{"not_found", "rate_limited", "forbidden", "logged_out", "error"}
}

// messagePage serves a page that consists of a notice.
func (v *request) messagePage(status int, what string) {
	v.render(status, "notice", noticePage{v.newPageFrame("notice"), what})
}

// serverError responds that something on our side failed.
func (v *request) serverError(err error) {
	v.Log.Warn("page failed", "page", v.r.Pattern, "err", err)
	v.session = session{} // the store may be down: then what the frame loads would fail, too
	v.messagePage(http.StatusServiceUnavailable, "error")
}

// denyRequest rejects a request for the middleware.
func (s *Server) denyRequest(w http.ResponseWriter, r *http.Request, status int) {
	what := map[int]string{
		http.StatusTooManyRequests: "rate_limited", http.StatusForbidden: "forbidden", http.StatusMisdirectedRequest: "not_found",
	}[status]
	if what == "" {
		what = "error"
	}
	s.newRequest(w, r, session{}).messagePage(status, what)
}
