package store_test

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

func TestDays_CountAcceptedAndUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), alertPlan("alert/1/T2"), alertPlan("alert/1/T3"), alertPlan("alert/1/T4"), alertPlan("alert/1/T5"))
		var settled []store.Settlement
		for i, row := range claim(t, s, now) {
			state := []string{"accepted", "uncertain", "skipped", "refused", "accepted"}[i]
			settled = append(settled, store.Settlement{Key: row.Key, State: state, Result: state, At: now.Add(time.Duration(i) * time.Minute)})
		}
		check(t, s.Outbox.Settle(t.Context(), owner, settled))
		for since, want := range map[time.Duration]int{0: 3, time.Minute: 2, 2 * time.Minute: 1, 5 * time.Minute: 0} {
			days := must(s.Outbox.Days(t.Context(), []store.DayQuery{{Member: 1, Since: now.Add(since)}, {Member: 2, Since: now}}))(t)
			equal(t, "a day", days, map[forum.MemberID]store.DayUsage{1: {Messages: want, Digests: true}, 2: {}})
		}
	})
}

func TestDays_CountLeasesOfOthers(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), alertPlan("alert/1/T2"), edition(2, "a", 20))
		claim(t, s, now)
		for claimed, want := range []int{2, 1, 0, 0} {
			days := must(s.Outbox.Days(t.Context(), []store.DayQuery{{Member: 1, Since: now, Claimed: claimed}}))(t)
			if got := days[1].Messages; got != want {
				t.Errorf("%d of two leased messages are the caller's: %d count, want %d", claimed, got, want)
			}
		}
	})
}
