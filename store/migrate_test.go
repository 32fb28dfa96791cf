package store

import (
	"path/filepath"
	"testing"

	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

func TestMigrate_FailedStepLeavesNothing(t *testing.T) {
	for _, engine := range []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			dsn := "sqlite:" + filepath.Join(t.TempDir(), "postrider.db")
			if engine == sqlfile.Postgres {
				dsn = servertest.Postgres(t)
			}
			s, err := Open(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			all, err := steps(engine)
			if err != nil {
				t.Fatal(err)
			}
			next := migration{len(all) + 1, "later.sql", "CREATE TABLE half (id BIGINT); INSERT INTO nowhere (id) VALUES (1);"}
			if _, err := s.migrate(t.Context(), append(all, next)); err == nil {
				t.Fatal("a faulty step succeeded")
			}
			if have, want, err := s.Version(t.Context()); have != want || err != nil {
				t.Errorf("at step %d (%v), want %d: the steps before it stay", have, err, want)
			}
			next.text = "CREATE TABLE half (id BIGINT)"
			if taken, err := s.migrate(t.Context(), append(all, next)); taken != 1 || err != nil {
				t.Errorf("the fixed step: %d taken, %v; want 1, with nothing left of the first try", taken, err)
			}
		})
	}
}

func TestQueries_ExistForBothEngines(t *testing.T) {
	sqlite, err := loadQueries(sqlfile.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := loadQueries(sqlfile.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	for name := range postgres {
		if _, found := sqlite[name]; !found {
			t.Errorf("query %q is not written for SQLite", name)
		}
	}
	if len(sqlite) != len(postgres) {
		t.Errorf("%d queries for SQLite, %d for PostgreSQL", len(sqlite), len(postgres))
	}
}
