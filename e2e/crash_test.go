package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

const (
	daemonCount = 3    // daemons on one store
	daemonCrowd = 1500 // members: work for some seconds
)

// TestDaemon_SurvivesPostgreSQLCrash crashes the server under daemons that deliver.
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

// TestDaemon_FailsOverToStandby takes the primary away from daemons that deliver, and promotes its standby, at once or when they
// have given up writing down what they had handed over.
func TestDaemon_FailsOverToStandby(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]bool{"at once": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := servertest.NewCluster(t)
			standby := primary.Standby()
			f := startDaemonGroup(t, primary.DSN(standby)+"&target_session_attrs=read-write")
			f.awaitMessages(daemonCrowd / 3)
			primary.Lose()
			// A daemon that had nothing under way has nothing to settle.
			f.daemons[0].waitFor(t, "word of the loss", func() bool {
				return !wait || slices.ContainsFunc(f.daemons, func(p *process) bool { return strings.Contains(p.out.String(), "settling") })
			})
			standby.Promote()
			f.awaitSettled(standby)
			f.stopAll()
			f.checkCopies(1)
		})
	}
}

// daemonGroup is daemons that deliver one edition to each of many members.
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
	binary := buildBinary(t)
	for range daemonCount {
		f.daemons = append(f.daemons, start(t, binary, "run", "-c", config))
	}
	t.Cleanup(func() {
		if t.Failed() {
			for i, p := range f.daemons {
				t.Logf("daemon %d:\n%s", i, p.out)
			}
		}
	})
	return f
}

// awaitMessages waits until so many more mails have arrived.
func (f *daemonGroup) awaitMessages(n int) {
	f.Helper()
	n += len(f.relay.Messages())
	f.daemons[0].waitFor(f.T, fmt.Sprintf("%dth mail", n), func() bool { return len(f.relay.Messages()) >= n })
}

// awaitSettled waits until something has become of every mail.
func (f *daemonGroup) awaitSettled(server *servertest.Cluster) {
	f.Helper()
	want := len(f.wantPosts())
	f.daemons[0].waitFor(f.T, "end of the work", func() bool {
		return len(f.relay.Messages()) >= want && server.Number("SELECT count(*) FROM outbox WHERE settled_at IS NULL") == 0
	})
}

func (f *daemonGroup) stopAll() {
	f.Helper()
	for _, p := range f.daemons {
		p.stop(f.T)
	}
}

// checkCopies checks what arrived after so many faults.
func (f *daemonGroup) checkCopies(faults int) {
	f.Helper()
	mails := f.relay.Messages()
	copies := f.checkDelivered(mails)
	f.Logf("%d faults, %d mails, %d of them copies with the same Message-ID", faults, len(mails), copies)
	if most := faults * daemonCount * (connections + maxUnsettled); copies > most {
		f.Errorf("%d mails were repeated, want at most %d: those in flight at %d faults", copies, most, faults)
	}
}
