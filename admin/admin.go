// Package admin serves the admin pages: they show what the daemon does and let administrators act on messages, announcements and
// addresses. It has its own listener; the pages of members (package web) are separate.
//
//	/login /logout  sessions (login.go, login_limit.go, slowlane.go, device.go, session.go, password.go)
//	/               dashboard (dashboard.go, health.go, chart.go)
//	/queue          the outbox (queue.go, message.go, queue_actions.go)
//	/bounces        rejected messages, suppressions, holds (bounces.go)
//	/announcements  announcements (announcements.go, announcement.go, announcement_actions.go, compose.go, audience.go,
//	                audience_summary.go, counter.go, live.go)
//	/members        one member: watches, readable sections, past messages, next digest, choices (members.go, member.go, choices.go)
//	/explain        why a member got a post or did not (explain.go)
//	/settings       configuration, message previews, audit log (settings.go, preview.go, reload.go)
//
// A page is one file of this package and one template in templates/page/admin. To add one, write a method that returns a [page]:
// its name, which is also that of the template, of the word in the navigation ("admin_page.NAME" in the locales) and usually of the
// path; its routes; the names of its confirmations; and samples of its template data, in every state. A test renders the
// samples in every language, and so does [New] if the owner of the site wrote pages, so that errors show at startup. Add the method to Server.pages, in the order of the navigation.
//
// Wrap a handler that only reads in Server.requireLogin, and one that changes anything in Server.requireLoginAndToken. Both need a
// session; the second also needs its token, so its form contains {{template "token" .}}. A handler gets a [request], with the user
// and the language. It ends with request.render, whose data embeds request.newPageFrame(NAME), or after a change with
// request.redirectDone, which writes the audit log. Pass text from the forum, relays and readers to templates unchanged:
// html/template escapes it; put it into <bdi>. Convert times with request.local. Show a message in its own frame: {{template "message_frame" .}}
// and request.serveMessage.
//
// Pages run two scripts of ours, and only for administrators who are logged in. times.js shows times in the browser's zone. live.js
// keeps up to date what request.stream follows, under livePolicy: the changing part of an announcement is its own template, "live",
// which live.go renders again and live.js replaces in the page.
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"postrider/daemon"
	"postrider/daemon/audience"
	"postrider/daemon/explain"
	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/daemon/view"
	"postrider/digest"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
	"postrider/web"
)

// maxFormBytes is the largest form: a list of 200,000 members.
const maxFormBytes = 4 << 20

// pagePolicy allows our stylesheets, forms that post to us and frames of our own, and nothing else: no scripts.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// scriptPolicy also allows our own scripts.
const scriptPolicy = pagePolicy + "; script-src 'self'"

// Deps are what the pages depend on.
type Deps struct {
	Store   *store.Store
	Forum   *source.DB
	Pages   *templates.Pages
	Zone    *time.Location // in which times are displayed
	Proxies []string       // whose X-Forwarded-* and user_header are trusted
	Log     *slog.Logger
	Now     func() time.Time
	Wake    func() // starts a round of the daemon now

	Config        []Setting      // the running configuration
	Site          templates.Site // the site in messages
	Brand         templates.Brand
	Templates     string         // folder that overrides the built-in templates; empty: none
	PreviewDaemon *daemon.Daemon // never run: it only makes previews of alerts
	Renderer      *templates.Renderer
	Links         *link.Signer
	Settings      settings.Settings
	SendTest      func(ctx context.Context, a *digest.Announcement, as, to string) (mail.Outcome, error) // sends one message
}

// Server serves the pages. It is an http.Handler.
type Server struct {
	Deps
	basePath            string
	https               bool
	hosts               map[string]bool
	userHeader          string // header in which the proxy names the user; empty: no proxy logins
	passwordHash        passwordHash
	passwordFingerprint string // AuthMethod of sessions opened with the password; empty: no password
	logins              loginLimits
	loginLock           chan struct{} // held while a password is checked: each check needs much memory
	handler             http.Handler

	previewLock   chan struct{} // held while a preview for a member is made
	resolver      *audience.Resolver
	memberService *members.Service
	viewer        *view.Viewer
	explainer     *explain.Service
	counter       audienceCounter
	rates         rateEstimators
	stopped       chan struct{} // closed by Stop
	stopOnce      sync.Once

	navPages  []string        // page names in the navigation
	doneWords map[string]bool // names of all confirmations
}

// New sets up the pages. It renders those that the owner of the site wrote.
func New(p Deps, c Config) (*Server, error) {
	s := &Server{
		Deps: p, basePath: c.basePath(), https: c.https(), hosts: c.allowedHosts(), userHeader: c.UserHeader,
		logins: newLoginLimits(), loginLock: make(chan struct{}, 1),
		previewLock: make(chan struct{}, 1),
		counter:     audienceCounter{slots: make(chan struct{}, maxParallelCounts)},
		stopped:     make(chan struct{}),
	}
	s.resolver, s.memberService = audience.New(p.Forum, p.Store, p.Settings.Digest), members.New(p.Forum, p.Store, p.Settings)
	s.viewer, s.explainer = view.New(p.Forum, p.Store, p.Settings, p.Renderer, p.Links), newExplainer(p)
	if c.PasswordHash != "" {
		var err error
		if s.passwordHash, err = parseHash(c.PasswordHash); err != nil {
			return nil, err
		}
		s.passwordFingerprint = fingerprint(c.PasswordHash)
	}
	guard, err := web.NewMiddleware(web.Config{URL: c.Address(), TrustedProxies: p.Proxies}, p.Log, p.Store.Values, s.denyRequest)
	if err != nil {
		return nil, err
	}
	guard.MaxBody = maxFormBytes
	// Strangers at the same address must not keep administrators out.
	guard.Credential = func(r *http.Request) web.Credential { return web.Credential{Valid: s.deviceOf(r) != ""} }
	s.doneWords = make(map[string]bool)
	for _, p := range s.pages() {
		s.navPages = append(s.navPages, p.name)
		for _, word := range p.doneWords {
			s.doneWords[word] = true
		}
	}
	s.handler = guard.Wrap(s.checkHost(web.Mount(s.basePath, s.routes())))
	return s, s.renderSamples(s.Pages.AdminSampled())
}

// Stop ends background work: counts of audiences, and streams that follow an announcement.
func (s *Server) Stop() { s.stopOnce.Do(func() { close(s.stopped) }) }

// Close stops the server and waits for its background work. The server must not be used afterwards.
func (s *Server) Close() {
	s.Stop()
	s.counter.running.Wait()
}

// ServeHTTP serves a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// page is a page in the navigation, with everything that belongs to it.
type page struct {
	name      string
	routes    map[string]web.Methods // by path
	doneWords []string               // names of its confirmations, see request.redirectDone
	samples   []sample               // sample data of its templates
}

// pages returns all pages, in the order of the navigation.
func (s *Server) pages() []page {
	return []page{s.dashboardPage(), s.queuePage(), s.announcementsPage(), s.membersPage(), s.explainPage(), s.bouncesPage(), s.settingsPage()}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, sheet := range []func() (string, []byte){s.Pages.Style, s.Pages.AdminStyle} {
		name, css := sheet()
		mux.Handle("/"+name, web.Methods{http.MethodGet: web.Styles(css)})
	}
	for _, script := range []func() (string, []byte){s.Pages.AdminScript, s.Pages.TimesScript} {
		name, js := script()
		mux.Handle("/"+name, web.Methods{http.MethodGet: web.Script(js)})
	}
	mux.Handle("/login", web.Methods{http.MethodGet: s.showLogin, http.MethodPost: s.login})
	mux.Handle("/logout", web.Methods{http.MethodPost: s.requireLoginAndToken(s.logout)})
	for _, p := range s.pages() {
		for path, methods := range p.routes {
			mux.Handle(path, methods)
		}
	}
	mux.Handle("/", web.Methods{http.MethodGet: s.requireLogin(func(v *request) { v.messagePage(http.StatusNotFound, "not_found") })})
	return mux
}

// checkHost rejects requests for a host that is not ours.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		if !s.hosts[strings.ToLower(r.Host)] {
			s.denyRequest(w, r, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
