package admin

import (
	"net/http"
	"net/url"
	"strings"

	"postrider/store"
)

// maxLoginBytes is the largest login form: a password and the path to continue at, which came in a header.
const maxLoginBytes = 32 << 10

// loginPage is the data of the template "admin/login".
type loginPage struct {
	pageFrame
	Error       string // wrong_password, rate_limited or empty
	Next        string // path to continue at
	AskPassword bool   // otherwise the proxy must name the user
}

// showLogin shows the login form.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	v, open := s.authenticate(w, r)
	switch {
	case v == nil:
		return
	case open:
		v.redirect(safeNextPath(r.URL.Query().Get("next")))
		return
	}
	v.renderLogin(http.StatusOK, "", safeNextPath(r.URL.Query().Get("next")))
}

func (v *request) renderLogin(status int, fault, next string) {
	v.render(status, "login", loginPage{pageFrame: v.newPageFrame("login"), Error: fault, Next: next, AskPassword: v.passwordFingerprint != ""})
}

// login checks a password. Attempts are counted before the check, so that the limit reveals nothing about the password.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	v := s.newRequest(w, r, session{})
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBytes)
	if err := r.ParseForm(); err != nil {
		v.messagePage(http.StatusBadRequest, "error")
		return
	}
	next := safeNextPath(r.PostForm.Get("next"))
	now := s.Now()
	if s.passwordFingerprint == "" {
		v.renderLogin(http.StatusForbidden, "", next)
		return
	}
	admission, leave := s.logins.admit(r, s.deviceOf(r), now)
	defer leave()
	if admission == tooMany {
		v.rejectLogin(next)
		return
	}
	ok, done := s.checkPassword(r, r.PostForm.Get("password"))
	switch {
	case !done:
		return // the client has disconnected
	case !ok && admission == slow:
		v.rejectLogin(next)
		return
	}
	if !ok {
		s.Log.Warn("login rejected: wrong password", "from", clientAddress(r))
		if err := s.audit(r, actor("unknown"), auditAction{store.FailedLogin, "admin", "from " + clientAddress(r)}); err != nil {
			v.serverError(err)
			return
		}
		v.renderLogin(http.StatusUnauthorized, "wrong_password", next)
		return
	}
	http.SetCookie(w, s.deviceCookie(r))
	if _, err := s.openSession(w, r, actor("admin"), s.passwordFingerprint); err != nil {
		v.serverError(err)
		return
	}
	v.redirect(next)
}

// rejectLogin responds that there were too many attempts.
func (v *request) rejectLogin(next string) {
	v.Log.Warn("login rejected: too many attempts", "from", clientAddress(v.r))
	v.w.Header().Set("Retry-After", "60")
	v.renderLogin(http.StatusTooManyRequests, "rate_limited", next)
}

// checkPassword checks a password, one request at a time, because each check needs much memory.
func (s *Server) checkPassword(r *http.Request, password string) (ok, done bool) {
	select {
	case s.loginLock <- struct{}{}:
		defer func() { <-s.loginLock }()
		return s.passwordHash.matches(password), true
	case <-r.Context().Done():
		return false, false
	}
}

// logout ends the session in the store and in the browser.
func (s *Server) logout(v *request) {
	if err := s.Store.Sessions.Close(v.r.Context(), v.session.Hash); err != nil {
		v.serverError(err)
		return
	}
	if err := s.audit(v.r, v.session.Actor, auditAction{"log out", "admin", "from " + clientAddress(v.r)}); err != nil {
		v.serverError(err)
		return
	}
	http.SetCookie(v.w, s.cookie("", -1))
	v.redirect("/login")
}

// safeNextPath returns the path if it is one of ours, else "/", whatever the URL or the form contains.
func safeNextPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(path, "\\\r\n") || u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return u.RequestURI()
}
