//go:build live

package live

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/lib/pq" // PostgreSQL

	"postrider/internal/servertest"
)

// newDatabase starts the database of a forum: MariaDB, or PostgreSQL if FORUM_DATABASE is "postgres".
func newDatabase(t *testing.T) (*url.URL, *sql.DB) {
	t.Helper()
	if os.Getenv("FORUM_DATABASE") != "postgres" {
		dsn := servertest.MariaDB(t)
		return must(url.Parse(dsn))(t), servertest.OpenMariaDB(t, dsn)
	}
	dsn := servertest.Postgres(t)
	db := must(sql.Open("postgres", dsn))(t)
	t.Cleanup(func() { db.Close() })
	return must(url.Parse(dsn))(t), db
}

// readerDSN creates the account that docs/forums.md recommends.
func (w *world) readerDSN() string {
	w.Helper()
	database := filepath.Base(w.dsn.Path)
	statements := []string{"CREATE USER reader@localhost IDENTIFIED BY 'secret'", "GRANT SELECT ON " + database + ".* TO reader@localhost"}
	if w.dsn.Scheme == "postgres" {
		statements = []string{
			"CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT CONNECT ON DATABASE " + database + " TO reader",
			"GRANT USAGE ON SCHEMA public TO reader", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
		}
	}
	for _, query := range statements {
		if _, err := w.db.ExecContext(w.Context(), query); err != nil {
			w.Fatalf("%s: %v", query, err)
		}
	}
	reader := *w.dsn
	reader.User = url.UserPassword("reader", "secret")
	return reader.String()
}
