package store_test

import (
	"strings"
	"testing"
	"time"

	"postrider/store"
)

// A store in PostgreSQL is restored if it is in another database than before.
func TestNoticeRestore_OnBothEngines(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.AcquireInstance(t.Context(), "a"))
		for range 2 {
			if r := must(s.NoticeRestore(t.Context()))(t); r != nil {
				t.Fatalf("a store that was not restored: %+v", *r)
			}
		}
		key, value := "backup of", "2026-05-03T08:00:00Z"
		if strings.HasPrefix(dsn, "postgres") {
			key, value = "database", "1/1"
		}
		check(t, s.Values.Set(t.Context(), key, value))
		if r := must(s.NoticeRestore(t.Context()))(t); r == nil {
			t.Fatal("a restored store is not noticed")
		}
		if p, paused, err := s.Queue.Paused(t.Context()); !paused || err != nil || !strings.Contains(p.Reason, "postrider restored skip") {
			t.Errorf("delivery is paused: %v, %q, %v", paused, p.Reason, err)
		}
		now := time.Unix(1_800_000_000, 0)
		if _, err := s.SettleRestored(t.Context(), now); err != store.ErrUndecided {
			t.Errorf("without a decision: %v", err)
		}
		check(t, s.DecideRestored(t.Context(), store.SkipRestored))
		_ = must(s.SettleRestored(t.Context(), now))(t)
		if r := must(s.NoticeRestore(t.Context()))(t); r != nil {
			t.Errorf("it is still undecided: %+v", *r)
		}
	})
}
