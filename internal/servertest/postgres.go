package servertest

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/lib/pq"
)

// One PostgreSQL server serves all tests of a binary, because creating and starting one takes a second or two. It
// stops when the binary ends.
var postgres = sync.OnceValues(startPostgres)

type postgresServer struct {
	port      int
	admin     *sql.DB
	databases atomic.Int64
	templates sync.Map // from name to a function that creates the template once
}

// Postgres returns the DSN of a new, empty database for the test. It skips the test if PostgreSQL is not installed.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	return requirePostgres(t).create(t, "template1")
}

// PostgresASCII is Postgres with the encoding SQL_ASCII: the server keeps bytes as they come, and never checks that they are characters.
func PostgresASCII(t testing.TB) (dsn string) {
	t.Helper()
	return requirePostgres(t).create(t, "template0 ENCODING 'SQL_ASCII'")
}

// PostgresCopy returns the DSN of a new copy of a template database. The first call for a template creates it, and lets fill write its
// content. fill must close its connections. It skips the test if PostgreSQL is not installed.
func PostgresCopy(t testing.TB, template string, fill func(dsn string) error) (dsn string) {
	t.Helper()
	server := requirePostgres(t)
	create := func() error {
		_, err := server.admin.Exec("CREATE DATABASE " + template)
		if err == nil {
			err = fill(server.dsn(template))
		}
		return err
	}
	once, _ := server.templates.LoadOrStore(template, sync.OnceValue(create))
	if err := once.(func() error)(); err != nil {
		t.Fatalf("creating the template %s: %v", template, err)
	}
	return server.create(t, template)
}

// requirePostgres returns the running server, or skips the test.
func requirePostgres(t testing.TB) *postgresServer {
	t.Helper()
	if _, found := findPostgres("initdb"); !found {
		t.Skip("SKIPPED: PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)")
	}
	server, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func (s *postgresServer) create(t testing.TB, template string) (dsn string) {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := s.admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("creating database %s: %v", name, err)
	}
	return s.dsn(name)
}

func (s *postgresServer) dsn(database string) string {
	return fmt.Sprintf("postgres://postrider@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

func findPostgres(program string) (string, bool) {
	return Find(program, "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
}

func startPostgres() (*postgresServer, error) {
	initdb, _ := findPostgres("initdb")
	program, found := findPostgres("postgres")
	if !found {
		return nil, fmt.Errorf("found %s, but no postgres next to it", initdb)
	}
	dir, err := Dir("postgres")
	if err != nil {
		return nil, err
	}
	data := dir + "/data"
	if err := Run(dir, initdb, "-D", data, "-U", "postrider", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	port, err := Port()
	if err != nil {
		return nil, err
	}
	s := &postgresServer{port: port}
	if s.admin, err = sql.Open("postgres", s.dsn("postgres")); err != nil {
		return nil, err
	}
	s.admin.SetMaxOpenConns(1)
	ready := func(ctx context.Context) error { return s.admin.PingContext(ctx) }
	// The data does not have to survive a power cut, and without fsync the tests are faster.
	_, err = Start(ready, dir, program, "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "autovacuum_naptime=5s")
	return s, err
}
