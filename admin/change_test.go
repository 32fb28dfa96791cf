package admin_test

import (
	"net/http"
	"testing"
	"time"

	"postrider/admin"
	"postrider/store"
)

// changes are forms that change something, for every path that takes one: names and values in turn.
func changes() map[string][]string {
	return map[string][]string{
		"/pause":            {},
		"/resume":           {},
		"/queue/retry":      {"key", digestKey(1)},
		"/queue/drop":       {"key", digestKey(2), "sure", "yes"},
		"/bounces/lift":     {"address", "anna@a.example"},
		"/bounces/suppress": {"address", "bert@a.example"},
		"/bounces/release":  {"domain", "a.example"},
		"/logout":           {},
	}
}

// changeable is a world in which each of the changes changes something.
func changeable(t *testing.T) *world {
	w := newWorld(t)
	w.outbox("refused", "queued")
	check(t, w.store.Suppress(t.Context(), noon, []store.Health{must(store.ByHand("anna@a.example", "", noon))(t)}))
	check(t, w.store.Hold(t.Context(), store.Hold{Domain: "a.example", Since: noon, Until: noon.Add(time.Hour)}))
	return w
}

func TestEveryChangeNeedsTheTokenAndIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := changeable(t)
	entries := func() int { return len(must(w.store.AuditLog(t.Context(), 0, 1000))(t)) }
	forms := changes()
	b := w.admin()
	for _, path := range w.room.(*admin.Server).Paths(http.MethodPost) {
		form, known := forms[path]
		if !known {
			t.Errorf("%s changes something, and stands in no test", path)
			continue
		}
		before := entries()
		if got := b.post(path, form...); got.status != http.StatusForbidden || entries() != before {
			t.Errorf("%s without a token: answer %d, %d entries more", path, got.status, entries()-before)
		}
		if path == "/logout" { // the last
			continue
		}
		if got := b.order(path, form...); got.status != http.StatusSeeOther || entries() != before+1 {
			t.Errorf("%s: answer %d, %d entries more, want 303 and 1", path, got.status, entries()-before)
		}
	}
	before := entries()
	if got := b.order("/logout"); got.status != http.StatusSeeOther || entries() != before+1 || b.loggedIn() {
		t.Errorf("log out: answer %d, %d entries more", got.status, entries()-before)
	}
}
