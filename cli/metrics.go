package cli

import (
	"context"
	"fmt"

	"postrider/metrics"
	"postrider/web"
)

// openMetrics starts listening for Prometheus on the configured address.
func (s *service) openMetrics(ctx context.Context) (serve func() error, err error) {
	if s.cfg.Metrics.Listen == "" {
		return func() error { return nil }, nil
	}
	l, err := s.listen("metrics", s.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the metrics: %w; choose another metrics.listen", err)
	}
	s.log.Info("metrics open", "listen", l.Addr().String())
	return func() error {
		handler := s.counts.Handler(metrics.Sources{Daemon: s.daemon, Store: s.store, Forum: s.forum}, s.log)
		return web.Serve(ctx, limitConns(l), handler, s.log)
	}, nil
}
