package daemon

import (
	"log/slog"
	"runtime/metrics"
	"time"

	"postrider/daemon/delivery"
	"postrider/store"
)

// Report is what one round did.
type Report struct {
	Sighted  int // posts seen visible for the first time, or first seen in another section
	Planned  int // editions
	Alerts   int // planned alerts
	Enrolled int // planned messages of announcements
	delivery.Report
	Began  time.Time // by the daemon's clock
	Took   time.Duration
	Memory int64 // bytes, maximum seen

	ForumStatements int64
	StoreStatements int64
}

// Busy reports whether the round did anything worth logging.
func (r Report) Busy() bool {
	return r.Sighted+r.Planned+r.Alerts+r.Enrolled > 0 || r.Report.Busy()
}

// LogValue returns one attribute per figure, without zeros.
func (r Report) LogValue() slog.Value {
	attrs := nonZero(slog.Int("sighted", r.Sighted), slog.Int("planned", r.Planned), slog.Int("alerts", r.Alerts), slog.Int("enrolled", r.Enrolled))
	attrs = append(attrs, r.Report.Attrs()...)
	attrs = append(attrs, nonZero(slog.Int64("forum_statements", r.ForumStatements), slog.Int64("store_statements", r.StoreStatements))...)
	attrs = append(attrs, slog.Int64("memory", r.Memory), slog.Duration("took", r.Took.Round(time.Millisecond)))
	return slog.GroupValue(attrs...)
}

func nonZero(figures ...slog.Attr) (attrs []slog.Attr) {
	for _, f := range figures {
		if f.Value.Int64() > 0 {
			attrs = append(attrs, f)
		}
	}
	return attrs
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

// statementCounts counts SQL statements.
type statementCounts struct{ forum, store int64 }

func (b *base) statements() statementCounts {
	return statementCounts{b.Forum.Statements(), b.Store.Statements()}
}

func (s statementCounts) since(before statementCounts) (forum, store int64) {
	return s.forum - before.forum, s.store - before.store
}
