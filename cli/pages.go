package cli

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"postrider/daemon"
	"postrider/daemon/members"
	"postrider/daemon/view"
	"postrider/web"
)

// web creates the server for the pages that messages link to. It uses the clock of the daemon.
func (h *app) web(d *daemon.Daemon, now func() time.Time) (*web.Server, error) {
	service := members.New(h.forum, h.store, h.settings())
	s, err := web.New(web.Deps{
		Members: service, Viewer: view.New(h.forum, h.store, h.settings(), h.renderer, h.links), Links: h.links, Forum: h.cfg.Forum.Name,
		Pages: h.set.Pages(h.site(), base(h.cfg.Web.URL)), Log: h.log, Now: now, Wake: d.Wake,
	}, h.cfg.Web.Config)
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
func (h *app) openPages(ctx context.Context, d *daemon.Daemon, now func() time.Time) (serve func() error, err error) {
	if h.cfg.Web.Listen == "" {
		return func() error { return nil }, nil
	}
	s, err := h.web(d, now)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", h.cfg.Web.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the pages: %w; choose another web.listen", err)
	}
	h.log.Info("pages open", "listen", l.Addr().String(), "url", h.cfg.Web.URL)
	return func() error { return web.Serve(ctx, limitConns(l), s, h.log) }, nil
}
