package servertest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// One MariaDB server serves all tests of a binary. It stops when the binary ends.
var mariadb = sync.OnceValues(startMariaDB)

type mariadbServer struct {
	socket    string
	admin     *sql.DB
	databases atomic.Int64
}

// MariaDB returns the DSN of a new, empty database for the test (utf8mb4). Its user has all privileges. It
// skips the test if MariaDB is not installed.
func MariaDB(t testing.TB) (dsn string) {
	t.Helper()
	if _, found := findMariaDB("mariadbd"); !found {
		t.Skip("SKIPPED: MariaDB is not installed (no mariadbd in PATH or /usr/sbin)")
	}
	server, err := mariadb()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", server.databases.Add(1))
	if _, err := server.admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("creating database %s: %v", name, err)
	}
	return server.dsn(name)
}

func (s *mariadbServer) dsn(database string) string {
	return fmt.Sprintf("mysql://root@localhost/%s?socket=%s", database, s.socket)
}

func findMariaDB(program string) (string, bool) {
	return Find(program, "/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec")
}

// unsafeMariaDB makes MariaDB never wait for the disk: as with PostgreSQL, the data does not have to survive a power cut. Otherwise each
// new table of a dump waits several times.
var unsafeMariaDB = []string{"--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--skip-innodb-doublewrite",
	"--debug-no-sync", "--skip-sync-frm"}

func startMariaDB() (*mariadbServer, error) {
	s, _, err := launchMariaDB(func(program string, args []string) []string { return append([]string{program}, args...) })
	return s, err
}

// launchMariaDB installs and starts a server. command returns the command line that runs the program.
func launchMariaDB(command func(program string, args []string) []string) (*mariadbServer, *Process, error) {
	program, _ := findMariaDB("mariadbd")
	install, found := Find("mariadb-install-db", "/usr/local/scripts")
	if !found {
		return nil, nil, fmt.Errorf("found %s, but no mariadb-install-db", program)
	}
	dir, err := Dir("mariadb")
	if err != nil {
		return nil, nil, err
	}
	data := filepath.Join(dir, "data")
	if err := Run(dir, install, append([]string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve"}, unsafeMariaDB...)...); err != nil {
		return nil, nil, err
	}
	s := &mariadbServer{socket: filepath.Join(dir, "sock")} // Dir is short, and the path of a socket must be
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr = "root", "unix", s.socket
	c.Logger = &mysql.NopLogger{} // it would log each failed attempt before the server is ready
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, nil, err
	}
	s.admin = sql.OpenDB(connector)
	s.admin.SetMaxOpenConns(1)
	ready := func(ctx context.Context) error { return s.admin.PingContext(ctx) }
	line := command(program, append([]string{"--no-defaults", "--datadir=" + data, "--socket=" + s.socket, "--skip-networking",
		"--pid-file=" + filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--tmpdir=" + dir}, unsafeMariaDB...))
	p, err := Start(ready, dir, line[0], line[1:]...)
	return s, p, err
}
