package admin

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/time/rate"

	"postrider/store"
	"postrider/web"
)

// Tries of passwords that one address has, and that all have together: who has many addresses gets no further.
const (
	triesPerSecond = rate.Limit(1.0 / 60)
	loginBurst     = 5
	allPerSecond   = rate.Limit(1.0 / 5)
	allAtOnce      = 20
)

// maxLogin is how many bytes a log in may bring: a password, and the path to go to then, which has stood in a header.
const maxLogin = 32 << 10

// loginPage is what the template "admin/login" is given.
type loginPage struct {
	pageFrame
	Fault string // wrong, busy or none
	Next  string // where to go then
	Ask   bool   // for the password; else the proxy must say who he is
}

// askLogin asks for the password.
func (s *Server) askLogin(w http.ResponseWriter, r *http.Request) {
	v, open := s.authenticate(w, r)
	switch {
	case v == nil:
		return
	case open:
		v.redirect(safeNextPath(r.URL.Query().Get("next")))
		return
	}
	v.askPassword(http.StatusOK, "", safeNextPath(r.URL.Query().Get("next")))
}

func (v *request) askPassword(status int, fault, next string) {
	v.render(status, "login", loginPage{pageFrame: v.newPageFrame("login"), Fault: fault, Next: next, Ask: v.proof != ""})
}

// login tries a password. Tries are counted before it is looked at, so that the limit tells nothing about it.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	v := s.newRequest(w, r, session{})
	r.Body = http.MaxBytesReader(w, r.Body, maxLogin)
	if err := r.ParseForm(); err != nil {
		v.messagePage(http.StatusBadRequest, "error")
		return
	}
	to := safeNextPath(r.PostForm.Get("next"))
	now := s.Now()
	if s.proof == "" {
		v.askPassword(http.StatusForbidden, "", to)
		return
	}
	if !s.loginLimits.Allow(web.VisitOf(r).From, now) || !s.globalLoginLimit.AllowN(now, 1) {
		s.Log.Warn("log in refused: too many tries", "from", clientAddress(r))
		w.Header().Set("Retry-After", "60")
		v.askPassword(http.StatusTooManyRequests, "rate_limited", to)
		return
	}
	fits, done := s.tryPassword(r, r.PostForm.Get("password"))
	if !done {
		return // he has gone
	}
	if !fits {
		s.Log.Warn("log in refused: wrong password", "from", clientAddress(r))
		if err := s.note(r, actor("unknown"), auditAction{store.FailedLogin, "admin", "from " + clientAddress(r)}); err != nil {
			v.serverError(err)
			return
		}
		v.askPassword(http.StatusUnauthorized, "wrong_password", to)
		return
	}
	if _, err := s.open(w, r, actor("admin"), s.proof); err != nil {
		v.serverError(err)
		return
	}
	v.redirect(to)
}

// tryPassword waits for its turn, because each try costs much memory.
func (s *Server) tryPassword(r *http.Request, password string) (fits, done bool) {
	select {
	case s.loginLock <- struct{}{}:
		defer func() { <-s.loginLock }()
		return s.hash.matches(password), true
	case <-r.Context().Done():
		return false, false
	}
}

// logout ends the session here and in the browser.
func (s *Server) logout(v *request) {
	if err := s.Store.Sessions.Close(v.r.Context(), v.session.Hash); err != nil {
		v.serverError(err)
		return
	}
	if err := s.note(v.r, v.session.Actor, auditAction{"log out", "admin", "from " + clientAddress(v.r)}); err != nil {
		v.serverError(err)
		return
	}
	http.SetCookie(v.w, s.cookie("", -1))
	v.redirect("/login")
}

// safeNextPath is a path of ours, whatever the address or the form says.
func safeNextPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(path, "\\\r\n") || u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return u.RequestURI()
}
