package store_test

import (
	"testing"
	"time"
)

func TestCounts_PlannedByHourAndKind(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		count := func(at time.Time, kind string, mails int) {
			check(t, s.Counts.AddPlanned(t.Context(), at, kind, mails))
		}
		count(now.Add(time.Minute), "digest", 3)
		count(now.Add(59*time.Minute), "digest", 4)
		count(now.Add(59*time.Minute), "alert", 9)
		count(now.Add(time.Hour), "digest", 1)
		planned := func(until time.Time) map[time.Time]int {
			return must(s.Counts.PlannedByHour(t.Context(), "digest", now, until))(t)
		}
		equal(t, "of two hours", planned(now.Add(2*time.Hour)), map[time.Time]int{now: 7, now.Add(time.Hour): 1})
		equal(t, "of one hour", planned(now.Add(time.Hour)), map[time.Time]int{now: 7})
		check(t, s.Prune(t.Context(), now.Add(90*24*time.Hour+time.Minute)))
		equal(t, "after 90 days", planned(now.Add(2*time.Hour)), map[time.Time]int{now.Add(time.Hour): 1})
	})
}
