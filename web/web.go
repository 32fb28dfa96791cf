// Package web serves the pages that messages link to. There is no login: whoever has a link can open its page.
//
//	/u/TOKEN      unsubscribe (unsubscribe.go)
//	/s/TOKEN      settings (settings.go, save.go)
//	/v/TOKEN      a message in the browser (view.go, inline_styles.go)
//	/settings     emails the link to the settings (ask_link.go)
//	/settings/forum  from the forum to the settings (forum_link.go)
//	/subscribe    subscribing to a mirror; with a TOKEN, confirming that (subscribe.go)
//	/ingest       what a site sends whose database cannot be reached (ingest.go)
//	/hooks/forum  a call from the forum: there is something new (hook.go)
//	/healthz      liveness: the store can be read
//	/probe/NONCE  proof that these are the pages of this store (probe.go)
//	/readyz       readiness: no alarm keeps the daemon from sending
//
// The pages are rendered on the server, from templates, and work without scripts. Package link defines what a token permits;
// [newDaemon.MemberService] carries it out. A GET never changes anything, because mail filters follow every link of a message.
//
// [Middleware] wraps all handlers. [Serve] serves them from a listener.
package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postrider/daemon/members"
	"postrider/daemon/subscription"
	"postrider/daemon/view"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/internal/ratelimit"
	"postrider/mirror"
	"postrider/templates"
)

// Deps are what the pages depend on.
type Deps struct {
	Members *members.Service
	Viewer  *view.Viewer
	Links   *link.Signer
	Pages   *templates.Pages
	Forum   string // the forum's name
	Log     *slog.Logger
	Now     func() time.Time // the clock that dates members' choices
	Wake    func()           // starts a round of the daemon now
	Mirror  *mirror.DB       // where /ingest stores what a site sends; nil: the page does not exist
	Push    string           // the secret of its requests; empty: all are rejected
	Values  Values           // keeps what the middleware reports; nil: nothing

	SettingsLinks *subscription.SettingsLinks // nil: nobody can ask for the link to their settings
	Subscriptions *subscription.Service       // nil: nobody can subscribe on a page
}

// Server serves the pages. It is an http.Handler.
type Server struct {
	Deps
	basePath   string
	middleware *Middleware
	hooks      hookVerifier
	linkSecret string // of links on the forum; empty: there are none
	push       hookVerifier
	senders    *ratelimit.PerKey[netip.Addr] // of /ingest, by address
	ingests    chan struct{}                 // a place for each request to /ingest that is read now
	askers     ratelimit.PerAddress          // of the form to subscribe
	handler    http.Handler
}

// New sets up the pages. It renders those that the owner of the site wrote, so that an error in them shows at startup.
func New(p Deps, c Config) (*Server, error) {
	s := &Server{Deps: p, basePath: c.basePath(), hooks: newHookVerifier(c.HookSecret), linkSecret: c.LinkSecret, push: newHookVerifier(p.Push),
		senders: ratelimit.NewPerKey[netip.Addr](ingestsPerAddress), ingests: make(chan struct{}, ingestsAtOnce),
		askers: ratelimit.NewPerAddress(asksPerSecond, askBurst, maxAddresses)}
	// One-click requests come from the servers of mailbox providers (RFC 8058) and carry a token. A forum signs its calls. The form to
	// subscribe may be on another site.
	open := []string{"POST /u/{token}", "POST /hooks/forum", "POST /ingest", "POST " + link.SubscribePath}
	if s.basePath != "" {
		for _, pattern := range slices.Clone(open) {
			open = append(open, "POST "+s.basePath+strings.TrimPrefix(pattern, "POST "))
		}
	}
	guard, err := NewMiddleware(c, p.Log, p.Values, s.denyRequest, open...)
	if err != nil {
		return nil, err
	}
	guard.Credential = s.credential
	guard.BodyLimit = s.bodyLimit
	s.middleware = guard
	s.handler = guard.Wrap(Mount(s.basePath, s.routes()))
	return s, s.renderSamples(s.Pages.Sampled())
}

// Mount serves a handler below a path, and at the root for a proxy that strips the path.
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
	if name, logo := s.Pages.Logo(); name != "" {
		mux.Handle("/"+name, Methods{http.MethodGet: immutable(logo.Type, logo.Data)})
	}
	mux.Handle("/u/{token}", Methods{http.MethodGet: s.showUnsubscribe, http.MethodPost: s.unsubscribe})
	mux.Handle("/u/{token}/undo", Methods{http.MethodPost: s.undo})
	mux.Handle("/s/{token}", Methods{http.MethodGet: s.settings, http.MethodPost: s.save})
	mux.Handle("/s/{token}/add", Methods{http.MethodPost: s.add})
	mux.Handle("/s/{token}/now", Methods{http.MethodPost: s.sendNow})
	mux.Handle("/s/{token}/again", Methods{http.MethodPost: s.retryAddress})
	if s.SettingsLinks != nil {
		mux.Handle(askLinkPath, Methods{http.MethodGet: s.showAskLink, http.MethodPost: s.askLink})
	}
	if s.linkSecret != "" {
		mux.Handle("/settings/forum", Methods{http.MethodGet: s.forumLink})
	}
	mux.Handle("/v/{token}", Methods{http.MethodGet: s.view})
	mux.Handle("/hooks/forum", Methods{http.MethodPost: s.hook})
	if s.Mirror != nil {
		mux.Handle("/ingest", Methods{http.MethodPost: s.ingest})
	}
	if s.Subscriptions != nil {
		mux.Handle(link.SubscribePath, Methods{http.MethodGet: s.showSubscribe, http.MethodPost: s.subscribe})
		mux.Handle(link.SubscribePath+"/{token}", Methods{http.MethodGet: s.showConfirm, http.MethodPost: s.confirm})
	}
	mux.Handle(ProbePath+"{nonce}", Methods{http.MethodGet: probe(s.Links)})
	mux.Handle("/healthz", Methods{http.MethodGet: s.health})
	mux.Handle("/readyz", Methods{http.MethodGet: s.ready})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.denyRequest(w, r, http.StatusNotFound) })
	return mux
}

// ServeHTTP serves a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Methods are the handlers of one page, by method. HEAD is handled as GET; the server leaves out the body. No header or
// parameter can override the method.
type Methods map[string]http.HandlerFunc

// ServeHTTP calls the handler of the request's method.
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

// Styles serves a stylesheet whose name changes with its content.
func Styles(css []byte) http.HandlerFunc { return immutable("text/css; charset=utf-8", css) }

// Script serves a script whose name changes with its content.
func Script(js []byte) http.HandlerFunc { return immutable("text/javascript; charset=utf-8", js) }

// immutable serves content that may be cached forever.
func immutable(kind string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Type", kind)
		w.Write(text)
	}
}

// health responds whether the store can be read.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if err := s.Members.Ping(r.Context()); err != nil {
		s.Log.Warn("health check failed", "err", err)
		http.Error(w, "cannot read the store", http.StatusServiceUnavailable)
		return
	}
	writePlain(w, http.StatusOK, "ok\n")
}

// ready responds whether mail can be sent: no alarm about the forum, the store, the relay or the rounds is active. It names the
// kinds of the alarms, not their details, because the page is public.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	kinds, err := s.Members.BlockingAlarms(r.Context())
	if err != nil {
		s.Log.Warn("readiness check failed", "err", err)
		http.Error(w, "cannot read the store", http.StatusServiceUnavailable)
		return
	}
	if len(kinds) > 0 {
		http.Error(w, fmt.Sprintf("not ready, active alarms: %v", kinds), http.StatusServiceUnavailable)
		return
	}
	writePlain(w, http.StatusOK, "ok\n")
}

func writePlain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text))
}

// language is the language of a page: the member's choice, else the forum's setting, the browser's languages, the site's default.
// A page is shown even if the store cannot be read.
func (s *Server) language(r *http.Request, member forum.MemberID) templates.Language {
	var locales []string
	if member != forum.Guest {
		own, err := s.Members.Locales(r.Context(), member)
		if err != nil {
			s.Log.Warn("cannot load a member's language", "member", member, "err", err)
		}
		locales = own
	}
	return s.Pages.Language(append(locales, r.Header.Get("Accept-Language"))...)
}

// render renders a page and writes it.
func (s *Server) render(w http.ResponseWriter, status int, l templates.Language, name string, data any) {
	page, err := s.Pages.Render(l, name, data)
	if err != nil {
		s.Log.Error("cannot render a page", "page", name, "err", err)
		http.Error(w, "cannot render the page", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", l.Tag())
	w.WriteHeader(status)
	w.Write(page)
}

// checkToken returns the claims of a request's token. If the token is forged or for another page, it writes the response.
func (s *Server) checkToken(w http.ResponseWriter, r *http.Request, allowed func(link.Scope) bool) (link.Claims, bool) {
	grant, err := s.Links.Check(r.PathValue("token"))
	if err == nil && allowed(grant.Scope) {
		return grant, true
	}
	s.middleware.PenalizeForged(r)
	s.messagePage(w, r, http.StatusNotFound, forum.Guest, "invalid_link")
	return link.Claims{}, false
}

// serverError responds that something on our side failed.
func (s *Server) serverError(w http.ResponseWriter, r *http.Request, member forum.MemberID, err error) {
	s.Log.Warn("page failed", "page", r.Pattern, "member", member, "err", err)
	s.messagePage(w, r, http.StatusServiceUnavailable, member, "error")
}
