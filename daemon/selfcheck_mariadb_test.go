package daemon

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"postrider/alarm"
	"postrider/internal/racetest"
	"postrider/internal/servertest"
	"postrider/source"
)

// newMariaDBWorld opens a world around a copy of a real forum on MariaDB.
func newMariaDBWorld(t *testing.T, kind string) *world {
	t.Helper()
	dsn := servertest.MariaDB(t)
	servertest.LoadDump(t, dsn, "../source/testdata/"+kind+"-mariadb.sql.gz")
	w := newWorld(t)
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = kind, dsn, "https://forum.example.org"
	forum, err := source.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { forum.Close() })
	w.source, w.forum = forum, servertest.OpenMariaDB(t, dsn)
	w.restart()
	return w
}

// TestSelfCheck_UpgradeOfMariaDBForumRaisesAlarm renames each table under a daemon, and each column of the tables that it reads. In
// between, it repeats what a running daemon does every few minutes.
func TestSelfCheck_UpgradeOfMariaDBForumRaisesAlarm(t *testing.T) {
	t.Parallel()
	racetest.SkipIfRace(t)
	for kind, least := range map[string]int{"xenforo2": 70, "mybb": 65} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newMariaDBWorld(t, kind)
			used := 0
			for _, table := range w.names(`SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`) {
				if !w.checkUpgrade("RENAME TABLE "+table+" TO renamed", "RENAME TABLE renamed TO "+table) {
					continue
				}
				for _, c := range w.names(`SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?`, table) {
					change := "ALTER TABLE " + table + " RENAME COLUMN `%s` TO `%s`"
					if w.checkUpgrade(fmt.Sprintf(change, c, "renamed"), fmt.Sprintf(change, "renamed", c)) {
						used++
					}
				}
			}
			if used < least {
				t.Errorf("only %d columns are used, want at least %d", used, least)
			}
		})
	}
}

// checkUpgrade changes the forum, and then restores it. If a query fails in between, there must be an alarm, and none after that. It
// reports whether a query fails.
func (w *world) checkUpgrade(change, restore string) (breaks bool) {
	w.Helper()
	w.execSQL(change)
	if breaks = w.source.Probe(w.Context()) != nil; breaks {
		w.passMinutes(2)
		if !w.hasAlarm(alarm.SelfCheck) && !w.hasAlarm(alarm.Forum) {
			w.Errorf("after %s there is no alarm", change)
		}
	}
	w.execSQL(restore)
	if breaks {
		w.passMinutes(1)
		if w.hasAlarm(alarm.SelfCheck) || w.hasAlarm(alarm.Forum) {
			w.Errorf("after %s an alarm is still active", restore)
		}
	}
	return breaks
}

// passMinutes repeats what a daemon does in a few minutes without posts.
func (w *world) passMinutes(n int) {
	w.Helper()
	d := w.daemon
	d.watchdog.selfCheck = new(source.SelfCheckCache) // the last result has expired
	for range n {
		w.setTime(w.clock().Add(time.Minute))
		d.main.tick(w.Context(), "gather", d.main.scanner.scanNew)
		d.watchdog.checkForum(w.Context())
	}
	d.watchdog.flushAlarms(w.Context())
}

// names reads a column of names from the forum's database.
func (w *world) names(query string, args ...any) (list []string) {
	w.Helper()
	rows, err := w.forum.QueryContext(w.Context(), query, args...)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name sql.NullString
		if err := rows.Scan(&name); err != nil {
			w.Fatal(err)
		}
		list = append(list, name.String)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return list
}
