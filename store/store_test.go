package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/servertest"
	"postrider/store"
)

// now is the current time in the tests.
var now = time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)

// onBothEngines runs a test on each engine, with the DSN of a migrated store. Migrating one database and copying it saves a third of
// the time of all tests.
func onBothEngines(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { test(t, copySQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, servertest.PostgresCopy(t, "migrated", migrate)) })
}

// onBothEmpty runs a test on each engine, with the DSN of an empty database.
func onBothEmpty(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteDSN(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, servertest.Postgres(t)) })
}

func migrate(dsn string) error {
	s, err := store.Open(context.Background(), dsn)
	if err != nil {
		return err
	}
	_, err = s.Migrate(context.Background())
	return errors.Join(err, s.Close())
}

// migratedSQLite returns the content of a migrated SQLite file.
var migratedSQLite = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "postrider-store-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "migrated.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// copySQLite returns the DSN of a new copy of a migrated store.
func copySQLite(t testing.TB) string {
	t.Helper()
	content, err := migratedSQLite()
	check(t, err)
	dsn := sqliteDSN(t)
	check(t, os.WriteFile(strings.TrimPrefix(dsn, "sqlite:"), content, 0o600))
	return dsn
}

func sqliteDSN(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "postrider.db") }

// open opens the store of dsn and migrates it.
func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// must returns a function that fails the test on an error and otherwise returns the value.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal fails the test if got differs from want.
func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// openRaw opens the database of dsn without the store.
func openRaw(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	driver, name := "postgres", dsn
	if path, found := strings.CutPrefix(dsn, "sqlite:"); found {
		driver, name = "sqlite", path
	}
	db := must(sql.Open(driver, name))(t)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestMigrate_TwiceChangesNothing(t *testing.T) {
	onBothEmpty(t, func(t *testing.T, dsn string) {
		s := must(store.Open(t.Context(), dsn))(t)
		defer s.Close()
		have, want, err := s.Version(t.Context())
		if err != nil || have != 0 || want < 1 {
			t.Errorf("an empty database is at step %d of %d (%v), want 0", have, want, err)
		}
		if first := must(s.Migrate(t.Context()))(t); first != want {
			t.Errorf("the first migration took %d steps, want %d", first, want)
		}
		if second := must(s.Migrate(t.Context()))(t); second != 0 {
			t.Errorf("the second migration took %d steps, want 0", second)
		}
		if have, want, err = s.Version(t.Context()); have != want || err != nil {
			t.Errorf("a migrated database is at step %d of %d (%v)", have, want, err)
		}
	})
}

func TestOpen_RejectsNewerSchema(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		open(t, dsn).Close()
		must(openRaw(t, dsn).Exec("INSERT INTO schema_step (step, file) VALUES (9999, 'later.sql')"))(t)
		s := must(store.Open(t.Context(), dsn))(t)
		defer s.Close()
		if _, err := s.Migrate(t.Context()); !errors.Is(err, store.ErrSchemaTooNew) {
			t.Errorf("Migrate = %v, want %v", err, store.ErrSchemaTooNew)
		} else if strings.Contains(err.Error(), "migrating") {
			t.Errorf("the error mentions a migration: %v", err)
		}
		if _, err := s.Sightings.LastSeq(t.Context()); !errors.Is(err, store.ErrSchemaTooNew) {
			t.Errorf("LastSeq = %v, want %v", err, store.ErrSchemaTooNew)
		}
		if _, err := store.OpenReadOnly(t.Context(), dsn); !errors.Is(err, store.ErrSchemaTooNew) {
			t.Errorf("OpenReadOnly = %v, want %v", err, store.ErrSchemaTooNew)
		}
	})
}

func TestMigrate_ConcurrentDaemonsDoNotCollide(t *testing.T) {
	onBothEmpty(t, func(t *testing.T, dsn string) {
		const daemons = 5
		taken := make([]int, daemons)
		errs := make([]error, daemons)
		var wg sync.WaitGroup
		for i := range daemons {
			s := must(store.Open(t.Context(), dsn))(t)
			defer s.Close()
			wg.Go(func() { taken[i], errs[i] = s.Migrate(t.Context()) })
		}
		wg.Wait()
		sum := 0
		for i := range daemons {
			sum += taken[i]
			if errs[i] != nil {
				t.Errorf("daemon %d: %v", i, errs[i])
			}
		}
		_, want, err := open(t, dsn).Version(t.Context())
		if err != nil || sum != want {
			t.Errorf("all together took %d steps (%v), want %d", sum, err, want)
		}
	})
}

func TestOpen_InvalidDSNErrorHidesPassword(t *testing.T) {
	tests := []struct{ dsn, want string }{
		{"", "must be \"sqlite:FILE\""},
		{"postrider.db", "must be \"sqlite:FILE\""},
		{"sqlite:", "needs a file name"},
		{"sqlite::memory:", "needs a file name"},
		{"sqlite:/nowhere/at/all/postrider.db", "no such file or directory"},
		{"mysql://u:s3cret@localhost/db", `unknown scheme "mysql:"`},
		{"postgres://u:s3cret@host:port/db", "not a valid URL"},
		{"postgres://u:s3cret@127.0.0.1:1/db?sslmode=maybe", "sslmode"},
		{"postgres://u:s3cret@127.0.0.1:1/db", "connection refused"},
	}
	for _, tt := range tests {
		s, err := store.Open(t.Context(), tt.dsn)
		if err == nil {
			s.Close()
			t.Errorf("Open(%q) worked", tt.dsn)
			continue
		}
		if got := err.Error(); !strings.Contains(got, tt.want) || strings.Contains(got, "s3cret") {
			t.Errorf("Open(%q) = %q, want %q in it and no password", tt.dsn, got, tt.want)
		}
	}
}

func TestOpen_FileIsOnlyForOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?#%41.db")
	open(t, "sqlite:"+path)
	info := must(os.Stat(path))(t)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the file's mode = %o, want 600", got)
	}
	if info.Size() == 0 {
		t.Error("the database was created elsewhere")
	}
}

func TestValues_SetAndGet(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if _, known, err := s.Values.Get(t.Context(), "born_at"); known || err != nil {
			t.Errorf("Get knows a value that was never set (%v)", err)
		}
		check(t, s.Values.Set(t.Context(), "born_at", "1"))
		check(t, s.Values.Set(t.Context(), "born_at", "2 'ü"))
		if got, known, err := s.Values.Get(t.Context(), "born_at"); got != "2 'ü" || !known || err != nil {
			t.Errorf("Get = %q, %v, %v; want the second value", got, known, err)
		}
	})
}

func TestStatements_CountsSent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		before := s.Statements()
		must(s.Sightings.LastSeq(t.Context()))(t)
		check(t, s.Values.Set(t.Context(), "a", "b"))
		if got := s.Statements() - before; got != 2 {
			t.Errorf("two statements are counted as %d", got)
		}
	})
}

// enroll saves members 1 to n, due at now, with the covered sequence mark.
func enroll(t testing.TB, s *store.Store, n int, mark int64) {
	t.Helper()
	subs := make([]store.Subscriber, n)
	for i := range subs {
		subs[i] = store.Subscriber{ID: forum.MemberID(i + 1), Zone: "Europe/Berlin", Locale: "de", CoveredSeq: mark, Due: now}
	}
	check(t, s.Subscribers.Save(t.Context(), now, subs))
}

func subscriber(t testing.TB, s *store.Store, id forum.MemberID) store.Subscriber {
	t.Helper()
	subs := must(s.Subscribers.Get(context.Background(), []forum.MemberID{id}))(t)
	sub, found := subs[id]
	if !found {
		t.Fatalf("member %d is not known", id)
	}
	return sub
}
