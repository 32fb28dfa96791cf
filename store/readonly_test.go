package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/store"
)

func TestOpenReadOnly_RejectsWrites(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Values.Set(t.Context(), "a", "b"))
		look := must(store.OpenReadOnly(t.Context(), dsn))(t)
		defer look.Close()
		if value, _, err := look.Values.Get(t.Context(), "a"); err != nil || value != "b" {
			t.Errorf("it reads %q, %v", value, err)
		}
		if err := look.Values.Set(t.Context(), "a", "c"); err == nil || !strings.Contains(err.Error(), "read") {
			t.Errorf("a write succeeded: %v", err)
		}
		if _, err := look.Sightings.Save(t.Context(), store.ScanResult{Now: now, Pending: nil, Cursor: 7}); err == nil {
			t.Error("a transaction succeeded")
		}
		equal(t, "the value", must(getValue(t, s, "a"))(t), "b")
	})
}

func getValue(t *testing.T, s *store.Store, key string) (string, error) {
	t.Helper()
	value, _, err := s.Values.Get(t.Context(), key)
	return value, err
}

func TestOpenReadOnly_LeavesFileUnchanged(t *testing.T) {
	dsn := sqliteDSN(t)
	path := strings.TrimPrefix(dsn, "sqlite:")
	s := open(t, dsn)
	check(t, s.Values.Set(t.Context(), "a", "b"))
	check(t, s.Close())
	before := must(os.ReadFile(path))(t)
	look := must(store.OpenReadOnly(t.Context(), dsn))(t)
	if value := must(getValue(t, look, "a"))(t); value != "b" {
		t.Errorf("it reads %q", value)
	}
	check(t, look.Close())
	if after := must(os.ReadFile(path))(t); !slices.Equal(before, after) {
		t.Error("the file has changed")
	}
}

func TestOpenReadOnly_CreatesNoStore(t *testing.T) {
	dsn := sqliteDSN(t)
	path := strings.TrimPrefix(dsn, "sqlite:")
	if _, err := store.OpenReadOnly(t.Context(), dsn); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a missing file: %v", err)
	}
	if files := must(filepath.Glob(path + "*"))(t); len(files) > 0 {
		t.Errorf("it created %v", files)
	}
	bare, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	check(t, bare.Close())
	if _, err := store.OpenReadOnly(t.Context(), dsn); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("of an empty database: %v", err)
	}
}
