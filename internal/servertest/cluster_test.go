package servertest_test

import (
	"testing"

	"postrider/internal/servertest"
)

// TestCluster_StandbyTakesOver checks that committed data survives a crash, and is on the standby after a failover.
func TestCluster_StandbyTakesOver(t *testing.T) {
	primary := servertest.NewCluster(t)
	standby := primary.Standby()
	primary.Exec("CREATE TABLE kept (id BIGINT)")
	primary.Exec("INSERT INTO kept VALUES (1)")
	primary.Restart()
	db := open(t, primary.DSN())
	count := func() (n int) {
		for try := 0; ; try++ { // the crash has closed the pool's connections
			err := db.QueryRow("SELECT count(*) FROM kept").Scan(&n)
			if err == nil {
				return n
			}
			if try > 3 {
				t.Fatal(err)
			}
		}
	}
	if n := count(); n != 1 {
		t.Errorf("%d rows after a crash, want 1", n)
	}
	primary.Exec("INSERT INTO kept VALUES (2)")
	primary.Crash()
	standby.Promote()
	standby.Exec("INSERT INTO kept VALUES (3)")
	db = open(t, standby.DSN())
	if n := count(); n != 3 {
		t.Errorf("%d rows on the standby, want 3", n)
	}
}
