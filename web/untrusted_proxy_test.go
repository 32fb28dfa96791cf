package web

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestUntrustedProxyReport_LogsOnceAnHour(t *testing.T) {
	var log bytes.Buffer
	u := untrustedProxyReport{log: slog.New(slog.NewTextHandler(&log, nil))}
	start := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for minute := range 150 {
		u.report(t.Context(), netip.MustParseAddr("127.0.0.1"), start.Add(time.Duration(minute)*time.Minute))
	}
	if got := strings.Count(log.String(), "addr=127.0.0.1"); got != 3 {
		t.Errorf("logged %d times in 150 minutes, want 3:\n%s", got, &log)
	}
}
