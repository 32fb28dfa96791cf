package e2e

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

const (
	daemonCount = 3    // daemons that share one store
	daemonCrowd = 1500 // members: enough work for several seconds
)

// TestDaemon_SurvivesPostgreSQLCrash crashes the PostgreSQL server while daemons deliver.
func TestDaemon_SurvivesPostgreSQLCrash(t *testing.T) {
	t.Parallel()
	const crashes = 5
	server := servertest.NewCluster(t)
	f := startDaemonGroup(t, server.DSN())
	for range crashes {
		f.awaitMessages(daemonCrowd / (crashes + 2))
		server.Restart()
	}
	f.awaitSettled(server)
	f.stopAll()
	f.checkCopies(crashes)
}

// TestDaemon_FailsOverToStandby stops the primary while daemons deliver, and promotes its standby: immediately, or after the
// daemons have given up recording what they sent.
func TestDaemon_FailsOverToStandby(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]bool{"immediately": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := servertest.NewCluster(t)
			standby := primary.Standby()
			f := startDaemonGroup(t, primary.DSN(standby)+"&target_session_attrs=read-write")
			f.awaitMessages(daemonCrowd / 3)
			primary.Crash()
			// A daemon that had nothing in flight has nothing to settle.
			f.daemons[0].waitFor(t, "an error about the lost primary", func() bool {
				return !wait || slices.ContainsFunc(f.daemons, func(p *process) bool { return strings.Contains(p.out.String(), "settling") })
			})
			standby.Promote()
			f.awaitSettled(standby)
			f.stopAll()
			f.checkCopies(1)
		})
	}
}

// daemonGroup is several daemons that deliver one edition to each of many members.
type daemonGroup struct {
	*testForum
	relay   *smtptest.Server
	daemons []*process
}

func startDaemonGroup(t *testing.T, store string) *daemonGroup {
	t.Helper()
	b := newTestForum(t, daemonCrowd, time.Now().Add(-time.Hour))
	b.writePost(1)
	b.writePost(2)
	f := &daemonGroup{testForum: b, relay: smtptest.New(t, smtptest.WithPause(20*time.Millisecond))}
	config := appendConfig(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+b.path, store, f.relay.URL()), "[scan]\ninterval = \"1s\"\n[delivery]\nuncertain_wait = \"1s\"\n")
	// No daemon dies here, so no message may wait for the end of its lease, which is longer than waitTimeout.
	replaceInConfig(t, config, `lease = "2s"`, `lease = "5m"`)
	makeDigestsDue(t, config, store)
	binary := buildBinary(t)
	for range daemonCount {
		f.daemons = append(f.daemons, start(t, binary, "run", "-c", config))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the leases: %s", leases(store))
			for i, p := range f.daemons {
				t.Logf("daemon %d:\n%s", i, p.out)
			}
		}
	})
	return f
}

// awaitMessages waits until n more messages have arrived.
func (f *daemonGroup) awaitMessages(n int) {
	f.Helper()
	n += f.relay.Count()
	f.daemons[0].waitFor(f.T, fmt.Sprintf("message number %d", n), func() bool { return f.relay.Count() >= n })
}

// awaitSettled waits until all messages are settled.
func (f *daemonGroup) awaitSettled(server *servertest.Cluster) {
	f.Helper()
	want := len(f.wantPosts())
	f.daemons[0].waitFor(f.T, "all messages to be settled", func() bool {
		return f.relay.Count() >= want && server.QueryInt("SELECT count(*) FROM outbox WHERE settled_at IS NULL") == 0
	})
}

func (f *daemonGroup) stopAll() {
	f.Helper()
	for _, p := range f.daemons {
		p.stop(f.T)
	}
}

// checkCopies checks the delivered posts and the number of repeated messages after a number of faults.
func (f *daemonGroup) checkCopies(faults int) {
	f.Helper()
	messages := f.relay.Messages()
	copies := f.checkDelivered(messages)
	f.Logf("%d faults, %d messages, %d of them copies with the same Message-ID", faults, len(messages), copies)
	if most := faults * daemonCount * (connections + maxUnsettled); copies > most {
		f.Errorf("%d messages were repeated, want at most %d: those in flight at %d faults", copies, most, faults)
	}
}

// leases describes the messages that are not settled, for the log of a failed test.
func leases(dsn string) string {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	var text string
	err = db.QueryRow(`SELECT string_agg(format('%s of %s x %s, in flight %s, until %s', state, lease_owner, n, handed, lease_until), E'\n')
		FROM (SELECT state, lease_owner, handed, lease_until, count(*) AS n FROM outbox WHERE settled_at IS NULL GROUP BY 1, 2, 3, 4) l`).Scan(&text)
	return fmt.Sprint(text, " ", err)
}
