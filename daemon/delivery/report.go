package delivery

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"postrider/store"
)

// Report is what a delivery did.
type Report struct {
	Sent      int // messages that the relay accepted
	Refused   int
	Retried   int            // will be tried again, including connection errors
	Uncertain int            // connection lost after the final dot
	Held      int            // delayed by preference, for example alerts in quiet hours
	Waiting   int            // released unsent: provider throttled or domain on hold
	Expired   int            // no relay accepted them in time
	Skipped   map[string]int // messages without anything to send, by reason
	Bytes     int64          // of accepted messages
}

// Busy reports whether anything became of any message.
func (r Report) Busy() bool {
	return r.Sent+r.Refused+r.Retried+r.Uncertain+r.Waiting+r.Expired+r.Held+len(r.Skipped) > 0
}

// LogValue returns one attribute per figure, without zeros.
func (r Report) LogValue() slog.Value { return slog.GroupValue(r.Attrs()...) }

// Attrs returns one attribute per figure, without zeros.
func (r Report) Attrs() (attrs []slog.Attr) {
	for _, f := range []struct {
		key string
		n   int64
	}{
		{"sent", int64(r.Sent)}, {"refused", int64(r.Refused)}, {"retry", int64(r.Retried)}, {"uncertain", int64(r.Uncertain)},
		{"waiting", int64(r.Waiting)}, {"expired", int64(r.Expired)}, {"held", int64(r.Held)}, {"bytes", r.Bytes},
	} {
		if f.n > 0 {
			attrs = append(attrs, slog.Int64(f.key, f.n))
		}
	}
	if len(r.Skipped) > 0 {
		attrs = append(attrs, slog.String("skipped", r.describeSkipped()))
	}
	return attrs
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
	case OutcomeSkipped:
		r.skip(s.Reason, 1)
	case OutcomeHeld:
		r.Held++
	case OutcomeAccepted:
		r.Sent++
		r.Bytes += int64(s.Bytes)
	case OutcomeRefused:
		r.Refused++
	case OutcomeUncertain:
		r.Uncertain++
	default:
		r.Retried++
	}
}

// Add adds the report of a batch or another delivery.
func (r *Report) Add(batch Report) {
	r.Sent += batch.Sent
	r.Refused += batch.Refused
	r.Retried += batch.Retried
	r.Uncertain += batch.Uncertain
	r.Waiting += batch.Waiting
	r.Held += batch.Held
	r.Expired += batch.Expired
	r.Bytes += batch.Bytes
	for reason, n := range batch.Skipped {
		r.skip(reason, n)
	}
}
