// Package sampletest provides the database files of a sample forum and of an empty store. Creating one takes longer than
// most tests, so each is created once per test binary.
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

// Forum returns the file of a sample forum whose newest posts are a little older than the given time.
func Forum(t testing.TB, at time.Time) []byte {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if known := forums[at]; known != nil {
		return known
	}
	made, err := file(func(path string) error { return demo.Create(context.Background(), path, at) })
	if err != nil {
		t.Fatalf("creating a sample forum: %v", err)
	}
	forums[at] = made
	return made
}

// Store returns the file of an empty store with the current schema.
func Store(t testing.TB) []byte {
	t.Helper()
	made, err := empty()
	if err != nil {
		t.Fatalf("creating an empty store: %v", err)
	}
	return made
}

// Write writes a file into a temporary directory of the test, and returns its path.
func Write(t testing.TB, name string, file []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// file returns the contents of the file that make writes.
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
