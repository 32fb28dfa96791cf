// Package metrics provides metrics of a daemon for Prometheus.
//
// [Metrics] is a daemon.Observer. It counts events in memory, for this process only. The state of the store and the relays is
// read at each scrape (collector.go). Metrics contain no names or addresses of members. The number of messages is still
// confidential, so metrics have a separate listener, which is off by default.
package metrics

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postrider/bounce"
	"postrider/daemon"
	"postrider/daemon/delivery"
)

// Metrics holds the counters. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	messages *prometheus.CounterVec
	rounds   *prometheus.HistogramVec
	failures *prometheus.CounterVec
	inbound  *prometheus.CounterVec
	lastScan prometheus.Gauge

	mu      sync.Mutex
	sources prometheus.Collector // of the latest Handler; nil: none
}

// New returns Metrics with all counters at zero.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postrider_messages_total", Help: "Delivery attempts, by outcome.",
		}, []string{"kind", "outcome"}),
		rounds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postrider_round_duration_seconds", Help: "Duration of rounds, by what triggered them.",
			Buckets: []float64{.01, .05, .25, 1, 5, 15, 60, 300, 1800},
		}, []string{"trigger"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postrider_round_failures_total", Help: "Failed rounds, by what triggered them.",
		}, []string{"trigger"}),
		inbound: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postrider_inbound_messages_total", Help: "Inbound messages, by what they are.",
		}, []string{"kind"}),
		lastScan: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "postrider_last_scan_timestamp_seconds", Help: "Unix time of the last successful scan of the forum; 0 before the first.",
		}),
	}
	for _, kind := range daemon.Kinds { // a counter without events is 0, not missing
		for _, outcome := range delivery.Outcomes {
			m.messages.WithLabelValues(kind, string(outcome))
		}
	}
	for _, kind := range bounce.Kinds {
		m.inbound.WithLabelValues(string(kind))
	}
	m.registry.MustRegister(m.messages, m.rounds, m.failures, m.inbound, m.lastScan, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// RoundFinished implements daemon.Observer.
func (m *Metrics) RoundFinished(tick string, r daemon.Report, err error) {
	m.rounds.WithLabelValues(tick).Observe(r.Took.Seconds())
	faults := m.failures.WithLabelValues(tick)
	if err != nil {
		faults.Inc()
	}
}

// ScanFinished implements daemon.Observer.
func (m *Metrics) ScanFinished(at time.Time) { m.lastScan.Set(float64(at.Unix())) }

// MessageSettled implements daemon.Observer.
func (m *Metrics) MessageSettled(kind string, o delivery.OutcomeKind) {
	m.messages.WithLabelValues(kind, string(o)).Inc()
}

// InboundReceived counts an inbound message.
func (m *Metrics) InboundReceived(kind bounce.Kind) { m.inbound.WithLabelValues(string(kind)).Inc() }

// Handler serves metrics at /metrics. It logs and leaves out metrics that cannot be read at the moment.
func (m *Metrics) Handler(from Sources, log *slog.Logger) http.Handler {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sources != nil {
		m.registry.Unregister(m.sources)
	}
	m.sources = newCollector(from)
	m.registry.MustRegister(m.sources)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: 2, Timeout: 10 * time.Second,
	}))
	return mux
}
