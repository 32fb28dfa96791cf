package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postrider/templates"
)

// visit is a request with who asks, and in which language. It ends with one of show, notice, fault, lead and done.
type visit struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	session session // no Hash: he is not logged in
	tongue  templates.Language
}

func (s *Server) visit(w http.ResponseWriter, r *http.Request, n session) *visit {
	return &visit{Server: s, w: w, r: r, session: n, tongue: s.Pages.Language(r.Header.Get("Accept-Language"))}
}

// enter finds out who asks. Whom the proxy names gets a session where he has none. That the store cannot be asked is
// answered, and no visit is given.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) (v *visit, open bool) {
	n, open, err := s.known(r)
	if user := s.user(r); err == nil && !open && user != "" && !embedded(r) {
		n, err = s.open(w, r, actor(user), proxied)
		open = err == nil
	}
	v = s.visit(w, r, n)
	if err != nil {
		v.fault(err)
		return nil, false
	}
	return v, open
}

// embedded tells whether a page of somebody else asks, for a picture or the like, and not a person who follows its link
// (w3.org/TR/fetch-metadata). Old browsers do not say.
func embedded(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// see lets those look who are logged in; others are led to the log in, and back then.
func (s *Server) see(show func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, open := s.enter(w, r)
		switch {
		case v == nil:
		case !open:
			v.session = session{}
			v.lead("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
		default:
			show(v)
		}
	}
}

// change lets those change something who are logged in, by a form that has the token of their session.
func (s *Server) change(do func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, open, err := s.known(r)
		v := s.visit(w, r, n)
		if err != nil {
			v.fault(err)
			return
		}
		if !open {
			v.notice(http.StatusForbidden, "logged_out")
			return
		}
		if err := readForm(r); err != nil {
			v.notice(http.StatusBadRequest, "error")
			return
		}
		if !n.holds(r.PostForm.Get("token")) {
			s.Log.Warn("change refused: its form has not the token of the session", "from", from(r), "page", r.Pattern)
			v.notice(http.StatusForbidden, "forbidden")
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

// top is what the frame around every page is given.
type top struct {
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
func (t top) Path(name string) string {
	if name == home {
		return t.Root + "/"
	}
	return t.Root + "/" + name
}

// home is the page that stands at the root.
const home = "dashboard"

func (v *visit) top(here string) top {
	t := top{Root: v.base, Here: here, Zone: v.Zone.String()}
	if v.session.Hash == "" {
		return t
	}
	t.Places = v.places
	t.Actor, t.Proxy, t.Token = v.session.Actor[len(actor("")):], v.session.Proof == proxied, v.session.token()
	if word := v.r.URL.Query().Get("done"); v.words[word] {
		t.Done = word
		t.Count, _ = strconv.Atoi(v.r.URL.Query().Get("n"))
	}
	_, paused, err := v.Store.Paused(v.r.Context())
	if err != nil { // the page itself can be shown
		v.Log.Warn("whether delivery is paused is not known", "err", err)
	}
	t.Paused = paused
	return t
}

// show shows a page.
func (v *visit) show(status int, name string, data any) {
	page, err := v.Pages.Render(v.tongue, "admin/"+name, data)
	if err != nil {
		v.Log.Error("page could not be rendered", "page", name, "err", err)
		http.Error(v.w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.tongue.Tag())
	v.w.WriteHeader(status)
	v.w.Write(page)
}

// lead leads to a path of the room.
func (v *visit) lead(path string) {
	v.w.Header().Set("Location", v.base+path)
	v.w.WriteHeader(http.StatusSeeOther)
}

// done writes a change into the audit log, and leads to where its outcome is seen: there the sentence "admin_done.WORD" is
// said, with how many it was done to; the page that may say it names the word. To load that page again repeats nothing.
func (v *visit) done(path, word string, n int, deeds ...deed) {
	if err := v.note(v.r, v.session.Actor, deeds...); err != nil {
		v.fault(err)
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
	v.lead(u.String())
}

// local is a moment in the zone in which times are shown.
func (v *visit) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.Zone)
}

// noticePage is what the template "admin/notice" is given.
type noticePage struct {
	top
	Notice string
}

// notices are all that there are.
func notices() []string {
	return []string{"not_found", "rate_limited", "forbidden", "logged_out", "error"}
}

// notice shows a page that only says something.
func (v *visit) notice(status int, what string) {
	v.show(status, "notice", noticePage{v.top("notice"), what})
}

// fault answers that something of ours went wrong.
func (v *visit) fault(err error) {
	v.Log.Warn("page failed", "page", v.r.Pattern, "err", err)
	v.session = session{} // the store may be ill: what the frame asks of it would fail, too
	v.notice(http.StatusServiceUnavailable, "error")
}

// deny is the guard's way to refuse.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, status int) {
	what := map[int]string{
		http.StatusTooManyRequests: "rate_limited", http.StatusForbidden: "forbidden", http.StatusMisdirectedRequest: "not_found",
	}[status]
	if what == "" {
		what = "error"
	}
	s.visit(w, r, session{}).notice(status, what)
}
