package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/internal/finding"
)

// maxSkew is how far two clocks may stand apart: whole seconds are lost on the way, and nothing depends on a minute.
const maxSkew = time.Minute

// ClockReading is what another clock showed.
type ClockReading struct {
	Whose string        // "the forum's database"
	Ahead time.Duration // of ours; below zero: behind
}

// Clock holds ours against others. Members' hours, retries and leases go by it.
func Clock(others []ClockReading) finding.Finding {
	if len(others) == 0 {
		return finding.OK("clock", "there is no other clock to compare it with")
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
			f.Level, f.Fix = finding.LevelWarn, "let both machines set their clocks by NTP (timedatectl set-ntp true)"
		}
		if far < time.Second {
			parts = append(parts, r.Whose+" shows the same")
		} else {
			parts = append(parts, fmt.Sprintf("%s is %v %s", r.Whose, far.Round(time.Second), word))
		}
	}
	f.Text = strings.Join(parts, ", ")
	return f
}
