package store_test

import (
	"fmt"
	"testing"

	"postrider/store"
)

// PostgreSQL rejects zero bytes and invalid UTF-8. A statement handles many rows, so one odd address must not block all others.
func TestStore_AcceptsTextsThatPostgresRejects(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Suppressions.Add(t.Context(), now, []store.Health{must(store.ManualSuppression("anna@a.example", "", now))(t)}))
		for _, odd := range []string{"\x00", "a\x00b", "\xff", "a\xffb", `\u0000`} {
			found := must(s.Suppressions.Suppressed(t.Context(), now, []string{odd + "@a.example", "anna@a.example"}))(t)
			if len(found) != 1 || found["anna@a.example"] == "" {
				t.Errorf("%q: suppressed are %v", odd, found)
			}
			for what, do := range map[string]func() error{
				"removing a suppression": func() error { _, err := s.Suppressions.Remove(t.Context(), []string{odd}); return err },
				"releasing a hold": func() error {
					_, err := s.Holds.Release(t.Context(), now, store.HoldKey{Relay: odd, Domain: odd})
					return err
				},
				"listing addresses": func() error { _, err := s.Suppressions.List(t.Context(), now, odd, odd, 10); return err },
				"retrying":          func() error { _, err := s.Queue.Retry(t.Context(), now, []string{odd}); return err },
				"dropping":          func() error { _, err := s.Queue.Drop(t.Context(), now, []string{odd}, odd); return err },
				"pausing":           func() error { _, err := s.Queue.Pause(t.Context(), now, odd); return err },
				"recording": func() error {
					return s.Audit.Record(t.Context(), store.AuditEntry{At: now, Actor: odd, Action: "pause", Detail: odd})
				},
				"opening a session": func() error {
					return s.Sessions.Open(t.Context(), store.Session{Hash: fmt.Sprintf("%x", odd), Actor: odd, AuthMethod: "proxy", Opened: now, Seen: now})
				},
			} {
				if err := do(); err != nil {
					t.Errorf("%s, with %q: %v", what, odd, err)
				}
			}
		}
	})
}
