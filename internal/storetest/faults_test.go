package storetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"postrider/internal/sampletest"
	"postrider/internal/storetest"
	"postrider/store"
)

var errDown = errors.New("the database is down")

func TestFaults_StatementsAndCommitsFail(t *testing.T) {
	var faults storetest.Faults
	s, err := store.Open(t.Context(), "sqlite:"+sampletest.Write(t, "store.db", sampletest.Store(t)), store.WithConnector(faults.Wrap))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	health, err := store.ManualSuppression("anna@example.org", "test", now)
	if err != nil {
		t.Fatal(err)
	}
	add := func() error { return s.Suppressions.Add(t.Context(), now, []store.Health{health}) }
	known := func(ctx context.Context) bool {
		_, known, err := s.Suppressions.AddressHealth(ctx, "anna@example.org")
		if err != nil {
			t.Fatal(err)
		}
		return known
	}

	faults.Set(func(string) error { return errDown })
	if err := add(); !errors.Is(err, errDown) {
		t.Errorf("with all statements failing: %v, want %v", err, errDown)
	}
	if _, _, err := s.Values.Get(t.Context(), "x"); !errors.Is(err, errDown) {
		t.Errorf("reading with all statements failing: %v, want %v", err, errDown)
	}
	faults.Set(func(statement string) error {
		if statement == storetest.Commit {
			return errDown
		}
		return nil
	})
	if err := add(); !errors.Is(err, errDown) {
		t.Errorf("with commits failing: %v, want %v", err, errDown)
	}
	if known(t.Context()) {
		t.Error("a failed commit was saved")
	}
	faults.Set(nil)
	if err := add(); err != nil || !known(t.Context()) {
		t.Errorf("without faults: %v, want the address saved", err)
	}
}
