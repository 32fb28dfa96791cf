package metrics

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

var now = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// relay accepts all messages, or is unreachable.
type relay struct{ down bool }

func (r *relay) Send(context.Context, string, string, []byte) mail.Outcome {
	if r.down {
		return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, At: now, Err: errors.New("connection refused")}
	}
	return mail.Outcome{Result: mail.Accepted, Stage: mail.Body, At: now}
}

// testDaemon is a daemon with metrics for the sample forum.
type testDaemon struct {
	*testing.T
	metrics *Metrics
	daemon  *daemon.Daemon
	store   *store.Store
	relay   *relay
	log     *bytes.Buffer
	http    http.Handler
}

// loadTemplates loads the built-in templates once, because that takes longer than most tests.
var loadTemplates = sync.OnceValues(func() (*templates.Set, error) { return templates.Load("") })

func newTestDaemon(t *testing.T) *testDaemon {
	t.Helper()
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "forum.db"), sampletest.Forum(t, now), 0o600))
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+filepath.Join(dir, "forum.db"), demo.URL
	forum := must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { forum.Close() })
	s := must(store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "postrider.db")))(t)
	t.Cleanup(func() { s.Close() })
	must(s.Migrate(t.Context()))(t)
	w := &testDaemon{T: t, metrics: New(), store: s, relay: &relay{}, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.daemon = daemon.New(daemon.Deps{
		Forum: forum, Store: s, Log: log, Now: func() time.Time { return now }, Observer: w.metrics, Sender: w.relay,
		Renderer: must(loadTemplates())(t).NewRenderer(templates.Site{Name: demo.Name, URL: demo.URL, Links: forum.Links()}, 100),
		Composer: must(mail.NewComposer("upperberth.example", bytes.Repeat([]byte{2}, 32)))(t),
		Links:    must(link.NewSigner(demo.URL+"/postrider", bytes.Repeat([]byte{1}, 32)))(t),
	}, settings.Settings{
		Digest: settings.DefaultDigest(), Scan: settings.DefaultScan(), Delivery: settings.DefaultDelivery(),
		Site: demo.Name, Host: "upperberth.example", From: netmail.Address{Address: "digest@upperberth.example"},
		Connections: 2, Lease: time.Minute, Owner: "test",
	})
	w.http = w.metrics.Handler(Sources{Daemon: w.daemon, Store: s, Forum: forum}, log)
	return w
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scrape requests and parses the metrics like Prometheus.
func (w *testDaemon) scrape() (map[string]*dto.MetricFamily, string) {
	w.Helper()
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		w.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	text := rec.Body.String()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return must(parser.TextToMetricFamilies(strings.NewReader(text)))(w), text
}

// value returns the value of the metric of a family with the given labels: names and values alternate.
func value(t *testing.T, families map[string]*dto.MetricFamily, family string, labels ...string) float64 {
	t.Helper()
next:
	for _, m := range families[family].GetMetric() {
		for _, l := range m.GetLabel() {
			for i := 0; i < len(labels); i += 2 {
				if l.GetName() == labels[i] && l.GetValue() != labels[i+1] {
					continue next
				}
			}
		}
		return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	t.Errorf("%s%v is missing", family, labels)
	return -1
}

func TestMetrics_CountRound(t *testing.T) {
	t.Parallel()
	w := newTestDaemon(t)
	before, _ := w.scrape()
	if got := value(t, before, "postrider_messages_total", "kind", "digest", "outcome", "accepted"); got != 0 {
		t.Errorf("before the first round, %v messages were accepted", got)
	}
	report := must(w.daemon.RunOnce(t.Context()))(t)
	got, text := w.scrape()
	if report.Sent < 5 {
		t.Fatalf("the round sent %d messages, want 5 or more", report.Sent)
	}
	skipped := 0
	for _, n := range report.Skipped {
		skipped += n
	}
	for _, tt := range []struct {
		family string
		labels []string
		want   float64
	}{
		{"postrider_messages_total", []string{"kind", "digest", "outcome", "accepted"}, float64(report.Sent)},
		{"postrider_messages_total", []string{"kind", "digest", "outcome", "skipped"}, float64(skipped)},
		{"postrider_messages_total", []string{"kind", "alert", "outcome", "accepted"}, 0},
		{"postrider_queue_messages", []string{"kind", "digest", "state", "queued"}, 0},
		{"postrider_round_duration_seconds", []string{"trigger", "once"}, 1},
		{"postrider_round_failures_total", []string{"trigger", "once"}, 0},
		{"postrider_relay_up", []string{"relay", "smtp"}, 1},
		{"postrider_alarms_active", []string{"kind", "relay"}, 0},
		{"postrider_last_scan_timestamp_seconds", nil, float64(now.Unix())},
	} {
		if got := value(t, got, tt.family, tt.labels...); got != tt.want {
			t.Errorf("%s%v = %v, want %v", tt.family, tt.labels, got, tt.want)
		}
	}
	for _, family := range []string{"postrider_forum_statements_total", "postrider_store_statements_total", "go_goroutines", "process_resident_memory_bytes"} {
		if value(t, got, family) <= 0 {
			t.Errorf("%s is not counted", family)
		}
	}
	if strings.Contains(text, "@") || strings.Contains(text, "passengers.example") {
		t.Error("the metrics contain an address")
	}
}

func TestMetrics_ShowUnreachableRelayAndQueue(t *testing.T) {
	t.Parallel()
	w := newTestDaemon(t)
	w.relay.down = true
	must(w.daemon.RunOnce(t.Context()))(t)
	check(t, w.store.Alarms.Save(t.Context(), []store.Alarm{
		{Key: string(alarm.Held) + " a.example", Since: now, Due: now, Seen: now}, {Key: string(alarm.Held) + " b.example", Since: now, Due: now, Seen: now},
	}, nil))
	got, _ := w.scrape()
	if up := value(t, got, "postrider_relay_up", "relay", "smtp"); up != 0 {
		t.Errorf("relay_up = %v, want 0", up)
	}
	if waiting := value(t, got, "postrider_queue_messages", "kind", "digest", "state", "queued"); waiting < 5 {
		t.Errorf("%v messages are queued, want 5 or more", waiting)
	}
	if retried := value(t, got, "postrider_messages_total", "kind", "digest", "outcome", "retry"); retried < 1 {
		t.Errorf("%v attempts will be retried, want 1 or more", retried)
	}
	if held := value(t, got, "postrider_alarms_active", "kind", "held"); held != 2 {
		t.Errorf("%v domains are on hold, want 2", held)
	}
}

func TestMetrics_SurviveUnreadableStore(t *testing.T) {
	t.Parallel()
	w := newTestDaemon(t)
	must(w.daemon.RunOnce(t.Context()))(t)
	check(t, w.store.Close())
	got, _ := w.scrape()
	if value(t, got, "postrider_messages_total", "kind", "digest", "outcome", "accepted") < 5 || value(t, got, "postrider_relay_up", "relay", "smtp") != 1 {
		t.Error("metrics that do not need the store are missing")
	}
	if got["postrider_queue_messages"] != nil || !strings.Contains(w.log.String(), "metrics") {
		t.Errorf("the queue is reported, or the error is not logged: %s", w.log)
	}
}

func TestMetrics_FollowPrometheusConventions(t *testing.T) {
	t.Parallel()
	w := newTestDaemon(t)
	must(w.daemon.RunOnce(t.Context()))(t)
	problems, err := testutil.GatherAndLint(w.metrics.registry)
	check(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestHandler_ServesOnlyMetrics(t *testing.T) {
	t.Parallel()
	w := newTestDaemon(t)
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRequest(http.MethodPost, "/metrics", nil)} {
		rec := httptest.NewRecorder()
		if w.http.ServeHTTP(rec, r); rec.Code != http.StatusNotFound && rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("status of %s %s is %d", r.Method, r.URL, rec.Code)
		}
	}
}
