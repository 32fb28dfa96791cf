package mirror

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestRedirectGuard_KeepsFeedsOfTheInternetOutOfPrivateNetworks(t *testing.T) {
	const public, private = "192.0.2.7:80", "10.0.0.1:80"
	for _, tt := range []struct {
		name     string
		first    string // the address of the feed itself
		redirect string
		want     error
	}{
		{"to another public address", public, "[2001:db8::1]:443", nil},
		{"to a private address", public, private, errPrivateRedirect},
		{"to this machine", public, "127.0.0.1:3306", errPrivateRedirect},
		{"to this machine as IPv6", public, "[::1]:80", errPrivateRedirect},
		{"to a private address, written as IPv6", public, "[::ffff:10.0.0.1]:80", errPrivateRedirect},
		{"to the metadata of a cloud", public, "169.254.169.254:80", errPrivateRedirect},
		{"within a private network", private, "192.168.1.1:80", nil},
		{"from a private network to the Internet", private, public, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var g redirectGuard
			if err := g.control("tcp", tt.first, nil); err != nil {
				t.Fatalf("the feed itself: %v", err)
			}
			if err := g.check(&http.Request{URL: &url.URL{Scheme: "https"}}, nil); err != nil {
				t.Fatal(err)
			}
			if err := g.control("tcp", tt.redirect, nil); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestIsPrivate(t *testing.T) {
	for text, want := range map[string]bool{
		"192.0.2.7": false, "2001:db8::1": false, "8.8.8.8": false, "10.1.2.3": true, "172.16.0.1": true, "192.168.0.1": true, "127.0.0.53": true,
		"169.254.1.1": true, "100.64.0.1": true, "0.0.0.0": true, "224.0.0.1": true, "255.255.255.255": true, "::1": true, "::": true, "fe80::1%eth0": true, "fd00::1": true,
	} {
		if got := isPrivate(netip.MustParseAddr(text)); got != want {
			t.Errorf("isPrivate(%s) = %t, want %t", text, got, want)
		}
	}
}

// A feed on this machine may redirect to this machine: then a private address is what the administrator wrote.
func TestFeed_PrivateFeedMayRedirect(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(rss("a - x"))) }))
	t.Cleanup(target.Close)
	s := newFeedServer(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, http.StatusFound) }
	s.poll(t, db, noon)
	if !strings.Contains(s.log.String(), "first poll of a feed") {
		t.Errorf("the log says %s", &s.log)
	}
}
