package store_test

import (
	"testing"
	"time"

	"postrider/store"
)

func TestSessions_LastUntilClosedOrOld(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for _, n := range []store.Session{
			{Hash: "a", Actor: "web: ray", AuthMethod: "proxy", Opened: now},
			{Hash: "b", Actor: "web: admin", AuthMethod: "01ab", Opened: now.Add(-time.Hour)},
			{Hash: "c", Actor: "web: admin", AuthMethod: "01ab", Opened: now.Add(-2 * time.Hour)},
			{Hash: "d", Actor: "web: admin", AuthMethod: "01ab", Opened: now.Add(-time.Hour)},
		} {
			check(t, s.Sessions.Open(t.Context(), n))
		}
		equal(t, "a", findSession(t, s, "a"), store.Session{Hash: "a", Actor: "web: ray", AuthMethod: "proxy", Opened: now, Seen: now})
		check(t, s.Sessions.Touch(t.Context(), now, "b"))
		check(t, s.Sessions.Touch(t.Context(), now, "c"))
		check(t, s.Sessions.Close(t.Context(), "a"))
		check(t, s.Sessions.Prune(t.Context(), now.Add(-2*time.Hour), now.Add(-time.Hour)))
		equal(t, "closed", findSession(t, s, "a"), store.Session{})
		equal(t, "seen a while ago", findSession(t, s, "b").Seen, now)
		equal(t, "opened long ago", findSession(t, s, "c"), store.Session{})
		equal(t, "not seen for long", findSession(t, s, "d"), store.Session{})
	})
}

func findSession(t *testing.T, s *store.Store, hash string) store.Session {
	t.Helper()
	n, open, err := s.Sessions.Find(t.Context(), hash)
	check(t, err)
	equal(t, hash+" is open", open, n.Hash != "")
	return n
}
