// Package web shows the pages that mails link to, to whoever has a link: there is no login.
//
//	/u/TOKEN      unsubscribe (stop.go)
//	/s/TOKEN      settings (settings.go, save.go)
//	/v/TOKEN      a mail in the browser (view.go, lift.go)
//	/hooks/forum  the forum says that there is something new (hook.go)
//	/healthz      is the daemon well?
//
// The pages are rendered here, from templates, and work without a script. What a token may do is in internal/link; what
// it does is done by daemon.Members. A GET changes nothing, ever: mail filters follow every link of a mail.
//
// [Middleware] stands before all handlers. [Serve] listens.
package web

import (
	"log/slog"
	"net/http"
	"time"

	"postrider/daemon"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// Deps are the rooms that the pages work with.
type Deps struct {
	Members *daemon.MemberService
	Viewer  *daemon.Viewer
	Links   *link.Signer
	Pages   *templates.Pages
	Forum   string // the forum's name
	Log     *slog.Logger
	Now     func() time.Time // the clock by which members' choices are noted
	Wake    func()           // lets the daemon look at once for what is to be sent
}

// Server shows the pages. It is an http.Handler.
type Server struct {
	Deps
	basePath   string
	middleware *Middleware
	hooks      hookVerifier
	handler    http.Handler
}

// New readies the pages, and tries each of them in every language, so that a fault in a template shows at the start.
func New(p Deps, c Config) (*Server, error) {
	s := &Server{Deps: p, basePath: c.basePath(), hooks: newHookVerifier(c.HookSecret)}
	// A mailbox provider's one-click comes from wherever its machines are (RFC 8058), and brings its token along.
	// A forum signs its calls.
	open := []string{"POST /u/{token}", "POST /hooks/forum"}
	if s.basePath != "" {
		open = append(open, "POST "+s.basePath+"/u/{token}", "POST "+s.basePath+"/hooks/forum")
	}
	guard, err := NewMiddleware(c, p.Log, s.denyRequest, open...)
	if err != nil {
		return nil, err
	}
	s.middleware = guard
	s.handler = guard.Wrap(Mount(s.basePath, s.routes()))
	return s, s.renderAllSamples()
}

// Mount serves a handler below a path, and at the root for a proxy that takes the path off.
func Mount(base string, h http.Handler) http.Handler {
	if base == "" {
		return h
	}
	mux := http.NewServeMux()
	mux.Handle(base+"/", http.StripPrefix(base, h))
	mux.Handle("/", h)
	return mux
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	name, css := s.Pages.Style()
	mux.Handle("/"+name, Methods{http.MethodGet: Styles(css)})
	mux.Handle("/u/{token}", Methods{http.MethodGet: s.showUnsubscribe, http.MethodPost: s.unsubscribe})
	mux.Handle("/u/{token}/undo", Methods{http.MethodPost: s.undo})
	mux.Handle("/s/{token}", Methods{http.MethodGet: s.settings, http.MethodPost: s.save})
	mux.Handle("/s/{token}/now", Methods{http.MethodPost: s.sendNow})
	mux.Handle("/s/{token}/again", Methods{http.MethodPost: s.retryAddress})
	mux.Handle("/v/{token}", Methods{http.MethodGet: s.view})
	mux.Handle("/hooks/forum", Methods{http.MethodPost: s.hook})
	mux.Handle("/healthz", Methods{http.MethodGet: s.health})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.denyRequest(w, r, http.StatusNotFound) })
	return mux
}

// ServeHTTP shows a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Methods are the handlers of one page, by method. HEAD is GET without the body, which the server leaves out. No field
// and no parameter makes one method pass for another.
type Methods map[string]http.HandlerFunc

// ServeHTTP lets the method's handler answer.
func (m Methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handler, known := m[method]
	if !known {
		w.Header().Set("Allow", m.allow())
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	handler(w, r)
}

func (m Methods) allow() string {
	list := ""
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if m[method] == nil {
			continue
		}
		if list != "" {
			list += ", "
		}
		list += method
		if method == http.MethodGet {
			list += ", HEAD"
		}
	}
	return list
}

// Styles serves a stylesheet, whose name changes when it does.
func Styles(css []byte) http.HandlerFunc { return immutable("text/css; charset=utf-8", css) }

// Script serves a script, whose name changes when it does.
func Script(js []byte) http.HandlerFunc { return immutable("text/javascript; charset=utf-8", js) }

// immutable serves what may be kept for good.
func immutable(kind string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Type", kind)
		w.Write(text)
	}
}

// health answers whether the daemon's memory can be read.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if err := s.Members.Ping(r.Context()); err != nil {
		s.Log.Warn("not well", "err", err)
		http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
		return
	}
	writePlain(w, http.StatusOK, "ok\n")
}

func writePlain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text))
}

// language is the one that a page is shown in: what the member has chosen, what the forum says of him, what his browser
// asks for, what the site speaks. A page is shown even if the store cannot be asked.
func (s *Server) language(r *http.Request, member forum.MemberID) templates.Language {
	var wishes []string
	if member != forum.Guest {
		own, err := s.Members.Locales(r.Context(), member)
		if err != nil {
			s.Log.Warn("language of a page not known", "member", member, "err", err)
		}
		wishes = own
	}
	return s.Pages.Language(append(wishes, r.Header.Get("Accept-Language"))...)
}

// render shows a page.
func (s *Server) render(w http.ResponseWriter, status int, l templates.Language, name string, data any) {
	page, err := s.Pages.Render(l, name, data)
	if err != nil {
		s.Log.Error("page could not be rendered", "page", name, "err", err)
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", l.Tag())
	w.WriteHeader(status)
	w.Write(page)
}

// checkToken reads the token of a request. If it is not one of ours, or not for this page, that is answered.
func (s *Server) checkToken(w http.ResponseWriter, r *http.Request, fits func(link.Scope) bool) (link.Claims, bool) {
	grant, err := s.Links.Check(r.PathValue("token"))
	if err == nil && fits(grant.Scope) {
		return grant, true
	}
	s.middleware.PenalizeForged(r)
	s.messagePage(w, r, http.StatusNotFound, forum.Guest, "invalid_link")
	return link.Claims{}, false
}

// serverError answers that something of ours went wrong.
func (s *Server) serverError(w http.ResponseWriter, r *http.Request, member forum.MemberID, err error) {
	s.Log.Warn("page failed", "page", r.Pattern, "member", member, "err", err)
	s.messagePage(w, r, http.StatusServiceUnavailable, member, "error")
}
