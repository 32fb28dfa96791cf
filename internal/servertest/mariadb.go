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

// One MariaDB serves all tests of a binary, as one PostgreSQL does.
var mariadb = sync.OnceValues(startMariaDB)

type mariadbServer struct {
	socket    string
	admin     *sql.DB
	databases atomic.Int64
}

// MariaDB gives the test an empty database of its own, utf8mb4. The DSN's user may do anything. It
// skips the test if MariaDB is not installed.
func MariaDB(t testing.TB) (dsn string) {
	t.Helper()
	if _, found := findMariaDB("mariadbd"); !found {
		t.Skip("SKIPPED: MariaDB is not installed here (no mariadbd in PATH nor in /usr/sbin)")
	}
	server, err := mariadb()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", server.databases.Add(1))
	if _, err := server.admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("making database %s: %v", name, err)
	}
	return server.dsn(name)
}

func (s *mariadbServer) dsn(database string) string {
	return fmt.Sprintf("mysql://root@localhost/%s?socket=%s", database, s.socket)
}

func findMariaDB(program string) (string, bool) {
	return Find(program, "/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/libexec")
}

func startMariaDB() (*mariadbServer, error) {
	program, _ := findMariaDB("mariadbd")
	install, found := Find("mariadb-install-db", "/usr/local/scripts")
	if !found {
		return nil, fmt.Errorf("there is %s, but no mariadb-install-db", program)
	}
	dir, err := Dir("mariadb")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := Run(dir, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve"); err != nil {
		return nil, err
	}
	s := &mariadbServer{socket: filepath.Join(dir, "sock")} // a socket's path must be short, which that of Dir is
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr = "root", "unix", s.socket
	c.Logger = &mysql.NopLogger{} // it would tell of each try before the server answers
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	s.admin = sql.OpenDB(connector)
	s.admin.SetMaxOpenConns(1)
	ready := func(ctx context.Context) error { return s.admin.PingContext(ctx) }
	// As with PostgreSQL: nobody will miss the data after a power cut.
	_, err = Start(ready, dir, program, "--no-defaults", "--datadir="+data, "--socket="+s.socket, "--skip-networking",
		"--pid-file="+filepath.Join(dir, "pid"), "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=16M", "--tmpdir="+dir)
	return s, err
}
