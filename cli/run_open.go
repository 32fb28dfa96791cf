package cli

import (
	"context"
	"fmt"
	"sync"

	"postrider/inbound"
)

// running is a service with open listeners.
type running struct {
	*service
	listeners []func() error // each serves until closePages
	intake    *inbound.Receivers

	stopDaemon func()     // does nothing before start
	ended      chan error // the result of the daemon
	pages      sync.WaitGroup
	closePages func()
	endInbound func()
}

// open opens all listeners, or takes over the open sockets of the service before. Nothing is served before start.
func (s *service) open(ctx context.Context) (*running, error) {
	s.sockets.unmark()
	r := &running{service: s, ended: make(chan error, 1), endInbound: func() {}, stopDaemon: func() {}}
	var pages context.Context
	pages, r.closePages = context.WithCancel(ctx)
	for _, open := range []func(context.Context) (func() error, error){s.openNeededPages, s.openAdmin, s.openMetrics} {
		serve, err := open(pages)
		if err != nil {
			r.closePages()
			return nil, err
		}
		r.listeners = append(r.listeners, serve)
	}
	var err error
	if r.intake, err = s.inbound.Open(s.cfg.Bounces.Config); err != nil {
		r.closePages()
		return nil, err
	}
	return r, nil
}

// openNeededPages is openPages for a service whose messages leave. A trial with --mail-dir needs no pages.
func (s *service) openNeededPages(ctx context.Context) (func() error, error) {
	serve, err := s.openPages(ctx)
	if err != nil && s.mailDir != "" {
		s.log.Warn("the pages are not served", "err", err)
		return func() error { return nil }, nil
	}
	return serve, err
}

// servePages serves the listeners of pages in the background.
func (r *running) servePages() {
	for _, serve := range r.listeners {
		r.pages.Go(func() {
			if err := serve(); err != nil { // delivery continues
				r.log.Error("pages closed", "err", err)
			}
		})
	}
}

// testLinks fails if the links in messages would not open the pages. They must be served. A trial with --mail-dir needs none.
func (r *running) testLinks(ctx context.Context) error {
	if r.mailDir != "" {
		return nil
	}
	return r.probePages(ctx)
}

// start receives messages and runs the daemon in the background.
func (r *running) start(ctx context.Context) {
	r.endInbound = r.startInbound(ctx, r.intake)
	var working context.Context
	working, r.stopDaemon = context.WithCancel(ctx)
	go func() { r.ended <- r.serve(ctx, working) }()
}

// serve runs the daemon until working ends. If ctx ends, messages that are being sent get a limited time.
func (s *service) serve(ctx, working context.Context) error {
	defer killAfterGrace(ctx, s.closeSenders)()
	var tending sync.WaitGroup
	tending.Go(func() { s.tendMirror(working) })
	defer tending.Wait()
	return s.daemon.Run(working)
}

// logStart logs what is running.
func (s *service) logStart() {
	warnDescriptors(s.log)
	s.log.Info("postrider started", "version", readVersion().Version, "forum", s.cfg.Forum.Type, "url", s.cfg.Forum.URL)
}

// pause stops the daemon and the receivers between two rounds. Messages that are being sent are finished and their results are
// saved, so that the next service sends none of them again. The pages stay open.
func (r *running) pause(ctx context.Context) error {
	r.stopDaemon()
	err := <-r.ended
	for ctx.Err() == nil && err != nil {
		r.log.Warn("cannot save delivery results, reload waits", "err", err)
		waitFor(ctx, forumRetryInterval)
		err = r.daemon.FlushUnsettled(ctx)
	}
	if err == nil {
		err = r.store.Outbox.Abandon(ctx, r.owner)
	}
	r.endInbound()
	r.endInbound = func() {}
	if err != nil {
		return fmt.Errorf("stopping for a reload: %w", err)
	}
	return nil
}

// finish closes the pages when their requests are done, and what belongs to this service alone.
func (r *running) finish() {
	r.stopDaemon()
	r.endInbound()
	r.closePages()
	r.pages.Wait()
	r.retire()
}
