package web

import (
	"net/http/httptest"
	"testing"
)

func TestApplyForwarded_BelievesOnlyTrustedProxies(t *testing.T) {
	trusted, err := parsePrefixes([]string{"127.0.0.1", "10.0.0.0/8", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, peer, chain, host string
		client, wantHost        string
	}{
		{"no proxy", "192.0.2.1:99", "", "", "192.0.2.1", "pages.example"},
		{"a client that forges the headers", "192.0.2.1:99", "198.51.100.7", "evil.example", "192.0.2.1", "pages.example"},
		{"our proxy", "127.0.0.1:99", "198.51.100.7", "forum.example", "198.51.100.7", "forum.example"},
		{"a forged host before the real one", "127.0.0.1:99", "198.51.100.7", "evil.example, forum.example", "198.51.100.7", "forum.example"},
		{"no real host after a forged one", "127.0.0.1:99", "198.51.100.7", "evil.example,", "198.51.100.7", "pages.example"},
		{"a forged host in front of no proxy", "192.0.2.1:99", "", "forum.example, forum.example", "192.0.2.1", "pages.example"},
		{"our proxy, over IPv4 in IPv6", "[::ffff:127.0.0.1]:99", "198.51.100.7", "", "198.51.100.7", "pages.example"},
		{"a forged entry before the real one", "127.0.0.1:99", "203.0.113.9, 198.51.100.7", "", "198.51.100.7", "pages.example"},
		{"two of our proxies", "127.0.0.1:99", "203.0.113.9, 198.51.100.7, 10.1.2.3", "", "198.51.100.7", "pages.example"},
		{"nothing but proxies", "127.0.0.1:99", "10.1.2.3", "", "10.1.2.3", "pages.example"},
		{"an invalid entry from our proxy", "127.0.0.1:99", "198.51.100.7, unknown", "", "127.0.0.1", "pages.example"},
		{"IPv6", "[2001:db8::1]:99", "2001:db9::5", "", "2001:db9::5", "pages.example"},
		{"a proxy that adds ports", "127.0.0.1:99", "203.0.113.9:4, 198.51.100.7:50123", "", "198.51.100.7", "pages.example"},
		{"ports and IPv6", "127.0.0.1:99", "[2001:db9::5]:50123, 10.1.2.3:80", "", "2001:db9::5", "pages.example"},
		{"IPv6 in brackets", "127.0.0.1:99", "[2001:db9::5]", "", "2001:db9::5", "pages.example"},
		{"no address at all", "@", "198.51.100.7", "", "invalid IP", "pages.example"},
	} {
		r := httptest.NewRequest("GET", "http://pages.example/", nil)
		r.RemoteAddr = tt.peer
		r.Header.Set("X-Forwarded-For", tt.chain)
		if tt.host != "" {
			r.Header.Set("X-Forwarded-Host", tt.host)
		}
		got := trustedProxies(trusted).applyForwarded(r).ClientAddr
		if got.String() != tt.client || r.Host != tt.wantHost {
			t.Errorf("%s: %v at %s, want %s at %s", tt.name, got, r.Host, tt.client, tt.wantHost)
		}
		if len(r.Header) != 0 {
			t.Errorf("%s: handlers still see %v", tt.name, r.Header)
		}
	}
}

func TestApplyForwarded_TakesHostAndSchemeOfProxy(t *testing.T) {
	trusted, err := parsePrefixes([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		hosts, schemes       []string
		wantHost, wantScheme string
	}{
		{[]string{"evil.example", "forum.example"}, []string{"http", "https"}, "forum.example", "https"},
		{[]string{"evil.example, other.example", "forum.example"}, []string{"https, http"}, "forum.example", "http"},
		{[]string{"evil.example,forum.example:8443"}, []string{"https"}, "forum.example:8443", "https"},
		{nil, []string{"gopher"}, "pages.example", "http"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.RemoteAddr = "pages.example", "127.0.0.1:1"
		r.Header["X-Forwarded-Host"], r.Header["X-Forwarded-Proto"] = tt.hosts, tt.schemes
		trustedProxies(trusted).applyForwarded(r)
		if r.Host != tt.wantHost || r.URL.Scheme != tt.wantScheme {
			t.Errorf("with %q and %q the page is at %s://%s, want %s://%s", tt.hosts, tt.schemes, r.URL.Scheme, r.Host, tt.wantScheme, tt.wantHost)
		}
	}
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("198.51.100.7, 10.1.2.3")
	f.Add("[2001:db8::1]:80,,\t")
	f.Fuzz(func(t *testing.T, chain string) {
		trusted, _ := parsePrefixes([]string{"127.0.0.1"})
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header["X-Forwarded-For"] = []string{chain}
		if got := trustedProxies(trusted).applyForwarded(r).ClientAddr; !got.IsValid() {
			t.Errorf("%q: client %v", chain, got)
		}
	})
}

func TestConfig_ReportsEveryError(t *testing.T) {
	good := Config{Listen: "127.0.0.1:8026", URL: "https://forum.example.org/postrider", TrustedProxies: []string{"::1", "10.0.0.0/8"}}
	if err := good.Validate(); err != nil {
		t.Errorf("valid config: %v", err)
	}
	for want, c := range map[string]Config{
		`listen is "8026": must be an address and a port, for example "127.0.0.1:8026"`:                                                                             {URL: good.URL, Listen: "8026"},
		`trusted_proxies has "localhost": must be an address ("127.0.0.1") or a network ("10.0.0.0/8")`:                                                             {URL: good.URL, TrustedProxies: []string{"localhost"}},
		`url is "forum.example.org": must be an http or https URL, the public address of postrider's pages,` + ` for example "https://forum.example.org/postrider"`: {URL: "forum.example.org"},
	} {
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
}
