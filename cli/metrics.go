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
func (h *app) openMetrics(ctx context.Context, counts *metrics.Metrics, d *daemon.Daemon) (serve func() error, err error) {
	if h.cfg.Metrics.Listen == "" {
		return func() error { return nil }, nil
	}
	l, err := net.Listen("tcp", h.cfg.Metrics.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the metrics: %w; choose another metrics.listen", err)
	}
	h.log.Info("metrics open", "listen", l.Addr().String())
	handler := counts.Handler(metrics.Sources{Daemon: d, Store: h.store, Forum: h.forum}, h.log)
	return func() error { return web.Serve(ctx, limitConns(l), handler, h.log) }, nil
}
