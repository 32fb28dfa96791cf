package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) printQueue(mails []store.Message, more bool, counts []store.Count, now time.Time) error {
	if len(mails) == 0 {
		fmt.Fprintln(c.out, "No matching messages in the outbox.")
	} else {
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "KEY\tMEMBER\tSTATE\tATTEMPTS\tWHEN (UTC)\tAGE\tLAST\tQUEUE ID\tWHY")
		for _, m := range mails {
			fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", m.Key, m.Member, m.State, m.Attempt, whenText(m),
				formatDuration(now.Sub(m.Created)), orDash(attemptResult(m.Last)), orDash(line.Fit(m.Last.QueueID, 20)), orDash(line.Fit(attemptReason(m.Last), 60)))
		}
		if err := table.Flush(); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if more {
		fmt.Fprintln(c.out, "There are more: raise --limit, or filter with --kind, --member, --domain, --reason or --since.")
	}
	if len(counts) == 0 {
		return nil
	}
	fmt.Fprintln(c.out, "\nTotals:")
	for i, n := range counts {
		if i == 0 || counts[i-1].Kind != n.Kind {
			fmt.Fprintf(c.out, "  %s: ", n.Kind)
		}
		end := ", "
		if i+1 == len(counts) || counts[i+1].Kind != n.Kind {
			end = "\n"
		}
		fmt.Fprintf(c.out, "%d %s%s", n.Messages, n.State, end)
	}
	return nil
}

func (c *cmdEnv) printMessage(m store.Message, history []store.Outcome) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(table, "%s\t%s\n", name, text)
		}
	}
	row("key", m.Key)
	row("kind", m.Kind)
	row("member", fmt.Sprint(m.Member))
	row("state", m.State+" ("+whenText(m)+" UTC)")
	row("sightings", fmt.Sprintf("after %d, up to %d", m.From, m.Until))
	row("attempts", fmt.Sprint(m.Attempt))
	if possiblyDelivered(m) {
		row("duplicate risk", "a relay may already have it: a retry sends it unchanged, with the same Message-ID")
	}
	row("planned", formatTime(m.Created)+" UTC")
	if !m.NotBefore.IsZero() {
		row("due", formatTime(m.NotBefore)+" UTC")
	}
	if !m.Expires.IsZero() {
		row("expires", formatTime(m.Expires)+" UTC, unless a relay accepts it before")
	}
	row("address", line.Fit(m.Address, 200))
	if m.Lease != "" {
		row("lease", m.Lease+" until "+formatTime(m.LeaseUntil)+" UTC")
	}
	if m.State == "merged" {
		row("merged into", line.Fit(m.Last.Reason, 200))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if len(history) == 0 {
		fmt.Fprintln(c.out, "\nNo attempts yet.")
		return nil
	}
	fmt.Fprintln(c.out, "\nAttempts:")
	for _, o := range history {
		fmt.Fprintf(c.out, "  %s UTC  %s", formatTime(o.At), attemptResult(o))
		for _, more := range []struct{ name, text string }{{"reply", o.Reply}, {"queue id", o.QueueID}, {"reason", o.Reason}} {
			if more.text != "" {
				fmt.Fprintf(c.out, "\n      %s: %s", more.name, line.Fit(more.text, len(more.text)))
			}
		}
		if o.Bytes > 0 {
			fmt.Fprintf(c.out, "\n      %s, %s", plural(o.Posts, "post", "posts"), plural(o.Bytes, "byte", "bytes"))
		}
		fmt.Fprintln(c.out)
	}
	return nil
}

// possiblyDelivered reports whether a relay may already have a message.
func possiblyDelivered(m store.Message) bool { return m.InFlight || m.UncertainCount > 0 }

// whenText describes when a message is due, or when it was settled.
func whenText(m store.Message) string {
	switch {
	case !m.Settled.IsZero():
		return "settled " + formatTime(m.Settled)
	case m.Lease != "":
		return "leased until " + formatTime(m.LeaseUntil)
	}
	return "due " + formatTime(m.NotBefore)
}

// attemptResult formats the result of an attempt: "refused 550 5.1.1".
func attemptResult(o store.Outcome) string {
	text := o.Result
	if o.Code != 0 {
		text += fmt.Sprintf(" %d", o.Code)
	}
	if o.Enhanced != "" {
		text += " " + o.Enhanced
	}
	return line.Fit(text, 40)
}

// attemptReason returns the relay's reply without the codes that attemptResult shows, or else the daemon's reason.
func attemptReason(o store.Outcome) string {
	if o.Reply != "" {
		return o.Said()
	}
	return o.Reason
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func formatTime(t time.Time) string { return t.UTC().Format(time.DateTime) }

// formatDuration formats a duration with one or two units: "3d4h", "12m".
func formatDuration(d time.Duration) string {
	d = max(d, 0)
	day := 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
