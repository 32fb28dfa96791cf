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
	fleet = 3    // daemons on one store
	many  = 1500 // members: work for some seconds
)

// TestDaemon_SurvivesPostgreSQLCrash crashes the server under daemons that deliver.
func TestDaemon_SurvivesPostgreSQLCrash(t *testing.T) {
	t.Parallel()
	const crashes = 5
	server := servertest.NewCluster(t)
	f := newFleet(t, server.DSN())
	for range crashes {
		f.more(many / (crashes + 2))
		server.Restart()
	}
	f.settled(server)
	f.stop()
	f.verdict(crashes)
}

// TestDaemon_FollowsToStandby takes the primary away from daemons that deliver, and promotes its standby, at once or when they
// have given up writing down what they had handed over.
func TestDaemon_FollowsToStandby(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]bool{"at once": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := servertest.NewCluster(t)
			standby := primary.Standby()
			f := newFleet(t, primary.DSN(standby)+"&target_session_attrs=read-write")
			f.more(many / 3)
			primary.Lose()
			// A daemon that had nothing under way has nothing to settle.
			f.daemons[0].until(t, "word of the loss", func() bool {
				return !wait || slices.ContainsFunc(f.daemons, func(p *process) bool { return strings.Contains(p.out.String(), "settling") })
			})
			standby.Promote()
			f.settled(standby)
			f.stop()
			f.verdict(1)
		})
	}
}

// afloat is daemons that deliver one edition to each of many members.
type afloat struct {
	*board
	relay   *smtptest.Server
	daemons []*process
}

func newFleet(t *testing.T, store string) *afloat {
	t.Helper()
	b := newBoard(t, many, time.Now().Add(-time.Hour))
	b.write(1)
	b.write(2)
	f := &afloat{board: b, relay: smtptest.New(t, smtptest.WithPause(20*time.Millisecond))}
	config := settings(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+b.path, store, f.relay.URL()), "[scan]\ninterval = \"1s\"\n[delivery]\nuncertain_wait = \"1s\"\n")
	// No daemon dies here, so no message may wait for the end of its lease, which is longer than waitLimit.
	change(t, config, `lease = "2s"`, `lease = "5m"`)
	binary := build(t)
	for range fleet {
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

// more waits until so many more mails have arrived.
func (f *afloat) more(n int) {
	f.Helper()
	n += len(f.relay.Messages())
	f.daemons[0].until(f.T, fmt.Sprintf("%dth mail", n), func() bool { return len(f.relay.Messages()) >= n })
}

// settled waits until something has become of every mail.
func (f *afloat) settled(server *servertest.Cluster) {
	f.Helper()
	want := len(f.wanted())
	f.daemons[0].until(f.T, "end of the work", func() bool {
		return len(f.relay.Messages()) >= want && server.Number("SELECT count(*) FROM outbox WHERE settled_at IS NULL") == 0
	})
}

func (f *afloat) stop() {
	f.Helper()
	for _, p := range f.daemons {
		p.stop(f.T)
	}
}

// verdict checks what arrived after so many faults.
func (f *afloat) verdict(faults int) {
	f.Helper()
	mails := f.relay.Messages()
	copies := f.check(mails)
	f.Logf("%d faults, %d mails, %d of them copies with the same Message-ID", faults, len(mails), copies)
	if most := faults * fleet * (connections + unsettled); copies > most {
		f.Errorf("%d mails were repeated, want at most %d: those in flight at %d faults", copies, most, faults)
	}
}
