package servertest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Cluster is a private PostgreSQL server that a test may crash and replicate.
type Cluster struct {
	t    testing.TB
	dir  string
	port int
	db   *sql.DB
}

// clusterScript runs PostgreSQL in the background, so that it can be restarted, and stops it on SIGTERM or SIGQUIT.
const clusterScript = `
ctl=$1 data=$2
"$ctl" -D "$data" -l "$data.log" -w start || { cat "$data.log"; exit 1; }
trap '"$ctl" -D "$data" -m immediate stop; exit' TERM QUIT
while :; do sleep 1 & wait $!; done`

// NewCluster starts a PostgreSQL server. It skips the test if PostgreSQL is not installed. Committed data survives a crash of the
// server, but not of the machine.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	initdb, found := findPostgres("initdb")
	if !found {
		t.Skip("SKIPPED: PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)")
	}
	c := newCluster(t)
	c.run(initdb, "-D", c.data(), "-U", "postrider", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.configure("fsync = off", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''")
	c.start()
	return c
}

func newCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	var err error
	if c.dir, err = Dir("cluster"); err != nil {
		t.Fatal(err)
	}
	if c.port, err = Port(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Standby starts a synchronous standby: this server reports a commit only after the standby has received it.
func (c *Cluster) Standby() *Cluster {
	c.t.Helper()
	s := newCluster(c.t)
	s.run(c.program("pg_basebackup"), "-D", s.data(), "-h", "127.0.0.1", "-p", fmt.Sprint(c.port), "-U", "postrider",
		"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	s.configure()
	s.start()
	c.Exec("ALTER SYSTEM SET synchronous_standby_names = '*'")
	c.Exec("SELECT pg_reload_conf()")
	Await(c.t, func() error {
		var state string
		err := c.db.QueryRowContext(c.t.Context(), "SELECT coalesce(max(sync_state), 'none') FROM pg_stat_replication").Scan(&state)
		if err == nil && state != "sync" {
			err = fmt.Errorf("standby state is %q, want sync", state)
		}
		return err
	})
	return s
}

// Address returns the address of the server.
func (c *Cluster) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }

// DSN returns the DSN of the server's database. If standbys are given, it contains their addresses too.
func (c *Cluster) DSN(standbys ...*Cluster) string {
	hosts := []string{c.Address()}
	for _, s := range standbys {
		hosts = append(hosts, s.Address())
	}
	return fmt.Sprintf("postgres://postrider@%s/postgres?sslmode=disable", strings.Join(hosts, ","))
}

// Exec runs a statement.
func (c *Cluster) Exec(statement string) {
	c.t.Helper()
	if _, err := c.db.ExecContext(c.t.Context(), statement); err != nil {
		c.t.Fatalf("%s: %v", statement, err)
	}
}

// QueryInt returns the integer that a query selects.
func (c *Cluster) QueryInt(query string) (n int64) {
	c.t.Helper()
	if err := c.db.QueryRowContext(c.t.Context(), query).Scan(&n); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Restart crashes the server and immediately starts it again.
func (c *Cluster) Restart() {
	c.t.Helper()
	c.run(c.program("pg_ctl"), "-D", c.data(), "-l", c.data()+".log", "-m", "immediate", "-w", "restart")
}

// Crash crashes the server without a restart.
func (c *Cluster) Crash() {
	c.t.Helper()
	c.run(c.program("pg_ctl"), "-D", c.data(), "-m", "immediate", "-w", "stop")
}

// Promote makes a standby the primary.
func (c *Cluster) Promote() {
	c.t.Helper()
	c.run(c.program("pg_ctl"), "-D", c.data(), "-w", "promote")
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) program(name string) string {
	c.t.Helper()
	path, found := findPostgres(name)
	if !found {
		c.t.Fatalf("PostgreSQL is installed without %s", name)
	}
	return path
}

func (c *Cluster) run(program string, args ...string) {
	c.t.Helper()
	if err := Run(c.dir, program, args...); err != nil {
		c.t.Fatal(err)
	}
}

// configure appends settings and the port to the server's configuration.
func (c *Cluster) configure(settings ...string) {
	c.t.Helper()
	file, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(file, "port = %d\n%s\n", c.port, strings.Join(settings, "\n"))
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		c.t.Fatalf("configuring PostgreSQL: %v", err)
	}
}

func (c *Cluster) start() {
	c.t.Helper()
	var err error
	if c.db, err = sql.Open("postgres", c.DSN()); err != nil {
		c.t.Fatal(err)
	}
	ready := func(ctx context.Context) error { return c.db.PingContext(ctx) }
	p, err := Start(ready, c.dir, "/bin/sh", "-c", clusterScript, "cluster", c.program("pg_ctl"), c.data())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		c.db.Close()
		p.Stop()
	})
}
