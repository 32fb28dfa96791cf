package servertest

import (
	"compress/gzip"
	"database/sql"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// OpenMariaDB opens the database of a DSN from [MariaDB], for tests that write to it as a forum does.
// One call may run several statements.
func OpenMariaDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := mysql.NewConfig()
	c.User, c.DBName = u.User.Username(), strings.TrimPrefix(u.Path, "/")
	c.Net, c.Addr = "unix", u.Query().Get("socket")
	c.MultiStatements = true
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// LoadDump loads a dump (mariadb-dump, gzipped) into the database of a DSN.
func LoadDump(t testing.TB, dsn, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	if _, err := OpenMariaDB(t, dsn).ExecContext(t.Context(), string(text)); err != nil {
		t.Fatalf("loading %s: %v", path, err)
	}
}
