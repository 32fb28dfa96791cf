package servertest_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

func TestPostgres_CreatesDatabasePerTest(t *testing.T) {
	first, second := open(t, servertest.Postgres(t)), open(t, servertest.Postgres(t))
	if _, err := first.Exec("CREATE TABLE mine (id BIGINT)"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := second.QueryRow("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("the second database has %d tables of the first, want 0", n)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestStart_ShowsLogOfFailedServer(t *testing.T) {
	dir := newDir(t)
	never := func(context.Context) error { return errors.New("connection refused") }
	_, err := servertest.Start(never, dir, "/bin/sh", "-c", "echo no space on device; exit 3")
	if err == nil {
		t.Fatal("Start returned no error for a server that had ended")
	}
	for _, want := range []string{"no space on device", "exit status 3", "connection refused"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error = %q, want it to contain %q", err, want)
		}
	}
	wantRemoved(t, dir)
}

func TestProcess_StopRemovesDirectory(t *testing.T) {
	dir := newDir(t)
	ready := func(context.Context) error {
		_, err := os.Stat(filepath.Join(dir, "up"))
		return err
	}
	if err := servertest.Run(dir, "mkfifo", "fifo"); err != nil {
		t.Fatal(err)
	}
	p, err := servertest.Start(ready, dir, "/bin/sh", "-c", `touch up; exec cat fifo`) // blocks forever
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	wantRemoved(t, dir)
}

func TestRun_ShowsOutput(t *testing.T) {
	err := servertest.Run(newDir(t), "/bin/sh", "-c", "echo wrong locale; exit 1")
	if _, ok := errors.AsType[*exec.ExitError](err); !ok || !strings.Contains(err.Error(), "wrong locale") {
		t.Errorf("error = %v, want the exit status and the output", err)
	}
}

func newDir(t *testing.T) string {
	dir, err := servertest.Dir("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func wantRemoved(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s still exists (%v)", dir, err)
	}
}
