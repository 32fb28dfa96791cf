package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"
)

// childDSNVariable makes a second process of this test binary kill itself in a transaction.
const childDSNVariable = "POSTRIDER_TEST_CUT_OFF"

// If a daemon dies between two statements of a transaction, nothing of it is saved.
func TestTransaction_KilledProcessLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postrider.db")
	if dsn, cut := childDSN(); cut {
		killSelfInTransaction(t, dsn)
	}
	dsn := "sqlite:" + path
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	runChildUntilKilled(t, dsn)
	if _, known, err := s.Values.Get(t.Context(), "half"); known || err != nil {
		t.Errorf("half of a transaction was saved (%v)", err)
	}
	if err := s.Values.Set(t.Context(), "half", "whole"); err != nil {
		t.Errorf("writing after it: %v", err)
	}
}

func childDSN() (dsn string, cut bool) { return os.LookupEnv(childDSNVariable) }

func runChildUntilKilled(t *testing.T, dsn string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childDSNVariable+"="+dsn)
	out, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child process was not killed in its transaction: %v\n%s", err, out)
	}
}

func killSelfInTransaction(t *testing.T, dsn string) {
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	err = s.inTx(t.Context(), func(tx *sqlx.Tx) error {
		if _, err := s.exec(t.Context(), tx, "set_value", args{"key": "half", "value": "half"}); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	t.Fatal(err)
}
