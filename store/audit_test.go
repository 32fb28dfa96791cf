package store_test

import (
	"testing"

	"postrider/store"
)

func TestPrune_DeletesOnlyFailedLogins(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		old, young := now.AddDate(0, 0, -91), now.AddDate(0, 0, -89)
		check(t, s.Audit.Record(t.Context(),
			store.AuditEntry{At: old, Actor: "web: unknown", Action: "fail to log in", Object: "admin"},
			store.AuditEntry{At: old, Actor: "web: admin", Action: "log in", Object: "admin"},
			store.AuditEntry{At: old, Actor: "web: admin", Action: "pause", Object: "delivery"},
			store.AuditEntry{At: young, Actor: "web: unknown", Action: "fail to log in", Object: "admin"}))
		check(t, s.Prune(t.Context(), now))
		var left []string
		for _, e := range must(s.Audit.List(t.Context(), 0, 10))(t) {
			left = append(left, e.Action)
		}
		equal(t, "what is left", left, []string{"fail to log in", "pause", "log in"})
	})
}
