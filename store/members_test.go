package store_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

func TestSubscribers_ReadAsSaved(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		want := map[forum.MemberID]store.Subscriber{
			1: {ID: 1, Zone: "Asia/Kolkata", Locale: "en-IN", CoveredSeq: 1 << 40, Due: now},
			2: {ID: 2},
		}
		check(t, s.Subscribers.Save(t.Context(), now, slices.Collect(maps.Values(want))))
		if got := must(s.Subscribers.Get(t.Context(), []forum.MemberID{1, 2, 3}))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("subscribers = %v, want %v", got, want)
		}
		changed := store.Subscriber{ID: 1, Zone: "Europe/Paris", Locale: "fr", CoveredSeq: 1<<40 + 1}
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{changed}))
		if got := subscriber(t, s, 1); !reflect.DeepEqual(got, changed) {
			t.Errorf("saved again = %v, want %v", got, changed)
		}
		if got := must(s.Subscribers.Get(t.Context(), nil))(t); len(got) != 0 {
			t.Errorf("of no members there are %d", len(got))
		}
	})
}

func TestDue_OrderedByTimeThenID(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{
			{ID: 1, Due: now}, {ID: 2, Due: now.Add(-time.Hour)}, {ID: 3}, {ID: 4, Due: now.Add(time.Second)}, {ID: 5, Due: now},
		}))
		ids := func(limit int) []forum.MemberID {
			t.Helper()
			var all []forum.MemberID
			for _, sub := range must(s.Subscribers.Due(t.Context(), now, limit))(t) {
				all = append(all, sub.ID)
			}
			return all
		}
		if got, want := ids(9), []forum.MemberID{2, 1, 5}; !slices.Equal(got, want) {
			t.Errorf("due = %v, want %v", got, want)
		}
		if got, want := ids(2), []forum.MemberID{2, 1}; !slices.Equal(got, want) {
			t.Errorf("the first two due = %v, want %v", got, want)
		}
	})
}

func TestRemoveStale_MarksMembersGone(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 3, 0)
		sync := now.Add(time.Hour)
		check(t, s.Subscribers.MarkSeen(t.Context(), sync, []forum.MemberID{2}))
		if n := must(s.Subscribers.RemoveStale(t.Context(), sync))(t); n != 2 {
			t.Errorf("retired %d, want 2", n)
		}
		if n := must(s.Subscribers.RemoveStale(t.Context(), sync))(t); n != 0 {
			t.Errorf("retired %d again, want 0", n)
		}
		if due := must(s.Subscribers.Due(t.Context(), sync, 9))(t); len(due) != 1 || due[0].ID != 2 {
			t.Errorf("due = %v, want member 2 alone", due)
		}
		if sub := subscriber(t, s, 1); !sub.Gone || !sub.Due.IsZero() {
			t.Errorf("member 1 = %+v, want it gone, never due", sub)
		}
		check(t, s.Subscribers.Save(t.Context(), sync, []store.Subscriber{{ID: 1, Due: sync}}))
		if sub := subscriber(t, s, 1); sub.Gone || !sub.Due.Equal(sync) {
			t.Errorf("member 1 = %+v, want it back", sub)
		}
	})
}
