package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/store"
)

func TestAcquireInstance_ReclaimsLeasesOfDeadDaemon(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		dead := open(t, dsn)
		check(t, dead.AcquireInstance(t.Context(), "dead"))
		planThreeDigests(t, dead)
		if got := must(dead.Outbox.Claim(t.Context(), now, "dead", time.Hour, store.AllPriorities, 10))(t); len(got) != 3 {
			t.Fatalf("claimed %d rows, want 3", len(got))
		}
		check(t, dead.Close())

		alive := open(t, dsn)
		check(t, alive.AcquireInstance(t.Context(), "alive"))
		reclaimExpired(t, alive, now)
		if got := must(alive.Outbox.Claim(t.Context(), now, "alive", time.Hour, store.AllPriorities, 10))(t); len(got) != 3 {
			t.Errorf("claimed %d rows after the other died, want its 3", len(got))
		}
	})
}

func TestAcquireInstance_LiveDaemonKeepsLeases(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		first := open(t, dsn)
		check(t, first.AcquireInstance(t.Context(), "first"))
		planThreeDigests(t, first)
		must(first.Outbox.Claim(t.Context(), now, "first", time.Hour, store.AllPriorities, 10))(t)

		second := open(t, dsn)
		err := second.AcquireInstance(t.Context(), "second")
		if strings.HasPrefix(dsn, "sqlite:") {
			if !errors.Is(err, store.ErrStoreInUse) {
				t.Errorf("Attend = %v, want ErrAttended: SQLite serves one daemon", err)
			}
			return
		}
		check(t, err)
		reclaimExpired(t, second, now)
		if got := must(second.Outbox.Claim(t.Context(), now, "second", time.Hour, store.AllPriorities, 10))(t); len(got) != 0 {
			t.Errorf("the second daemon claimed %d rows of the first", len(got))
		}
	})
}

func planThreeDigests(t *testing.T, s *store.Store) {
	t.Helper()
	enroll(t, s, 3, 10)
	plan(t, s, now, edition(1, "2026-05-04", 20), edition(2, "2026-05-04", 20), edition(3, "2026-05-04", 20))
}

// terminateConnections ends every connection to a database, as a restart of the server does.
func terminateConnections(t *testing.T, dsn string) {
	t.Helper()
	db := openRaw(t, dsn)
	must(db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))(t)
	for left := 1; left > 0; {
		check(t, db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Scan(&left))
	}
}

func TestAcquireInstance_RegistersAgainAfterDisconnect(t *testing.T) {
	for name, again := range map[string]func(t *testing.T, s *store.Store){
		"with its next claim": func(t *testing.T, s *store.Store) {
			retryUntilSuccess(t, func() error {
				_, err := s.Outbox.Claim(t.Context(), now, "first", time.Hour, store.AllPriorities, 1)
				return err
			})
		},
		"when it renews": func(t *testing.T, s *store.Store) {
			retryUntilSuccess(t, func() error { return s.Outbox.Renew(t.Context(), now, "first", time.Hour) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := servertest.Postgres(t)
			first := open(t, dsn)
			check(t, first.AcquireInstance(t.Context(), "first"))
			planThreeDigests(t, first)
			must(first.Outbox.Claim(t.Context(), now, "first", time.Hour, store.AllPriorities, 2))(t)
			terminateConnections(t, dsn)
			again(t, first)

			second := open(t, dsn)
			check(t, second.AcquireInstance(t.Context(), "second"))
			reclaimExpired(t, second, now)
			for _, row := range must(second.Outbox.Claim(t.Context(), now, "second", time.Hour, store.AllPriorities, 10))(t) {
				if row.Key != "digest/3/2026-05-04" {
					t.Errorf("the second daemon claimed %s, which the first has", row.Key)
				}
			}
			check(t, first.Close())
			third := open(t, dsn)
			check(t, third.AcquireInstance(t.Context(), "third"))
			reclaimExpired(t, third, now)
			if got := must(third.Outbox.Claim(t.Context(), now, "third", time.Hour, store.AllPriorities, 10))(t); len(got) < 2 {
				t.Errorf("the third daemon claimed %d rows when the first was gone, want its 2 or 3", len(got))
			}
		})
	}
}

func TestStore_ContinuesAfterDisconnect(t *testing.T) {
	dsn := servertest.Postgres(t)
	s := open(t, dsn)
	check(t, s.AcquireInstance(t.Context(), "first"))
	planThreeDigests(t, s)
	var claimed []store.Row
	terminateConnections(t, dsn)
	retryUntilSuccess(t, func() (err error) {
		claimed, err = s.Outbox.Claim(t.Context(), now, "first", time.Hour, store.AllPriorities, 10)
		return err
	})
	if len(claimed) != 3 {
		t.Fatalf("claimed %d rows, want 3", len(claimed))
	}
	for _, becomes := range []store.Settlement{
		{Key: claimed[0].Key, State: "accepted", Result: "accepted", At: now},
		{Key: claimed[1].Key, State: "queued", Result: "try again", At: now, NotBefore: now},
	} {
		terminateConnections(t, dsn)
		retryUntilSuccess(t, func() error { return s.Outbox.Settle(t.Context(), "first", []store.Settlement{becomes}) })
	}
	terminateConnections(t, dsn)
	retryUntilSuccess(t, func() error { return s.Outbox.Release(t.Context(), "first", keysOf(claimed)) })
}

// retryUntilSuccess does something that may fail once on each connection of the pool.
func retryUntilSuccess(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for range 10 {
		if err = do(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
