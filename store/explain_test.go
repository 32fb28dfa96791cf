package store_test

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

func TestExplain_ReadsPostsAndMessages(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		arrival := forum.Arrival{Post: 7, Thread: 70, Section: 700, Author: 1, PostedAt: now.Add(-time.Minute), Visible: true}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{arrival}, Pending: []forum.PostID{8}}))(t)
		moved := arrival
		moved.Section = 701
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now.Add(time.Hour), Moved: []store.Move{{Arrival: moved, From: 700}}}))(t)

		seen := must(s.Sightings.Records(t.Context(), []forum.PostID{7, 8, 9}))(t)
		equal(t, "sightings", seen, []store.SightingRecord{
			{Place: store.Place{Post: 7, Thread: 70, Section: 700}, Seq: 1, PostedAt: now.Add(-time.Minute), At: now},
			{Place: store.Place{Post: 7, Thread: 70, Section: 701}, Seq: 2, MovedFrom: 700, PostedAt: now.Add(-time.Minute), At: now.Add(time.Hour)},
		})
		equal(t, "pending", must(s.Sightings.PendingSince(t.Context(), []forum.PostID{7, 8, 9}))(t), map[forum.PostID]time.Time{8: now})
		equal(t, "notices", len(must(s.Alerts.ItemsOfMember(t.Context(), 42, []forum.PostID{7}))(t)), 0)

		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{{ID: 42, Due: now}, {ID: 43, Due: now}}))
		for i, key := range []string{"digest/42/2026-05-04", "digest/43/2026-05-04"} {
			must(s.Outbox.Plan(t.Context(), now, []store.Plan{{Key: key, Kind: "digest", Member: forum.MemberID(42 + i), Until: 2, NextDue: now.Add(time.Hour)}}))(t)
		}
		mails := must(s.Outbox.MemberMessages(t.Context(), 42, now))(t)
		if len(mails) != 1 || mails[0].Key != "digest/42/2026-05-04" || mails[0].State != "queued" || mails[0].Until != 2 {
			t.Errorf("messages are %+v", mails)
		}
		if _, known, err := s.Suppressions.AddressHealth(t.Context(), "a@example.org"); known || err != nil {
			t.Errorf("of an address that never bounced: %v", err)
		}
		check(t, s.Suppressions.Add(t.Context(), now, []store.Health{{Address: "A@example.org", Member: 42}}))
		if h, known, err := s.Suppressions.AddressHealth(t.Context(), "a@EXAMPLE.org"); !known || err != nil || h.Member != 42 {
			t.Errorf("health is %+v, %t, %v", h, known, err)
		}
	})
}
