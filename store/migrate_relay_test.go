package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

// beforeRelays is the last step before holds, refusals and counts had a relay.
const beforeRelays = 34

// newStoreBeforeRelays returns a store at that step. A digest waits for the end of a hold, an announcement was accepted, and a domain
// has rejected six of eight messages, which nobody has evaluated.
func newStoreBeforeRelays(t *testing.T, dsn string, engine sqlfile.Engine, now time.Time) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	all, err := steps(engine)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all[:beforeRelays] {
		tx, err := s.write.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.apply(t.Context(), tx, st, beforeRelays); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	at := now.Unix()
	exec := func(query string, a ...any) {
		t.Helper()
		if _, err := s.write.ExecContext(t.Context(), s.write.Rebind(query), a...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	outbox := `INSERT INTO outbox (key, kind, member_id, priority, state, not_before, settled_at, address, created_at, reason, from_seq, until_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`
	exec(outbox, "digest/1/a", KindDigest, 1, PriorityDigest, StateQueued, at+3600, nil, "", at, "domain_held?domain=a.example&reason=no")
	exec(outbox, "announce/1/2", KindAnnouncement, 2, PriorityAnnouncement, StateAccepted, at, at, "m2@a.example", at, "")
	exec(`INSERT INTO hold (domain, since, until, reason) VALUES ('a.example', ?, ?, 'no')`, at, at+3600)
	exec(`INSERT INTO tally (minute, domain, mails) VALUES (?, 'b.example', 8)`, at/60-30)
	for i := range 6 {
		exec(`INSERT INTO refusal (key, source, member_id, address, domain, minute, class, code, enhanced, reply, at) VALUES (?, 'smtp', ?, ?, 'b.example', ?, 'policy', 550, '5.7.1', 'no', ?)`,
			fmt.Sprintf("digest/9/%d", i), i, "m@b.example", at/60-30, at)
	}
	return s
}

func TestMigrate_WhatIsKnownOfDomainsIsOfTheSharedRelay(t *testing.T) {
	t.Parallel()
	for _, engine := range []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			dsn := "sqlite:" + filepath.Join(t.TempDir(), "postrider.db")
			if engine == sqlfile.Postgres {
				dsn = servertest.Postgres(t)
			}
			now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
			s := newStoreBeforeRelays(t, dsn, engine, now)
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds, err := s.Holds.Active(t.Context(), now)
			want := DomainHold{Domain: "a.example", Since: now, Until: now.Add(time.Hour), Reason: "no"}
			if err != nil || !slices.Equal(holds, []DomainHold{want}) {
				t.Errorf("holds are %+v (%v), want %+v", holds, err, want)
			}
			sent, err := s.Outbox.SentMessages(t.Context(), 2)
			if err != nil || len(sent) != 1 || sent[0].Relay != SharedRelay || sent[0].Address != "m2@a.example" {
				t.Errorf("sent are %+v (%v), want the announcement, through the shared relay", sent, err)
			}
			var cohorts []bounce.Cohort
			if _, err := s.Suppressions.Evaluate(t.Context(), now, now, func(d EvaluationInput) EvaluationResult {
				cohorts = d.Cohorts
				return EvaluationResult{Verdicts: make([]string, len(d.Refusals))}
			}); err != nil {
				t.Fatal(err)
			}
			domain := bounce.Cohort{Domain: "b.example", Minute: now.Add(-30 * time.Minute), Refused: 6, AtSMTP: 6, Handed: 8}
			if !slices.Contains(cohorts, domain) {
				t.Errorf("cohorts are %+v, want %+v", cohorts, domain)
			}
			if released, err := s.Holds.Release(t.Context(), now.Add(time.Second), HoldKey{Domain: "a.example"}); !released || err != nil {
				t.Errorf("the hold was released: %v, %v", released, err)
			}
			rows, err := s.Outbox.Claim(t.Context(), now.Add(time.Minute), "me", time.Minute, AllPriorities, 9)
			if err != nil || len(rows) != 1 || rows[0].Key != "digest/1/a" {
				t.Errorf("due are %+v (%v), want the digest that waited", rows, err)
			}
		})
	}
}
