package cli

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"postrider/alarm"
	"postrider/mirror"
	"postrider/source"
	"postrider/web"
)

// A forum that cannot be reached is tried again after forumRetryInterval, then less often, up to maxForumRetryInterval.
const (
	forumRetryInterval    = time.Second
	maxForumRetryInterval = 15 * time.Second
)

// errReload interrupts waiting for the forum: the configuration may name another one by now.
var errReload = errors.New("reload")

// awaitForum opens the forum. While its server cannot be reached, for example because it starts later than postrider, it waits.
// After two minutes there is an alarm. The pages answer 503, so that a monitoring system sees a daemon that is alive and not ready.
func (c *cmdEnv) awaitForum(ctx context.Context, s *service) error {
	err := s.openForum(ctx)
	if !isUnreachable(err) {
		return err
	}
	d, broken := s.app.daemon(ctx, s.sender, s.clock)
	if broken != nil {
		return broken
	}
	defer s.openWaitingPages(ctx)()
	for wait := forumRetryInterval; isUnreachable(err); wait = min(2*wait, maxForumRetryInterval) {
		s.log.Warn("forum unreachable, retrying", "err", err, "wait", wait)
		d.RaiseAlarm(ctx, alarm.Forum, err)
		select {
		case <-ctx.Done():
			return err
		case <-c.hangups:
			return errReload
		case <-time.After(wait):
		}
		err = s.openForum(ctx)
	}
	if err == nil {
		s.log.Info("forum reachable")
	}
	return err
}

func isUnreachable(err error) bool {
	_, ok := errors.AsType[source.UnreachableError](err)
	return ok || errors.Is(err, mirror.ErrUnreachable)
}

// openWaitingPages serves pages that say that the forum is down. The returned function closes them; the socket stays open.
func (s *service) openWaitingPages(ctx context.Context) (done func()) {
	if s.cfg.Web.Listen == "" {
		return func() {}
	}
	l, err := s.listen("web", s.cfg.Web.Listen)
	if err != nil { // reported when the pages are opened
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := web.Serve(ctx, limitConns(l), waitingPages(base(s.cfg.Web.URL)), s.log); err != nil {
			s.log.Error("pages closed", "err", err)
		}
	})
	return func() {
		cancel()
		serving.Wait()
	}
}

// waitingPages answers while the forum is down: the daemon is alive, but not ready.
func waitingPages(base string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "not ready: the forum's database cannot be reached", http.StatusServiceUnavailable)
	})
	return web.Mount(base, mux)
}

// waitFor waits for a time, or until ctx ends.
func waitFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
