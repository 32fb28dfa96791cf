package store_test

import (
	"testing"
	"time"

	"postrider/store"
)

func TestHolds_ActiveUntilEndOrRelease(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for _, h := range []store.DomainHold{
			{Domain: "A.example", Since: now, Until: now.Add(time.Minute), Reason: "refused 12 of 14"},
			{Domain: "b.example", Since: now, Until: now.Add(time.Minute)},
			{Domain: "b.example", Since: now, Until: now.Add(time.Hour), Reason: "again"},
		} {
			check(t, s.Holds.Add(t.Context(), h))
		}
		domains := func(at time.Time) (list []string) {
			for _, h := range must(s.Holds.Active(t.Context(), at))(t) {
				list = append(list, h.Domain+": "+h.Reason)
			}
			return list
		}
		equal(t, "at the start", domains(now), []string{"a.example: refused 12 of 14", "b.example: again"})
		equal(t, "after a minute", domains(now.Add(time.Minute)), []string{"b.example: again"})
		equal(t, "released an ended hold", must(s.Holds.Release(t.Context(), now.Add(time.Minute), "a.example"))(t), false)
		equal(t, "released an active hold", must(s.Holds.Release(t.Context(), now.Add(time.Minute), "B.example"))(t), true)
		equal(t, "after that", domains(now.Add(time.Minute)), nil)
	})
}

func TestPrune_DeletesHoldsAfterOneDay(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Holds.Add(t.Context(), store.DomainHold{Domain: "a.example", Since: now, Until: now.Add(time.Hour)}))
		count := func() (n int) {
			if err := openRaw(t, dsn).QueryRow("SELECT count(*) FROM hold").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		check(t, s.Prune(t.Context(), now.Add(24*time.Hour)))
		equal(t, "holds after a day", count(), 1)
		check(t, s.Prune(t.Context(), now.Add(26*time.Hour)))
		equal(t, "holds a day after it ended", count(), 0)
	})
}
