package mail

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"postrider/internal/qp"
)

// reportCPU reports the CPU time of one iteration. Wall-clock time depends on what else the machine is doing.
func reportCPU(b *testing.B) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	b.Cleanup(func() { b.ReportMetric(float64((used()-start).Microseconds())/float64(b.N), "cpu-µs/op") })
}

// big returns a message of about 20 KB.
func big() Message {
	m := sample()
	m.Text, m.HTML = nil, nil
	piece := qp.Encode(strings.Repeat("<p style=\"margin:0\">Ein Satz, der niemandem auffällt.</p>\n", 10))
	for m.HTML.EncodedLen() < 15_000 {
		m.HTML = append(m.HTML, piece)
	}
	for m.Text.EncodedLen() < 5_000 {
		m.Text = append(m.Text, piece)
	}
	return m
}

func BenchmarkCompose(b *testing.B) {
	m, c := big(), composer(b)
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		if _, err := c.Compose(m); err != nil {
			b.Fatal(err)
		}
	}
}
