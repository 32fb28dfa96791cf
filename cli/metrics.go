package cli

import (
	"context"
	"fmt"
	"net"

	"postrider/daemon"
	"postrider/metrics"
	"postrider/web"
)

// openMetrics starts listening for Prometheus on the configured address.
func (a *app) openMetrics(ctx context.Context, counts *metrics.Metrics, d *daemon.Daemon) (serve func() error, err error) {
	if a.cfg.Metrics.Listen == "" {
		return func() error { return nil }, nil
	}
	l, err := net.Listen("tcp", a.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the metrics: %w; choose another metrics.listen", err)
	}
	a.log.Info("metrics open", "listen", l.Addr().String())
	handler := counts.Handler(metrics.Sources{Daemon: d, Store: a.store, Forum: a.forum}, a.log)
	return func() error { return web.Serve(ctx, limitConns(l), handler, a.log) }, nil
}
