package store_test

import (
	"testing"
	"time"

	"postrider/store"
)

func TestRounds_KeptForAMonth(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		day := time.Date(2026, 5, 4, 23, 30, 0, 0, time.UTC)
		first := store.RoundRecord{Began: day, Owner: "a", Tick: "editions", Took: 1500 * time.Millisecond, Planned: 5, Sent: 2, Bytes: 2048, Refused: 1, Skipped: map[string]int{"nothing new": 2}, Memory: 1 << 20}
		second := store.RoundRecord{Began: day.Add(time.Hour), Owner: "a", Tick: "editions", Sent: 3, Retried: 1, Error: "the relay\x00 is down"}
		third := store.RoundRecord{Began: day.Add(2 * time.Hour), Owner: "b", Tick: "alerts", Sent: 4, Uncertain: 1}
		for _, r := range []store.RoundRecord{first, second, third} {
			check(t, s.Rounds.Save(t.Context(), r))
		}
		second.Error = "the relay is down"
		equal(t, "the newest rounds", must(s.Rounds.List(t.Context(), day, 2))(t), []store.RoundRecord{third, second})
		equal(t, "all rounds", must(s.Rounds.List(t.Context(), day, 9))(t), []store.RoundRecord{third, second, first})
		days := []store.RunDay{
			{Day: day.Truncate(24 * time.Hour), Planned: 5, Sent: 2, Bytes: 2048, Refused: 1, Skipped: 2},
			{Day: day.Truncate(24*time.Hour).AddDate(0, 0, 1), Sent: 7, Retried: 1, Uncertain: 1},
		}
		equal(t, "by day", must(s.Rounds.ByDay(t.Context(), day))(t), days)
		check(t, s.Prune(t.Context(), day.Add(31*24*time.Hour+90*time.Minute)))
		equal(t, "after a month", must(s.Rounds.List(t.Context(), day, 9))(t), []store.RoundRecord{third})
	})
}
