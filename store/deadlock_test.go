package store_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/store"
)

// In a deadlock PostgreSQL aborts a session that has waited for a second: here the daemon's, because it updates its rows in
// another order.
func TestExec_RetriesAfterDeadlock(t *testing.T) {
	t.Parallel()
	dsn := servertest.Postgres(t)
	s := open(t, dsn)
	enroll(t, s, 1, 10)
	plan(t, s, now, alertPlan("alert/1/T1"), alertPlan("alert/1/T2"))
	equal(t, "claimed", len(claim(t, s, now)), 2)
	db := must(sql.Open("postgres", dsn))(t)
	defer db.Close()
	other := must(db.BeginTx(t.Context(), nil))(t)
	defer other.Rollback()
	// On a busy machine PostgreSQL might abort this session instead.
	must(other.ExecContext(t.Context(), "SET LOCAL deadlock_timeout = '1min'"))(t)
	touch := func(key string) {
		t.Helper()
		must(other.ExecContext(t.Context(), "UPDATE outbox SET reason = 'another' WHERE key = $1", key))(t)
	}
	touch("alert/1/T2")
	renewed := make(chan error, 1)
	go func() { renewed <- s.Outbox.Renew(t.Context(), now, owner, time.Hour) }()
	servertest.Await(t, func() error { // it has locked the first row and waits for the second
		var waiting int
		err := db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err == nil && waiting == 0 {
			err = errors.New("no session waits")
		}
		return err
	})
	touch("alert/1/T1")
	check(t, other.Commit())
	check(t, <-renewed)
	for _, m := range must(s.Queue.List(t.Context(), store.QueueFilter{States: []string{"leased"}, Limit: 9}))(t) {
		if !m.LeaseUntil.Equal(now.Add(time.Hour)) || m.Last.Reason != "another" {
			t.Errorf("%s is leased until %v, %q; want both updates", m.Key, m.LeaseUntil, m.Last.Reason)
		}
	}
}
