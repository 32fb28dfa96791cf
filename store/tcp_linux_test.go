package store

import (
	"net"
	"syscall"
	"testing"

	"postrider/internal/servertest"
)

func TestTimeouts_ServerGivesUpVanishedDaemon(t *testing.T) {
	s, err := Open(t.Context(), servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for setting, want := range map[string]string{
		"application_name":                    "postrider",
		"idle_in_transaction_session_timeout": "30s",
		"tcp_keepalives_idle":                 "15",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
		"tcp_user_timeout":                    "30000",
		"synchronous_commit":                  "on", // the server of the tests is set to off
	} {
		var got string
		if err := s.write.GetContext(t.Context(), &got, "SHOW "+setting); err != nil || got != want {
			t.Errorf("%s is %q on the store's connections (%v), want %q", setting, got, err, want)
		}
	}
}

func TestTimeouts_DaemonGivesUpVanishedServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := newDialer().DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var timeout int
	if e := raw.Control(func(fd uintptr) { timeout, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, 18) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	if timeout != 30_000 {
		t.Errorf("TCP_USER_TIMEOUT = %d ms, want 30000", timeout)
	}
}
