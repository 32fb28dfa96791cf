package store_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/store"
)

// BenchmarkClaimSettle takes messages all the way through the outbox: planned and claimed in batches of 500,
// settled in batches of 40, like the daemon at full speed every 25 ms.
func BenchmarkClaimSettle(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkClaimSettle(b, sqliteDSN(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkClaimSettle(b, servertest.Postgres(b)) })
}

func benchmarkClaimSettle(b *testing.B, dsn string) {
	const members, batch, flush = 10000, 500, 40
	s := open(b, dsn)
	enroll(b, s, members, 0)
	b.ReportAllocs()
	sent, spent, mails := s.Statements(), cpuTime(), 0
	at, until := now, int64(0)
	for b.Loop() {
		due := must(s.Subscribers.Due(b.Context(), at, batch))(b)
		if len(due) == 0 { // all are served: the next day
			at, until = at.Add(24*time.Hour), until+1
			due = must(s.Subscribers.Due(b.Context(), at, batch))(b)
		}
		plans := make([]store.Plan, len(due))
		for i, sub := range due {
			plans[i] = edition(sub.ID, at.Format(time.DateOnly), until)
			plans[i].NextDue = at.Add(24 * time.Hour)
		}
		plan(b, s, at, plans...)
		rows := claim(b, s, at)
		mails += len(rows)
		for part := range slices.Chunk(rows, flush) {
			settlements := make([]store.Settlement, len(part))
			for i, r := range part {
				settlements[i] = accepted(r, at)
			}
			check(b, s.Outbox.Settle(b.Context(), owner, settlements))
		}
	}
	b.ReportMetric(float64(cpuTime()-spent)/float64(time.Microsecond)/float64(mails), "cpu-us/mail")
	b.ReportMetric(float64(s.Statements()-sent)/float64(mails), "statements/mail")
}

// cpuTime is what this process has spent so far. SQLite runs inside of it, PostgreSQL does not.
func cpuTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
