package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postrider/daemon"
	"postrider/internal/line"
)

// roundJSON is the output of run --once --json.
type roundJSON struct {
	Sighted   int            `json:"sighted"`
	Planned   int            `json:"planned"`
	Alerts    int            `json:"alerts"`
	Enrolled  int            `json:"enrolled"` // announcement messages
	Sent      int            `json:"sent"`
	Bytes     int64          `json:"bytes"`
	Skipped   map[string]int `json:"skipped"` // by reason
	Rejected  int            `json:"rejected"`
	Retried   int            `json:"retried"`
	Uncertain int            `json:"uncertain"`
	Waiting   int            `json:"waiting"`
	Held      int            `json:"held"`
	Expired   int            `json:"expired"`
	Seconds   float64        `json:"seconds"`
	Memory    int64          `json:"memory"` // peak, in bytes
}

func newRoundJSON(r daemon.Report) roundJSON {
	skipped := r.Skipped
	if skipped == nil {
		skipped = map[string]int{}
	}
	return roundJSON{
		r.Sighted, r.Planned, r.Alerts, r.Enrolled, r.Sent, r.Bytes, skipped, r.Refused, r.Retried, r.Uncertain, r.Waiting, r.Held, r.Expired,
		r.Took.Seconds(), r.Memory,
	}
}

// printRound prints the report of a round.
func (c *cmdEnv) printRound(r daemon.Report) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name string, n int, remark string) {
		fmt.Fprintf(table, "%s\t%d\t%s\n", name, n, remark)
	}
	row("new posts", r.Sighted, "")
	row("planned", r.Planned+r.Alerts+r.Enrolled, strings.Join([]string{plural(r.Planned, "digest", "digests"), plural(r.Alerts, "alert", "alerts"), plural(r.Enrolled, "announcement", "announcements")}, ", "))
	row("sent", r.Sent, megabytes(r.Bytes))
	reasons := slices.SortedFunc(maps.Keys(r.Skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Skipped[b], r.Skipped[a]), cmp.Compare(a, b))
	})
	skipped := 0
	for _, n := range r.Skipped {
		skipped += n
	}
	row("skipped", skipped, "")
	for _, reason := range reasons {
		row("", r.Skipped[reason], line.Fit(reason, 100))
	}
	row("rejected", r.Refused, "")
	row("to retry", r.Retried, "")
	row("uncertain", r.Uncertain, "")
	row("waiting", r.Waiting, "for throttled or held domains")
	row("held", r.Held, "until their members want them")
	row("expired", r.Expired, "")
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	fmt.Fprintf(c.out, "took %v, peak memory %s\n", r.Took.Round(time.Millisecond), megabytes(r.Memory))
	return nil
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
