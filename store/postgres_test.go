package store_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/store"
)

// addHosts inserts hosts before the host of a DSN.
func addHosts(t *testing.T, dsn string, first ...string) string {
	t.Helper()
	before, after, found := strings.Cut(dsn, "@")
	if !found {
		t.Fatalf("%s names no user", dsn)
	}
	return before + "@" + strings.Join(append(first, after), ",")
}

func TestHosts_UsesOneThatAnswers(t *testing.T) {
	dsn := servertest.Postgres(t)
	open(t, dsn).Close()
	u := must(url.Parse(dsn))(t)
	driversWay := strings.Replace(dsn, u.Host, "localhost,"+u.Hostname(), 1) + fmt.Sprintf("&port=1,%s", u.Port())
	for name, dsn := range map[string]string{
		"the first is down":            addHosts(t, dsn, "127.0.0.1:1"),
		"two are down":                 addHosts(t, dsn, "127.0.0.1:1", "[::1]:2"),
		"the first has no port":        addHosts(t, dsn, "127.0.0.2"),
		"the last is down":             strings.Replace(dsn, u.Host, u.Host+",127.0.0.1:1", 1),
		"ports as the driver has them": driversWay,
	} {
		t.Run(name, func(t *testing.T) {
			s := must(store.Open(t.Context(), dsn))(t)
			defer s.Close()
			if _, err := s.Sightings.LastSeq(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHosts_SkipsSilentHost(t *testing.T) {
	dsn := servertest.Postgres(t)
	open(t, dsn).Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts connections, but there is no reply
	check(t, err)
	defer mute.Close()
	begin := time.Now()
	s := must(store.Open(t.Context(), addHosts(t, dsn, mute.Addr().String())+"&connect_timeout=1"))(t)
	defer s.Close()
	if took := time.Since(begin); took < time.Second {
		t.Errorf("the silent host was not tried: Open took %v", took)
	}
}

func TestHosts_SkipsReadOnlyHost(t *testing.T) {
	standby, primary := servertest.Postgres(t), servertest.Postgres(t)
	open(t, primary).Close()
	name := must(url.Parse(standby))(t).Path[1:]
	must(openRaw(t, standby).Exec("ALTER DATABASE " + name + " SET default_transaction_read_only = on"))(t)
	// Both are databases of one server, so only the name shows which one was used.
	for _, dsn := range []string{standby, primary} {
		s, err := store.Open(t.Context(), strings.Replace(dsn, "@", "@127.0.0.1:1,", 1))
		if refused := err != nil && strings.Contains(err.Error(), "read-only"); refused != (dsn == standby) {
			t.Errorf("Open of the standby %v = %v", dsn == standby, err)
		}
		if err == nil {
			s.Close()
		}
	}
}

func TestHosts_RejectsInvalid(t *testing.T) {
	for _, hosts := range []string{"h1:1,h2:x", "h1:1,", "h1:1,h2:99999", "h1:1,[::1", "h1:1,h2:1:2"} {
		s, err := store.Open(t.Context(), "postgres://u:s3cret@"+hosts+"/db")
		if err == nil {
			s.Close()
			t.Errorf("hosts %q were accepted", hosts)
			continue
		}
		if got := err.Error(); !strings.Contains(got, "not a valid URL") || strings.Contains(got, "s3cret") {
			t.Errorf("hosts %q: %q, want \"not a valid URL\" in it and no password", hosts, got)
		}
	}
}
