package store_test

import (
	"testing"
	"time"

	"postrider/internal/servertest"
)

func TestDatabaseTime_ReadsServerClock(t *testing.T) {
	at, known, err := open(t, servertest.Postgres(t)).DatabaseTime(t.Context())
	if err != nil || !known || time.Since(at).Abs() > time.Minute {
		t.Errorf("PostgreSQL's clock shows %v, %t, %v", at, known, err)
	}
	if _, known, err := open(t, sqliteDSN(t)).DatabaseTime(t.Context()); known || err != nil {
		t.Errorf("SQLite has a clock: %v", err)
	}
}

func TestFreeDiskBytes_OnlyForSQLite(t *testing.T) {
	if left, known, err := open(t, sqliteDSN(t)).FreeDiskBytes(); err != nil || !known || left <= 0 {
		t.Errorf("room on our disk: %d, %t, %v", left, known, err)
	}
	if _, known, err := open(t, servertest.Postgres(t)).FreeDiskBytes(); known || err != nil {
		t.Errorf("room on the disk of a server: %v", err)
	}
}
