package source

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/forum"
)

// newCustomForum creates a custom forum in SQLite, in WAL mode, and returns its own open connection. It has only the
// table that the tests need.
func newCustomForum(t *testing.T, overlay string) (forumItself *sql.DB, c Config) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "forum 100%.db")
	forumItself, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { forumItself.Close() })
	execute(t, forumItself, "PRAGMA journal_mode = WAL")
	execute(t, forumItself, "CREATE TABLE post (id INTEGER PRIMARY KEY)")
	execute(t, forumItself, "INSERT INTO post VALUES (7)")
	c = DefaultConfig()
	c.Type, c.DSN, c.URL = "sample", "sqlite:"+path, "https://forum.example.org"
	if overlay != "" {
		c.Queries = filepath.Join(dir, "local.sql")
		if err := os.WriteFile(c.Queries, []byte(overlay), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return forumItself, c
}

func TestSQLite_ReadsWALForumDuringWrites(t *testing.T) {
	forumItself, c := newCustomForum(t, "")
	db := openConfig(t, c)
	newest := func() forum.PostID {
		return readOne(t, db, func(s *Snapshot) (forum.PostID, error) { return s.LastPostID(t.Context()) })
	}
	if n := newest(); n != 7 {
		t.Errorf("newest = %d, want 7", n)
	}
	execute(t, forumItself, "INSERT INTO post VALUES (8)")
	read(t, db, func(s *Snapshot) error {
		before, err := s.LastPostID(t.Context())
		if err != nil {
			return err
		}
		execute(t, forumItself, "INSERT INTO post VALUES (9)")
		after, err := s.LastPostID(t.Context())
		if before != 8 || after != 8 {
			t.Errorf("within a snapshot, newest = %d, then %d, want 8", before, after)
		}
		return err
	})
	if n := newest(); n != 9 {
		t.Errorf("newest = %d, want 9", n)
	}
	if err := forumItself.Close(); err != nil {
		t.Fatal(err)
	}
	if n := newest(); n != 9 {
		t.Errorf("newest = %d after the forum stopped, want 9", n)
	}
	openConfig(t, c)
}

func TestSQLite_RejectsWrites(t *testing.T) {
	_, c := newCustomForum(t, "")
	err := openConfig(t, c).Read(t.Context(), func(s *Snapshot) error {
		_, err := s.tx.ExecContext(t.Context(), "DELETE FROM post")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("err = %v, want one with \"readonly\"", err)
	}
}

func TestSQLite_StopsSlowStatement(t *testing.T) {
	_, c := newCustomForum(t, `-- name: newest
WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT COUNT(*) AS id FROM n`)
	c.Timeout = time.Second
	err := openConfig(t, c).Read(t.Context(), func(s *Snapshot) error {
		_, err := s.LastPostID(t.Context())
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), "interrupted")) {
		t.Errorf("err = %v, want deadline exceeded or interrupted", err)
	}
}

func TestPostgres_GivesUpOnSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, servers := net.Pipe()
		defer servers.Close()
		conn := impatientConn{ours, 40 * time.Second}
		go func() {
			time.Sleep(39 * time.Second) // a slow answer is an answer
			servers.Write([]byte("a"))
		}()
		answer := make([]byte, 1)
		if _, err := conn.Read(answer); err != nil {
			t.Errorf("an answer after 39 seconds: %v", err)
		}
		start := time.Now()
		if _, err := conn.Read(answer); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 40*time.Second {
			t.Errorf("without an answer: %v after %v, want a timeout after 40 seconds", err, time.Since(start))
		}
		if _, err := conn.Write(answer); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a server that reads nothing: %v, want a timeout", err)
		}
	})
}
