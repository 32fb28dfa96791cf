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

// prove is the proof of the pages in these tests.
func prove(nonce string) string { return "postrider ours " + nonce }

func TestProbe_Findings(t *testing.T) {
	site := http.NewServeMux()
	site.HandleFunc("GET /ours/probe/{nonce}", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(prove(r.PathValue("nonce")) + "\n")) })
	site.HandleFunc("GET /theirs/probe/{nonce}", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("postrider other")) })
	site.HandleFunc("GET /page/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/1.22.1")
		w.Write([]byte("<html>Welcome to the forum"))
	})
	site.HandleFunc("GET /apache/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "Apache/2.4")
		w.WriteHeader(http.StatusNotFound)
	})
	site.HandleFunc("GET /caddy/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "Caddy")
		w.WriteHeader(http.StatusBadGateway)
	})
	site.HandleFunc("GET /login/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	site.HandleFunc("GET /slow/", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	site.Handle("GET /moved/", http.RedirectHandler("/ours/probe/x", http.StatusFound))
	server := httptest.NewTLSServer(site)
	defer server.Close()
	clear := httptest.NewServer(site)
	defer clear.Close()
	client := server.Client()
	client.Timeout = 500 * time.Millisecond
	tests := []struct {
		name, url string
		client    *http.Client
		level     finding.Level
		proved    bool
		says, fix string
	}{
		{"ours", server.URL + "/ours", client, finding.LevelOK, true, "answers", ""},
		{"without https", clear.URL + "/ours/", client, finding.LevelWarn, true, "only on this machine", "https"},
		{"another store", server.URL + "/theirs", client, finding.LevelFail, false, "another store", "its own web.url"},
		{"a page of the forum", server.URL + "/page", client, finding.LevelFail, false, "answers 200, but not from postrider", "location ^~ /page/ { proxy_pass http://127.0.0.1:8026; }"},
		{"not found at Apache", server.URL + "/apache", client, finding.LevelFail, false, "answers 404, but not from postrider", "ProxyPass /apache/ http://127.0.0.1:8026/apache/"},
		{"Caddy forwards to nothing", server.URL + "/caddy", client, finding.LevelFail, false, "cannot reach postrider", "handle /caddy/* { reverse_proxy 127.0.0.1:8026 }"},
		{"behind a login", server.URL + "/login", client, finding.LevelFail, false, "does not let everyone in", "without a login"},
		{"redirected to ours", server.URL + "/moved", client, finding.LevelFail, false, "redirects to /ours", "without a redirect"},
		{"slow", server.URL + "/slow", client, finding.LevelFail, false, "no answer", "probe = false"},
		{"untrusted certificate", server.URL + "/ours", &http.Client{}, finding.LevelFail, false, "certificate", "public authority"},
		{"nothing listens", "https://127.0.0.1:1", client, finding.LevelFail, false, "connection refused", "probe = false"},
		{"unknown host", "https://forum.invalid/postrider", client, finding.LevelFail, false, "cannot be reached", "probe = false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Pages{URL: tt.url, Path: "/probe/", Prove: prove, Listen: "127.0.0.1:8026"}
			a := p.Probe(t.Context(), tt.client)
			if f := a.Finding; f.Level != tt.level || a.Proved != tt.proved || !strings.Contains(f.Text, tt.says) || !strings.Contains(f.Fix, tt.fix) || (f.Fix == "") != (f.Level == finding.LevelOK) {
				t.Errorf("found %+v, want %s, %q and the fix %q", a, tt.level, tt.says, tt.fix)
			}
			if tt.proved && a.Clock.IsZero() {
				t.Error("the server's clock is unknown")
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
			if f := TLSFinding("smtp", tt.state, tt.private, now); f.Level != tt.level || !strings.Contains(f.Text, tt.says) || (f.Fix == "") != (f.Level == finding.LevelOK) {
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
