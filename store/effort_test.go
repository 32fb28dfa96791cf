package store

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/jmoiron/sqlx"

	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

// On PostgreSQL, queries for a batch use indexes, however large the store is: with a subselect with LIMIT, the planner may read
// the whole table for each row.
func TestQueries_BatchUsesIndexes(t *testing.T) {
	const kept = 30000
	s := openMigrated(t, servertest.Postgres(t))
	for _, fill := range []string{
		`INSERT INTO sighting (seq, post_id, thread_id, section_id, author_id, posted_at, seen_at)
		 SELECT g, g, g % 500, 1, 1, g, g FROM generate_series(1, $1::int) g`,
		`INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, settled_at)
		 SELECT 'alert/' || g, 'alert', g % 500, g, g, 'accepted', 1, g, g, g FROM generate_series(1, $1::int) g`,
		`INSERT INTO alert (key, member_id, thread_id, first_seq, settles_at)
		 SELECT 'alert/' || g, g % 500, 1, g, g FROM generate_series(1, $1::int) g`,
	} {
		if _, err := s.write.ExecContext(t.Context(), fill, kept); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, statement, table string
		args                   args
	}{
		{"posts before a reply", "sighted_before", "sighting", args{"most": 2, "rows": `[{"t":7,"seq":29900},{"t":8,"seq":29900}]`}},
		{"alerts before another", "earlier_alerts", "alert", args{"most": 2, "keys": `["alert/24007","alert/24008"]`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := s.inTx(t.Context(), func(tx *sqlx.Tx) error {
				before, err := rowsRead(t, tx, tt.table)
				if err != nil {
					return err
				}
				if err := s.query(t.Context(), tx, tt.statement, tt.args, func(scanFunc) error { return nil }); err != nil {
					return err
				}
				after, err := rowsRead(t, tx, tt.table)
				if n := after - before; n > kept/10 {
					t.Errorf("%d rows of %s were read, want a few", n, tt.table)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// rowsRead returns how many rows of a table the current transaction has read.
func rowsRead(t *testing.T, tx *sqlx.Tx, table string) (n int, err error) {
	err = tx.GetContext(t.Context(), &n, "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = $1", table)
	return n, err
}

// Without ANALYZE, SQLite plans queries by the schema alone. It may scan a table only for nightly maintenance or for an operator.
// Partial indexes of unsettled messages are short, so it may scan these.
func TestQueries_SQLiteScansOnlyInMaintenance(t *testing.T) {
	through := regexp.MustCompile(`^SCAN (sighting|outbox|outcome|alert|notice|owed|brought|member|run|s|o|a|n|w|m)\b`)
	short := regexp.MustCompile(`USING (COVERING )?INDEX (outbox_open|outbox_queue|outbox_lease|run_began)$`)
	whole := map[string]bool{
		"counts": true, "queue": true, "queue_keys": true, "suppression_stats": true, // for an operator
		"save_covered_sequences": true, "mark_gone": true, "prune_outbox": true, "prune_deferred": true,
		"rename_alert_items": true, "rename_deferred": true, "rename_delivered": true, // once after a restore of the forum
		"restored_omit_alerts": true, "restored_forget_deferred": true, "restored_cover": true, // once after a restore of the store
	}
	s := openMigrated(t, "sqlite:"+filepath.Join(t.TempDir(), "store.db"))
	queries, err := loadQueries(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	for name, q := range queries {
		for _, step := range queryPlan(t, s, q) {
			if through.MatchString(step) && !short.MatchString(step) && !whole[name] {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

// queryPlan returns the steps of SQLite's plan for a query.
func queryPlan(t *testing.T, s *Store, q sqlfile.Query) (steps []string) {
	t.Helper()
	nothing := make(args)
	for _, p := range q.Params {
		nothing[p] = nil
	}
	rows, err := s.write.NamedQueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q.Text, map[string]any(nothing))
	if err != nil {
		t.Fatalf("%s: %v", q.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
