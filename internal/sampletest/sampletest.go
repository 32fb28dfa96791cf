// Package sampletest gives tests the files of a sample forum and of a store that knows nothing yet. To make one takes longer
// than most tests, so each is made once for all tests of a binary.
package sampletest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postrider/demo"
	"postrider/store"
)

var (
	mu     sync.Mutex
	forums = make(map[time.Time][]byte)
	empty  = sync.OnceValues(func() ([]byte, error) { return file(migrate) })
)

// Forum is the file of a sample forum that stands at a moment: what it tells of is a little older.
func Forum(t testing.TB, at time.Time) []byte {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if known := forums[at]; known != nil {
		return known
	}
	made, err := file(func(path string) error { return demo.Create(context.Background(), path, at) })
	if err != nil {
		t.Fatalf("making a sample forum: %v", err)
	}
	forums[at] = made
	return made
}

// Store is the file of a store that is up to date and empty.
func Store(t testing.TB) []byte {
	t.Helper()
	made, err := empty()
	if err != nil {
		t.Fatalf("making an empty store: %v", err)
	}
	return made
}

// Write writes a file into a directory that lives as long as the test, and gives its path.
func Write(t testing.TB, name string, file []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// file reads what make has written.
func file(make func(path string) error) ([]byte, error) {
	dir, err := os.MkdirTemp("", "postrider-sample-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "sample.db")
	if err := make(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func migrate(path string) error {
	s, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return err
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		return err
	}
	return s.Close() // which also empties the write-ahead log into the file
}
