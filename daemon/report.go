package daemon

import (
	"fmt"
	"log/slog"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"postrider/store"
)

// Report is what one round did.
type Report struct {
	Sighted   int // posts met visible for the first time, or where they were moved to
	Planned   int // editions that came due
	Alerts    int // alerts that were planned
	Enrolled  int // mails of announcements that were put into the outbox
	Sent      int // mails that the relay accepted
	Refused   int
	Retried   int            // to be tried again, connection faults included
	Uncertain int            // connection lost after the final dot
	Held      int            // alerts that fell into quiet hours
	Waiting   int            // given back unsent: their providers are slow, or held
	Expired   int            // no relay has taken them in time
	Skipped   map[string]int // editions without a mail, by reason
	Bytes     int64          // of accepted mails
	Began     time.Time      // by the daemon's clock
	Took      time.Duration
	Memory    int64 // bytes, the most that the process was seen to use

	ForumStatements int64
	StoreStatements int64
}

// Busy tells whether the round did anything worth a line in the log.
func (r Report) Busy() bool {
	return r.Sighted+r.Planned+r.Alerts+r.Enrolled+r.Sent+r.Refused+r.Retried+r.Uncertain+r.Waiting+r.Expired+r.Held+len(r.Skipped) > 0
}

// LogValue gives the log one attribute a figure, leaving out the zeros.
func (r Report) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, f := range []struct {
		key string
		n   int64
	}{
		{"sighted", int64(r.Sighted)}, {"planned", int64(r.Planned)}, {"alerts", int64(r.Alerts)}, {"enrolled", int64(r.Enrolled)}, {"sent", int64(r.Sent)},
		{"refused", int64(r.Refused)}, {"retry", int64(r.Retried)}, {"uncertain", int64(r.Uncertain)}, {"waiting", int64(r.Waiting)}, {"expired", int64(r.Expired)}, {"held", int64(r.Held)},
		{"bytes", r.Bytes}, {"forum_statements", r.ForumStatements}, {"store_statements", r.StoreStatements},
	} {
		if f.n > 0 {
			attrs = append(attrs, slog.Int64(f.key, f.n))
		}
	}
	if len(r.Skipped) > 0 {
		attrs = append(attrs, slog.String("skipped", r.describeSkipped()))
	}
	attrs = append(attrs, slog.Int64("memory", r.Memory), slog.Duration("took", r.Took.Round(time.Millisecond)))
	return slog.GroupValue(attrs...)
}

// run is the report as the store keeps it.
func (r Report) run(owner, tick string, err error) store.RoundRecord {
	kept := store.RoundRecord{
		Began: r.Began, Owner: owner, Tick: tick, Took: r.Took, Sighted: r.Sighted, Planned: r.Planned + r.Alerts + r.Enrolled, Sent: r.Sent, Bytes: r.Bytes,
		Refused: r.Refused, Retried: r.Retried, Uncertain: r.Uncertain, Waiting: r.Waiting, Held: r.Held, Expired: r.Expired, Skipped: r.Skipped,
		ForumStatements: r.ForumStatements, StoreStatements: r.StoreStatements, Memory: r.Memory,
	}
	if err != nil {
		kept.Error = err.Error()
	}
	return kept
}

// sampleMemory notes how much memory the process uses.
func (r *Report) sampleMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	r.Memory = max(r.Memory, int64(sample[0].Value.Uint64()-sample[1].Value.Uint64()))
}

// describeSkipped words the skipped editions: "12 nothing new, 1 banned".
func (r Report) describeSkipped() string {
	var parts []string
	for reason, n := range r.Skipped {
		parts = append(parts, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (r *Report) skip(reason string, n int) {
	if r.Skipped == nil {
		r.Skipped = make(map[string]int)
	}
	r.Skipped[reason] += n
}

// count adds what became of one row.
func (r *Report) count(s store.Settlement) {
	switch outcome(s) {
	case WasSkipped:
		r.skip(s.Reason, 1)
	case WasHeld:
		r.Held++
	case WasAccepted:
		r.Sent++
		r.Bytes += int64(s.Bytes)
	case WasRefused:
		r.Refused++
	case OutcomeUncertain:
		r.Uncertain++
	default:
		r.Retried++
	}
}

// add adds what became of a batch.
func (r *Report) add(batch Report) {
	r.Sent += batch.Sent
	r.Refused += batch.Refused
	r.Retried += batch.Retried
	r.Uncertain += batch.Uncertain
	r.Waiting += batch.Waiting
	r.Held += batch.Held
	r.Bytes += batch.Bytes
	for reason, n := range batch.Skipped {
		r.skip(reason, n)
	}
}

// statementCounts counts SQL statements.
type statementCounts struct{ forum, store int64 }

func (d *Daemon) statements() statementCounts {
	return statementCounts{d.Forum.Statements(), d.Store.Statements()}
}

func (s statementCounts) since(before statementCounts) (forum, store int64) {
	return s.forum - before.forum, s.store - before.store
}
