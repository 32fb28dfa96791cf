package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"
)

// childDSNVariable tells this test's own program, run once more, to die in a transaction.
const childDSNVariable = "POSTRIDER_TEST_CUT_OFF"

// What a daemon that dies between two statements has written is not there.
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
		t.Errorf("half of a transaction is there (%v)", err)
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
		t.Fatalf("the other process was to be killed in its transaction, but: %v\n%s", err, out)
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
