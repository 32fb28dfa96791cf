package source

import (
	"testing"
	"time"

	"postrider/internal/servertest"
)

func TestDatabaseTime_ReadsServerClock(t *testing.T) {
	c := Config{Type: "mybb", DSN: servertest.MariaDB(t), URL: "https://forum.example.org", Timeout: 10 * time.Second}
	if at, known, err := openConfig(t, c).DatabaseTime(t.Context()); err != nil || !known || time.Since(at).Abs() > time.Minute {
		t.Errorf("MariaDB's clock shows %v, %t, %v", at, known, err)
	}
	if _, known, err := openSample(t).DatabaseTime(t.Context()); known || err != nil {
		t.Errorf("SQLite has a clock of its own: %v", err)
	}
}
