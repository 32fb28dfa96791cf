package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"postrider/config"
)

// runReloading runs a service until ctx ends, if confirm lets it start. At each hangup signal it builds another one from the configuration, and lets that
// take over. If the new configuration is wrong, the service keeps running.
//
// A reload is a restart inside the process: everything that is derived from the configuration is built again, so no key needs
// extra code. docs/decisions/0007-reload.md says why.
func (c *cmdEnv) runReloading(ctx context.Context, s *service, confirm func(*service) error) error {
	var retired sync.WaitGroup // services that still finish requests
	defer retired.Wait()
	r, err := s.open(ctx)
	if err != nil {
		s.stop()
		return err
	}
	r.servePages()
	err = r.testLinks(ctx)
	if err == nil {
		err = confirm(s)
	}
	if err != nil {
		r.finish()
		if ctx.Err() != nil { // stopped meanwhile, which is no failure
			err = nil
		}
		return errors.Join(err, r.closeShared())
	}
	r.logStart()
	r.start(ctx)
	for {
		select {
		case <-c.hangups:
			next, err := c.prepareReload(ctx, r.service)
			if err != nil {
				r.log.Error("configuration not reloaded, the old one stays in use", "err", err)
				continue
			}
			if err := r.pause(ctx); err != nil {
				next.retire()
				r.finish()
				return errors.Join(err, r.closeShared())
			}
			old := r
			retired.Go(old.finish)
			r = next
			r.sockets.closeUnused()
			r.servePages()
			if r.cfg.Web.URL != old.cfg.Web.URL {
				if err := r.testLinks(ctx); err != nil {
					r.log.Error("cannot reach the pages", "err", err)
				}
			}
			r.start(ctx)
		case err := <-r.ended:
			r.finish()
			r.log.Info("postrider stopped")
			retired.Wait()
			return errors.Join(err, r.closeShared())
		}
	}
}

// prepareReload builds a service from the configuration as it is now. The current one keeps running.
func (c *cmdEnv) prepareReload(ctx context.Context, current *service) (_ *running, err error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	kept := cfg.KeepUntilRestart(current.cfg)
	a, err := c.newApp(cfg)
	if err != nil {
		return nil, err
	}
	a.store, a.owner, a.watcher, a.rehearse = current.store, current.owner, current.counts, current.app.rehearse
	next := &service{app: a, shared: current.shared, closeSenders: func() {}}
	defer func() {
		if err != nil {
			next.retire()
		}
	}()
	if err := next.build(ctx); err != nil {
		return nil, err
	}
	r, err := next.open(ctx)
	if err != nil {
		return nil, err
	}
	// Last, because it changes what other daemons must agree with.
	if err := next.store.AgreeOnSettings(ctx, cfg.Shared()); err != nil {
		r.closePages()
		return nil, err
	}
	logReload(next, current.cfg, kept)
	return r, nil
}

// build opens what depends on the configuration, except for the store and the sockets.
func (s *service) build(ctx context.Context) (err error) {
	if err := s.signLinks(ctx); err != nil {
		return err
	}
	sender, closeSenders, err := s.app.sender(s.mailDir)
	if err != nil {
		return err
	}
	s.sender, s.closeSenders = sender, closeSenders
	if err := s.openForum(ctx); err != nil {
		return err
	}
	if err := s.selfCheck(ctx); err != nil {
		return err
	}
	return s.connect(ctx)
}

// logReload says which keys have changed, and which of them need a restart.
func logReload(s *service, old config.Config, kept []string) {
	s.log.Info("configuration reloaded", "changed", strings.Join(s.cfg.Changed(old), ", "))
	if len(kept) > 0 {
		s.log.Warn("restart needed for: " + strings.Join(kept, ", "))
	}
}

// retire closes what belongs to this service alone.
func (s *service) retire() {
	s.closeSenders()
	s.closeForum()
}

// closeShared closes what all services of the process share.
func (s *service) closeShared() error {
	s.sockets.close()
	return s.store.Close()
}

// listen returns a listener on a TCP address. The socket outlives the service.
func (s *service) listen(name, address string) (net.Listener, error) {
	return s.sockets.listen(name, func() (net.Listener, error) { return net.Listen("tcp", address) })
}

// lockedWriter makes a writer safe for several logs: during a reload, the old and the new one are in use.
type lockedWriter struct {
	mu sync.Mutex
	io.Writer
}

// Write implements io.Writer.
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Writer.Write(p)
}
