package servertest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// MariaDBServer is a private MariaDB server that a test may stop and start again.
type MariaDBServer struct {
	t      testing.TB
	server *mariadbServer
	down   string // the server does not run while this file exists
}

// restartScript runs a server again whenever it has ended, except while the file "down" exists in its folder.
const restartScript = `
trap 'test -n "$child" && kill -TERM $child && wait $child; exit' TERM QUIT
while :; do
	while test -e down; do sleep 0.05; done
	"$@" & child=$!
	wait $child
done`

// NewMariaDBServer starts a MariaDB server for one test, with an empty database. It skips the test if MariaDB is not installed.
func NewMariaDBServer(t testing.TB) *MariaDBServer {
	t.Helper()
	if _, found := findMariaDB("mariadbd"); !found {
		t.Skip("SKIPPED: MariaDB is not installed (no mariadbd in PATH or /usr/sbin)")
	}
	server, process, err := launchMariaDB(func(program string, args []string) []string {
		return append([]string{"/bin/sh", "-c", restartScript, "restart", program}, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	t.Cleanup(func() { server.admin.Close() })
	if _, err := server.admin.ExecContext(t.Context(), "CREATE DATABASE forum CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("creating the database: %v", err)
	}
	return &MariaDBServer{t: t, server: server, down: filepath.Join(filepath.Dir(server.socket), "down")}
}

// DSN returns the DSN of the server's database.
func (s *MariaDBServer) DSN() string { return s.server.dsn("forum") }

// Stop stops the server, and waits until it answers no more. Its data stays.
func (s *MariaDBServer) Stop() {
	s.t.Helper()
	if err := os.WriteFile(s.down, nil, 0o644); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.server.admin.ExecContext(s.t.Context(), "SHUTDOWN"); err != nil {
		s.t.Fatalf("stopping MariaDB: %v", err)
	}
	Await(s.t, func() error {
		if s.server.admin.PingContext(s.t.Context()) == nil {
			return errors.New("MariaDB still answers after SHUTDOWN")
		}
		return nil
	})
}

// Start starts the server again, and waits until it is ready.
func (s *MariaDBServer) Start() {
	s.t.Helper()
	if err := os.Remove(s.down); err != nil {
		s.t.Fatal(err)
	}
	Await(s.t, func() error { return s.server.admin.PingContext(s.t.Context()) })
}
