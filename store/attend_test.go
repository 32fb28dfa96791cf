package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"postrider/store"
)

func TestLeasesOfADeadDaemonComeBackAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		dead := open(t, dsn)
		check(t, dead.Attend(t.Context(), "dead"))
		planThree(t, dead)
		if got := must(dead.Claim(t.Context(), now, "dead", time.Hour, 10))(t); len(got) != 3 {
			t.Fatalf("claimed %d rows, want 3", len(got))
		}
		check(t, dead.Close())

		alive := open(t, dsn)
		check(t, alive.Attend(t.Context(), "alive"))
		if got := must(alive.Claim(t.Context(), now, "alive", time.Hour, 10))(t); len(got) != 3 {
			t.Errorf("claimed %d rows after the other died, want its 3", len(got))
		}
	})
}

func TestADaemonAtWorkKeepsItsLeases(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		first := open(t, dsn)
		check(t, first.Attend(t.Context(), "first"))
		planThree(t, first)
		must(first.Claim(t.Context(), now, "first", time.Hour, 10))(t)

		second := open(t, dsn)
		err := second.Attend(t.Context(), "second")
		if strings.HasPrefix(dsn, "sqlite:") {
			if !errors.Is(err, store.ErrAttended) {
				t.Errorf("Attend = %v, want ErrAttended: SQLite serves one daemon", err)
			}
			return
		}
		check(t, err)
		if got := must(second.Claim(t.Context(), now, "second", time.Hour, 10))(t); len(got) != 0 {
			t.Errorf("the second daemon claimed %d rows of the first", len(got))
		}
	})
}

func planThree(t *testing.T, s *store.Store) {
	t.Helper()
	enroll(t, s, 3, 10)
	plan(t, s, now, edition(1, "2026-05-04", 20), edition(2, "2026-05-04", 20), edition(3, "2026-05-04", 20))
}
