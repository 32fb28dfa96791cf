// Package admin is the room for administrators: pages that show what the daemon does, and that change what becomes of
// mails. It has a listener of its own; the pages that members see (web) know nothing of it.
//
//	/login /logout  come and go (login.go, session.go, password.go)
//	/               today (today.go, health.go, chart.go)
//	/queue          the outbox (queue.go, mail.go, order.go)
//	/bounces        refusals, suppressed addresses, held domains (bounces.go)
//	/announcements  what administrators write to members (announcements.go, announcement.go, orders.go, compose.go, audience.go,
//	                counter.go, live.go)
//	/members        one member: what he watches, may read, got and will get (members.go, member.go)
//	/explain        what became of a post for a member (explain.go)
//	/settings       the configuration, the mails as they look, who did what (settings.go, preview.go)
//
// A page is one file of this package and one template in templates/page/admin. To add one, write a method that gives a
// [page]: its name, under which the template, the word in the navigation ("admin_page.NAME" of the locales) and usually
// the path go; its routes; the words for what it does; and samples of what its template is given, in every state, which [New] renders in every
// language so that faults show at the start. Name the method in Server.pages, in the order of the navigation.
//
// What only looks is wrapped in Server.see, what changes anything in Server.change: both ask for a session, the latter for
// its token too, so a form has {{template "token" .}} in it. A handler is given a [request], which says who asks and in which
// language. It ends with visit.show, whose data embeds visit.pageFrame(NAME), or after a change with visit.done, which writes
// the audit log and leads back. What comes from the forum, from relays and from readers goes into templates as it is: html/template escapes
// it; put it into <bdi>. Times go through visit.local. A mail is shown in a frame of its own: {{template "letter" .}} and visit.letter.
//
// No page runs a script but one that follows something by visit.stream, under livePolicy: what moves of an announcement is a
// template of its own, "live", which live.go renders anew and live.js puts in its place.
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"postrider/daemon"
	"postrider/digest"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
	"postrider/web"
)

// maxFormBytes is how many bytes a form may bring: a list of 200,000 members.
const maxFormBytes = 4 << 20

// pagePolicy lets our stylesheets work, forms come back to us, and frames show what we serve; nothing else: no script.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// Deps are the rooms that the pages work with.
type Deps struct {
	Store   *store.Store
	Forum   *source.DB
	Pages   *templates.Pages
	Zone    *time.Location // in which times are shown
	Proxies []string       // whose X-Forwarded-* and user_header are believed
	Log     *slog.Logger
	Now     func() time.Time
	Wake    func() // lets the daemon look at once for what is to be sent

	Config        []Setting      // that the daemon runs with
	Site          templates.Site // that mails speak of
	Templates     string         // folder that overlays the shipped ones; empty: none does
	PreviewDaemon *daemon.Daemon // that is never run: it makes previews of alerts
	Renderer      *templates.Renderer
	Links         *link.Signer
	Settings      daemon.Settings
	SendTest      func(ctx context.Context, a *digest.Announcement, as, to string) (mail.Outcome, error) // hands one mail over: see daemon.TryAnnouncement
}

// Server shows the pages. It is an http.Handler.
type Server struct {
	Deps
	basePath            string
	https               bool
	hosts               map[string]bool
	userHeader          string // of the proxy, with the user's name; empty: it logs nobody in
	passwordHash        passwordHash
	passwordFingerprint string          // of sessions that the password has opened; empty: there is no password
	loginLimits         web.RateLimiter // of passwords, by address
	globalLoginLimit    *rate.Limiter   // tries of all addresses together
	loginLock           chan struct{}   // holds one while a password is tried: each try costs much memory
	handler             http.Handler

	previewLock   chan struct{} // holds one while a preview for a member is made
	resolver      *daemon.Resolver
	memberService *daemon.MemberService
	viewer        *daemon.Viewer
	explainer     *daemon.Explainer
	counter       audienceCounter
	rates         rateEstimators
	stopped       chan struct{} // is closed by Stop
	stopOnce      sync.Once

	navPages  []string        // names of the pages in the navigation
	doneWords map[string]bool // what pages may say that was done
}

// New readies the pages, and tries each of them in every language.
func New(p Deps, c Config) (*Server, error) {
	s := &Server{
		Deps: p, basePath: c.basePath(), https: c.https(), hosts: c.allowedHosts(), userHeader: c.UserHeader,
		loginLimits: web.NewRateLimiter(loginsPerSecond, loginBurst), globalLoginLimit: rate.NewLimiter(globalLoginsPerSecond, globalLoginBurst), loginLock: make(chan struct{}, 1),
		previewLock: make(chan struct{}, 1),
		counter:     audienceCounter{slots: make(chan struct{}, maxParallelCounts)},
		stopped:     make(chan struct{}),
	}
	s.resolver, s.memberService = daemon.NewHerald(p.Forum, p.Store, p.Settings.Digest), daemon.NewMemberService(p.Forum, p.Store, p.Settings)
	s.viewer, s.explainer = daemon.NewViewer(s.memberService, p.Renderer, p.Links), daemon.NewExplainer(p.Forum, p.Store, p.Renderer, p.Links, p.Settings)
	if c.PasswordHash != "" {
		var err error
		if s.passwordHash, err = parseHash(c.PasswordHash); err != nil {
			return nil, err
		}
		s.passwordFingerprint = fingerprint(c.PasswordHash)
	}
	guard, err := web.NewMiddleware(web.Config{URL: c.Address(), TrustedProxies: p.Proxies}, p.Log, s.denyRequest)
	if err != nil {
		return nil, err
	}
	guard.MaxBody = maxFormBytes
	s.doneWords = make(map[string]bool)
	for _, p := range s.pages() {
		s.navPages = append(s.navPages, p.name)
		for _, word := range p.doneWords {
			s.doneWords[word] = true
		}
	}
	s.handler = guard.Wrap(s.checkHost(web.Mount(s.basePath, s.routes())))
	return s, s.renderAllSamples()
}

// Stop ends what goes on by itself: counting, and streams that follow an announcement.
func (s *Server) Stop() { s.stopOnce.Do(func() { close(s.stopped) }) }

// Close stops, and waits for what ends thereby. Nothing may be asked of it any more.
func (s *Server) Close() {
	s.Stop()
	s.counter.running.Wait()
}

// ServeHTTP shows a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// page is a page of the room, with all that belongs to it.
type page struct {
	name      string
	routes    map[string]web.Methods // by path
	doneWords []string               // what it may say that was done, see visit.done
	samples   []sample               // what its templates are given
}

// pages are all pages, in the order of the navigation.
func (s *Server) pages() []page {
	return []page{s.dashboardPage(), s.queuePage(), s.announcementsPage(), s.membersPage(), s.explainPage(), s.bouncesPage(), s.settingsPage()}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, sheet := range []func() (string, []byte){s.Pages.Style, s.Pages.AdminStyle} {
		name, css := sheet()
		mux.Handle("/"+name, web.Methods{http.MethodGet: web.Styles(css)})
	}
	script, js := s.Pages.AdminScript()
	mux.Handle("/"+script, web.Methods{http.MethodGet: web.Script(js)})
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

// checkHost lets nobody in who asks for another host than ours.
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
