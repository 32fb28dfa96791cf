package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"postrider/internal/finding"
)

func TestPage_Findings(t *testing.T) {
	site := http.NewServeMux()
	site.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	site.Handle("GET /moved", http.RedirectHandler("/healthz", http.StatusFound))
	server := httptest.NewTLSServer(site)
	defer server.Close()
	tests := []struct {
		name, address string
		client        *http.Client
		level         finding.Level
		says          string
	}{
		{"available", server.URL + "/healthz", server.Client(), finding.LevelOK, "answers"},
		{"redirected", server.URL + "/moved", server.Client(), finding.LevelFail, "redirects to /healthz"},
		{"not found", server.URL + "/none", server.Client(), finding.LevelWarn, "answers 404"},
		{"it is in clear", "http://forum.example.org/healthz", server.Client(), finding.LevelFail, "not https"},
		{"untrusted certificate", server.URL + "/healthz", http.DefaultClient, finding.LevelWarn, "certificate"},
		{"nobody listens", "https://127.0.0.1:1/healthz", server.Client(), finding.LevelWarn, "cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, clock := Page(t.Context(), tt.client, tt.address)
			if f.Level != tt.level || !strings.Contains(f.Text, tt.says) || (f.Fix == "") != (f.Level == finding.LevelOK) {
				t.Errorf("found %+v, want %s and %q", f, tt.level, tt.says)
			}
			if answered := tt.client == server.Client() && strings.HasPrefix(tt.address, server.URL); answered == clock.IsZero() {
				t.Errorf("server clock = %v", clock)
			}
		})
	}
}

func TestTLSFinding_Levels(t *testing.T) {
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	until := func(d time.Duration) *tls.ConnectionState {
		return &tls.ConnectionState{Version: tls.VersionTLS13, PeerCertificates: []*x509.Certificate{{NotAfter: now.Add(d)}}}
	}
	tests := []struct {
		name    string
		state   *tls.ConnectionState
		private bool
		level   finding.Level
		says    string
	}{
		{"unencrypted on a local network", nil, true, finding.LevelOK, "does not leave"},
		{"unencrypted across the internet", nil, false, finding.LevelWarn, "can read the messages"},
		{"encrypted", until(90 * 24 * time.Hour), false, finding.LevelOK, "TLS 1.3, certificate expires 2026-08-02 (in 90 days)"},
		{"a certificate that expires soon", until(13 * 24 * time.Hour), false, finding.LevelWarn, "in 13 days"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f := TLSFinding(tt.state, tt.private, now); f.Level != tt.level || !strings.Contains(f.Text, tt.says) || (f.Fix == "") != (f.Level == finding.LevelOK) {
				t.Errorf("found %+v, want %s and %q", f, tt.level, tt.says)
			}
		})
	}
}

func TestClock_AllowsOneMinute(t *testing.T) {
	tests := []struct {
		name   string
		others []ClockReading
		level  finding.Level
		says   string
	}{
		{"no other clock", nil, finding.LevelOK, "no other clock"},
		{"in sync", []ClockReading{{"the forum's database", 300 * time.Millisecond}, {"the store", -59 * time.Second}}, finding.LevelOK, "the forum's database is in sync, the store is 59s behind"},
		{"out of sync", []ClockReading{{"the store", 0}, {"the forum's database", 61 * time.Second}}, finding.LevelWarn, "the forum's database is 1m1s ahead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f := Clock(tt.others); f.Level != tt.level || !strings.Contains(f.Text, tt.says) || (f.Fix == "") != (f.Level == finding.LevelOK) {
				t.Errorf("found %+v, want %s and %q", f, tt.level, tt.says)
			}
		})
	}
}
