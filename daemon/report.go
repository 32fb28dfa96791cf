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
	Sighted   int // posts seen visible for the first time, or first seen in another section
	Planned   int // editions
	Alerts    int // planned alerts
	Enrolled  int // planned messages of announcements
	Sent      int // messages that the relay accepted
	Refused   int
	Retried   int            // will be tried again, including connection errors
	Uncertain int            // connection lost after the final dot
	Held      int            // delayed by preference, for example alerts in quiet hours
	Waiting   int            // released unsent: provider throttled or domain on hold
	Expired   int            // no relay accepted them in time
	Skipped   map[string]int // messages without anything to send, by reason
	Bytes     int64          // of accepted messages
	Began     time.Time      // by the daemon's clock
	Took      time.Duration
	Memory    int64 // bytes, maximum seen

	ForumStatements int64
	StoreStatements int64
}

// Busy reports whether the round did anything worth logging.
func (r Report) Busy() bool {
	return r.Sighted+r.Planned+r.Alerts+r.Enrolled+r.Sent+r.Refused+r.Retried+r.Uncertain+r.Waiting+r.Expired+r.Held+len(r.Skipped) > 0
}

// LogValue returns one attribute per figure, without zeros.
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

// run returns the report as a record for the store.
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

// sampleMemory records the memory use of the process.
func (r *Report) sampleMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	r.Memory = max(r.Memory, int64(sample[0].Value.Uint64()-sample[1].Value.Uint64()))
}

// describeSkipped formats the skipped messages: "12 nothing new, 1 banned".
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

// count adds one settlement.
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

// add adds the report of a batch.
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
