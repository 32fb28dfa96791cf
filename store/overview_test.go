package store_test

import (
	"testing"
	"time"

	"postrider/store"
)

func TestOverview_CountsWaitingAndComing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{
			{ID: 1, Due: now}, {ID: 2, Due: now.Add(-time.Hour)}, {ID: 3, Due: now.Add(time.Second)}, {ID: 4, Due: now.Add(time.Hour)},
			{ID: 5, Due: now.Add(2*time.Hour - time.Second)}, {ID: 6, Due: now.Add(3 * time.Hour)}, {ID: 7},
		}))
		due, coming, err := s.Subscribers.DueHours(t.Context(), now, 3)
		check(t, err)
		equal(t, "due", due, 2)
		equal(t, "coming", coming, []int{1, 2, 0})

		equal(t, "unsettled messages of an empty outbox", must(s.Queue.PendingMessages(t.Context()))(t), nil)
		planAndSettle(t, s, now, edition(3, "a", 9), "refused")
		plan(t, s, now, edition(1, "a", 9), store.Plan{Key: "alert/2/T1", Kind: "alert", Member: 2})
		claim(t, s, now)
		plan(t, s, now.Add(time.Minute), store.Plan{Key: "announce/1/1", Kind: "announcement", Member: 1})
		plan(t, s, now.Add(2*time.Minute), store.Plan{Key: "announce/1/2", Kind: "announcement", Member: 2})
		equal(t, "unsettled messages", must(s.Queue.PendingMessages(t.Context()))(t), []store.PendingCount{
			{Count: store.Count{Kind: "alert", State: "leased", Messages: 1}, Next: now},
			{Count: store.Count{Kind: "announcement", State: "queued", Messages: 2}, Next: now.Add(time.Minute)},
			{Count: store.Count{Kind: "digest", State: "leased", Messages: 1}, Next: now},
		})
	})
}

func TestLastSent_NewestRoundWithAcceptedMessage(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		equal(t, "before any", must(s.Counts.LastSent(t.Context()))(t), time.Time{})
		for i, sent := range []int{3, 1, 0} {
			check(t, s.Rounds.Save(t.Context(), store.RoundRecord{Began: now.Add(time.Duration(i) * time.Minute), Tick: "editions", Sent: sent}))
		}
		equal(t, "after some", must(s.Counts.LastSent(t.Context()))(t), now.Add(time.Minute))
	})
}

func TestAudit_ListsLatestFirst(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		var list []store.AuditEntry
		for i, action := range []string{"pause", "resume", "pause"} {
			list = append(list, store.AuditEntry{At: now.Add(time.Duration(i) * time.Minute), Actor: "web: ray", Action: action, Object: "delivery", Detail: "x"})
		}
		check(t, s.Audit.Record(t.Context(), list...))
		check(t, s.Audit.Record(t.Context()))
		equal(t, "the newest two", must(s.Audit.List(t.Context(), 0, 2))(t), []store.AuditEntry{list[2], list[1]})
		equal(t, "the next page", must(s.Audit.List(t.Context(), 2, 2))(t), list[:1])
	})
}
