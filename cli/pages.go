package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"postrider/daemon"
	"postrider/daemon/members"
	"postrider/daemon/subscription"
	"postrider/daemon/view"
	"postrider/web"
)

// web creates the server for the pages that messages link to. It uses the clock of the daemon.
func (a *app) web(d *daemon.Daemon, now func() time.Time) (*web.Server, error) {
	service := members.New(a.forum, a.store, a.settings())
	var subscriptions *subscription.Service
	if a.mirror != nil {
		a.mirror.Unsubscribed = service.Unsubscribed
	}
	if a.mirror != nil && a.cfg.Mirror.Subscribe {
		subscriptions = subscription.New(subscription.NewReader(a.links, a.forum, service), a.mirror, a.store, a.cfg.Mirror.Config)
	}
	var links *subscription.SettingsLinks
	if !a.cfg.Web.NoLinks() {
		links = subscription.NewSettingsLinks(a.links, a.store)
	}
	s, err := web.New(web.Deps{
		Members: service, Viewer: view.New(a.forum, a.store, a.settings(), a.renderer, a.links), Links: a.links, Forum: a.cfg.Forum.Name,
		Pages: a.set.Pages(a.site(), base(a.cfg.Web.URL)), Log: a.log, Now: now, Wake: d.Wake, Values: a.store.Values,
		Mirror: a.mirror, Push: a.cfg.Mirror.PushSecret, Subscriptions: subscriptions, SettingsLinks: links,
	}, a.cfg.Web.Config)
	if err != nil {
		return nil, fmt.Errorf("setting up the pages: %w", err)
	}
	return s, nil
}

// base returns the path of a URL without its trailing slash.
func base(address string) string {
	u, err := url.Parse(address)
	if err != nil { // the configuration was checked
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// openPages starts listening on web.listen. The returned function serves until ctx ends. It does nothing if no address
// is set.
func (s *service) openPages(ctx context.Context) (serve func() error, err error) {
	if s.cfg.Web.Listen == "" {
		return func() error { return nil }, nil
	}
	pages, err := s.web(s.daemon, s.clock)
	if err != nil {
		return nil, err
	}
	l, err := s.listen("web", s.cfg.Web.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the pages: %w; choose another web.listen", err)
	}
	s.log.Info("pages open", "listen", l.Addr().String(), "url", s.cfg.Web.URL)
	fair, err := web.LimitPerAddress(l, pageConns(maxDescriptors()), s.cfg.Web.Config)
	if err != nil {
		return nil, err
	}
	return func() error { return web.Serve(ctx, limitConns(fair), pages, s.log) }, nil
}
