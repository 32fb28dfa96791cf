package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/internal/finding"
)

// maxSkew is the accepted difference of two clocks: the readings are not exact to the second, and nothing depends on a minute.
const maxSkew = time.Minute

// ClockReading is the reading of another clock.
type ClockReading struct {
	Whose string        // "the forum's database"
	Ahead time.Duration // of ours; negative: behind
}

// Clock compares our clock with others. Members' delivery hours, retries and leases depend on it.
func Clock(others []ClockReading) finding.Finding {
	if len(others) == 0 {
		return finding.OK("clock", "no other clock to compare with")
	}
	slices.SortFunc(others, func(a, b ClockReading) int { return strings.Compare(a.Whose, b.Whose) })
	f := finding.Finding{Part: "clock", Level: finding.LevelOK}
	var parts []string
	for _, r := range others {
		far := r.Ahead.Abs()
		word := "ahead"
		if r.Ahead < 0 {
			word = "behind"
		}
		if far > maxSkew {
			f.Level, f.Fix = finding.LevelWarn, "synchronize the clocks of both machines with NTP (timedatectl set-ntp true)"
		}
		if far < time.Second {
			parts = append(parts, r.Whose+" is in sync")
		} else {
			parts = append(parts, fmt.Sprintf("%s is %v %s", r.Whose, far.Round(time.Second), word))
		}
	}
	f.Text = strings.Join(parts, ", ")
	return f
}
