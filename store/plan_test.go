package store

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
	"postrider/internal/servertest"
)

// Another daemon claims a member's waiting edition while the next one is being planned. This cannot happen on SQLite, where only
// one transaction writes at a time.
func TestPlan_EditionClaimedWhileNextIsPlanned(t *testing.T) {
	now := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	settle := func(t *testing.T, other *Store) {
		x := Settlement{Key: "digest/1/a", State: "accepted", Result: "accepted", At: now}
		if err := other.Outbox.Settle(t.Context(), "other", []Settlement{x}); err != nil {
			t.Fatal(err)
		}
	}
	release := func(t *testing.T, other *Store) {
		if err := other.Outbox.Release(t.Context(), "other", []string{"digest/1/a"}); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, *Store) {}
	tests := []struct {
		name                string
		beforeMerge, before func(*testing.T, *Store) // the insert
		want                []Row
	}{
		{"settled before the merge: the next begins where it ended", settle, nothing, []Row{{Key: "digest/1/b", From: 20, Until: 30}}},
		{"settled after the merge: the next begins where it ended", nothing, settle, []Row{{Key: "digest/1/b", From: 20, Until: 30}}},
		{"released before the merge: it is merged", release, nothing, []Row{{Key: "digest/1/b", From: 10, Until: 30}}},
		{"released after the merge: there is no next", nothing, release, []Row{{Key: "digest/1/a", From: 10, Until: 20}}},
		{"kept: there is no next", nothing, nothing, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dsn := servertest.Postgres(t)
			s, other := openMigrated(t, dsn), openMigrated(t, dsn)
			if err := s.Subscribers.Save(t.Context(), now, []Subscriber{{ID: 1, CoveredSeq: 10, Due: now}}); err != nil {
				t.Fatal(err)
			}
			first := Plan{Key: "digest/1/a", Kind: KindDigest, Member: 1, Until: 20, NextDue: now}
			if _, err := s.Outbox.Plan(t.Context(), now, []Plan{first}); err != nil {
				t.Fatal(err)
			}
			next := planRow{Key: "digest/1/b", Kind: KindDigest, Member: 1, Until: 30}
			err := s.inTx(t.Context(), func(tx *sqlx.Tx) error {
				due, err := s.Outbox.advanceDue(t.Context(), tx, now, []Plan{{Kind: KindDigest, Member: 1, NextDue: now.Add(time.Hour)}})
				if err != nil || !due[forum.MemberID(1)] {
					t.Fatalf("due = %v, %v; want the member", due, err)
				}
				if rows, err := other.Outbox.Claim(t.Context(), now, "other", time.Hour, AllPriorities, 9); len(rows) != 1 || err != nil {
					t.Fatalf("the other daemon claimed %v, %v; want the edition that waits", rows, err)
				}
				tt.beforeMerge(t, other)
				if err := s.Outbox.mergeIntoNewer(t.Context(), tx, now, []planRow{next}); err != nil {
					return err
				}
				tt.before(t, other)
				_, _, err = s.Outbox.insert(t.Context(), tx, now, []planRow{next})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Outbox.Claim(t.Context(), now, "this", time.Hour, AllPriorities, 9)
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("waiting: %v, %v; want %v", got, err, tt.want)
			}
			for i, want := range tt.want {
				if r := got[i]; r.Key != want.Key || r.From != want.From || r.Until != want.Until {
					t.Errorf("waiting: %s from %d to %d, want %s from %d to %d", r.Key, r.From, r.Until, want.Key, want.From, want.Until)
				}
			}
		})
	}
}

func openMigrated(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
