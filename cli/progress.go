package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"postrider/daemon"
	"postrider/internal/line"
	"postrider/store"
)

// progressBar shows the progress of an announcement: a bar on a terminal, a line every progressInterval elsewhere.
type progressBar struct {
	out         io.Writer
	terminal    bool
	lastPrinted time.Time
	pace        daemon.RateEstimator
	drawn       bool // the current line shows a bar
}

func newProgressBar(out io.Writer) *progressBar {
	return &progressBar{out: out, terminal: isTerminal(out)}
}

// isTerminal reports whether an input or output is a terminal. /dev/null is none.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// show prints the current progress. last ends the line.
func (m *progressBar) show(x store.AnnouncementProgress, now time.Time, last bool) {
	m.pace.Add(now, x.Settled())
	text := m.line(x, now)
	switch {
	case m.terminal:
		fmt.Fprintf(m.out, "\r\x1b[K%s %s", bar(x.Settled(), x.Total()), text)
		m.drawn = true
	case last || now.Sub(m.lastPrinted) >= progressInterval:
		fmt.Fprintln(m.out, text)
		m.lastPrinted = now
	}
	if last {
		m.end()
	}
}

// end ends the line of the bar.
func (m *progressBar) end() {
	if m.drawn {
		fmt.Fprintln(m.out)
	}
	m.drawn = false
}

// line formats the progress: "45 %  4512 of 10000, 4490 sent, 12 rejected, 310 a minute, about 18m left".
func (m *progressBar) line(x store.AnnouncementProgress, now time.Time) string {
	total, settled := x.Total(), x.Settled()
	text := fmt.Sprintf("%3d %%  %d of %d, %d sent, %d rejected", x.Percent(), settled, total, x.Sent(), x.Feedback.Refused)
	if x.State == store.Sending || x.State == store.InCanary && x.CanaryUntil.IsZero() {
		if rate := m.pace.PerMinute(); rate > 0 {
			text += fmt.Sprintf(", %.0f a minute", rate)
			if x.State == store.Sending {
				text += ", about " + formatDuration(m.pace.Remaining(total-settled)) + " left"
			}
		}
		return text
	}
	return text + ", " + m.state(x, now)
}

// state describes an announcement that is not sending.
func (m *progressBar) state(x store.AnnouncementProgress, now time.Time) string {
	switch x.State {
	case store.InCanary:
		return "waiting for the canary, " + formatDuration(x.CanaryUntil.Sub(now)) + " left"
	case store.Scheduled:
		return "starts in " + formatDuration(x.BeginsAt.Sub(now))
	case store.Paused:
		return "paused: " + orDash(line.Fit(x.Reason, 200))
	}
	return x.State
}

const barWidth = 24

func bar(part, of int) string {
	full := 0
	if of > 0 {
		full = barWidth * part / of
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
}
