package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postrider/templates"
)

// request is a request with who asks, and in which language. It ends with one of show, notice, fault, lead and done.
type request struct {
	*Server
	w        http.ResponseWriter
	r        *http.Request
	session  session // no Hash: he is not logged in
	language templates.Language
}

func (s *Server) newRequest(w http.ResponseWriter, r *http.Request, n session) *request {
	return &request{Server: s, w: w, r: r, session: n, language: s.Pages.Language(r.Header.Get("Accept-Language"))}
}

// authenticate finds out who asks. Whom the proxy names gets a session where he has none. That the store cannot be asked is
// answered, and no visit is given.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (v *request, open bool) {
	n, open, err := s.findSession(r)
	if user := s.user(r); err == nil && !open && user != "" && !isSubresource(r) {
		n, err = s.open(w, r, actor(user), proxied)
		open = err == nil
	}
	v = s.newRequest(w, r, n)
	if err != nil {
		v.serverError(err)
		return nil, false
	}
	return v, open
}

// isSubresource tells whether a page of somebody else asks, for a picture or the like, and not a person who follows its link
// (w3.org/TR/fetch-metadata). Old browsers do not say.
func isSubresource(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// requireLogin lets those look who are logged in; others are led to the log in, and back then.
func (s *Server) requireLogin(show func(*request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, open := s.authenticate(w, r)
		switch {
		case v == nil:
		case !open:
			v.session = session{}
			v.redirect("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
		default:
			show(v)
		}
	}
}

// requireLoginAndToken lets those change something who are logged in, by a form that has the token of their session.
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
			s.Log.Warn("change refused: its form has not the token of the session", "from", clientAddress(r), "page", r.Pattern)
			v.messagePage(http.StatusForbidden, "forbidden")
			return
		}
		do(v)
	}
}

// readForm reads a form, with files or without.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(maxForm); !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return nil
}

// pageFrame is what the frame around every page is given.
type pageFrame struct {
	Root   string   // what paths begin with
	Here   string   // the page's name
	Places []string // names of the pages in the navigation
	Actor  string   // who is logged in; empty: nobody
	Proxy  bool     // the proxy has logged him in: he cannot log out here
	Token  string   // see session
	Done   string   // what was done just now; empty: nothing
	Count  int      // to how many
	Zone   string   // in which times are shown
	Paused bool     // nothing is delivered
}

// Path is the path of a page in the navigation.
func (t pageFrame) Path(name string) string {
	if name == homePage {
		return t.Root + "/"
	}
	return t.Root + "/" + name
}

// homePage is the page that stands at the root.
const homePage = "dashboard"

func (v *request) newPageFrame(here string) pageFrame {
	t := pageFrame{Root: v.base, Here: here, Zone: v.Zone.String()}
	if v.session.Hash == "" {
		return t
	}
	t.Places = v.navPages
	t.Actor, t.Proxy, t.Token = v.session.Actor[len(actor("")):], v.session.AuthMethod == proxied, v.session.token()
	if word := v.r.URL.Query().Get("done"); v.doneWords[word] {
		t.Done = word
		t.Count, _ = strconv.Atoi(v.r.URL.Query().Get("n"))
	}
	_, paused, err := v.Store.Queue.Paused(v.r.Context())
	if err != nil { // the page itself can be shown
		v.Log.Warn("whether delivery is paused is not known", "err", err)
	}
	t.Paused = paused
	return t
}

// render shows a page.
func (v *request) render(status int, name string, data any) {
	page, err := v.Pages.Render(v.language, "admin/"+name, data)
	if err != nil {
		v.Log.Error("page could not be rendered", "page", name, "err", err)
		http.Error(v.w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.language.Tag())
	v.w.WriteHeader(status)
	v.w.Write(page)
}

// redirect leads to a path of the room.
func (v *request) redirect(path string) {
	v.w.Header().Set("Location", v.base+path)
	v.w.WriteHeader(http.StatusSeeOther)
}

// redirectDone writes a change into the audit log, and leads to where its outcome is seen: there the sentence "admin_done.WORD" is
// said, with how many it was done to; the page that may say it names the word. To load that page again repeats nothing.
func (v *request) redirectDone(path, word string, n int, deeds ...auditAction) {
	if err := v.note(v.r, v.session.Actor, deeds...); err != nil {
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

// local is a moment in the zone in which times are shown.
func (v *request) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.Zone)
}

// noticePage is what the template "admin/notice" is given.
type noticePage struct {
	pageFrame
	Notice string
}

// notices are all that there are.
func notices() []string {
	return []string{"not_found", "rate_limited", "forbidden", "logged_out", "error"}
}

// messagePage shows a page that only says something.
func (v *request) messagePage(status int, what string) {
	v.render(status, "notice", noticePage{v.newPageFrame("notice"), what})
}

// serverError answers that something of ours went wrong.
func (v *request) serverError(err error) {
	v.Log.Warn("page failed", "page", v.r.Pattern, "err", err)
	v.session = session{} // the store may be ill: what the frame asks of it would fail, too
	v.messagePage(http.StatusServiceUnavailable, "error")
}

// denyRequest is the guard's way to refuse.
func (s *Server) denyRequest(w http.ResponseWriter, r *http.Request, status int) {
	what := map[int]string{
		http.StatusTooManyRequests: "rate_limited", http.StatusForbidden: "forbidden", http.StatusMisdirectedRequest: "not_found",
	}[status]
	if what == "" {
		what = "error"
	}
	s.newRequest(w, r, session{}).messagePage(status, what)
}
