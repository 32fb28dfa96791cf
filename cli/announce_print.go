package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/store"
)

// printAudience shows for whom an announcement is.
func (c *cmdEnv) printAudience(a *digest.Announcement, census audience.Stats) {
	fmt.Fprintf(c.out, "%q would go to %d of %d members.\n", oneLine(a.Variants[0].Title, 100), census.Size, census.Members)
	if a.Forced {
		fmt.Fprintln(c.out, "It is FORCED: it goes to members, too, who have opted out, and tells them so.")
	}
	if n := a.Canary.Size(census.Size); n > 0 {
		fmt.Fprintf(c.out, "A canary of %d gets it first; the others follow after %s if it goes well.\n", n, formatDuration(a.Canary.Wait))
	}
	if a.Speed > 0 {
		fmt.Fprintf(c.out, "At most %d mails a minute: about %s in all.\n", a.Speed, formatDuration(time.Duration(census.Size)*time.Minute/time.Duration(a.Speed)))
	}
	var names []string
	for _, m := range census.Sample {
		names = append(names, oneLine(m.Name, 40))
	}
	if len(names) > 0 {
		fmt.Fprintf(c.out, "Among them: %s\n", strings.Join(names, ", "))
	}
	if len(census.ExcludedByReason) == 0 {
		return
	}
	fmt.Fprintln(c.out, "Left out:")
	for _, reason := range byCount(census.ExcludedByReason) {
		fmt.Fprintf(c.out, "  %d %s\n", census.ExcludedByReason[reason], reason)
	}
}

// byCount lists what was counted, the most first.
func byCount[K ~string](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// printAnnouncement tells all that is known of one.
func (c *cmdEnv) printAnnouncement(x store.AnnouncementProgress, log []store.AuditEntry) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	line := func(name, format string, a ...any) { fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, a...)) }
	line("announcement", "%d", x.ID)
	for _, v := range x.Variants {
		line("title", "%s (%s)", oneLine(v.Title, 100), oneLine(v.Locale, 20))
	}
	line("state", "%s", x.State)
	if x.Reason != "" {
		line("reason", "%s", oneLine(x.Reason, 300))
	}
	if x.Forced {
		line("forced", "goes to members, too, who have opted out")
	}
	if x.State == store.Scheduled {
		line("begins", "%s UTC", formatTime(x.BeginsAt))
	}
	if x.Start.Local {
		line("due", "when each member's own clock shows %s", x.Start.At.Format("2006-01-02 15:04"))
	}
	if x.Speed > 0 {
		line("speed", "%d mails a minute", x.Speed)
	}
	if x.State == store.InCanary && !x.CanaryUntil.IsZero() {
		line("canary", "is judged at %s UTC", formatTime(x.CanaryUntil))
	}
	if x.State != store.Draft {
		line("audience", "%d when it was started", x.Size)
		line("sent", "%d", x.Sent())
		line("waiting", "%d", x.Waiting())
		line("refused", "%d", x.Feedback.Refused)
		line("complaints", "%d", x.Feedback.Complaints)
		for _, state := range []string{"uncertain", "expired"} {
			if n := x.Progress.States[state]; n > 0 {
				line(state, "%d", n)
			}
		}
	}
	for _, reason := range byCount(x.Progress.Skipped) {
		line("skipped", "%d %s", x.Progress.Skipped[reason], oneLine(reason, 100))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	fmt.Fprintln(c.out, "\nWho did what:")
	for _, e := range log {
		fmt.Fprintf(c.out, "  %s UTC  %s: %s", formatTime(e.At), oneLine(e.Actor, 60), e.Action)
		if e.Detail != "" {
			fmt.Fprintf(c.out, " (%s)", oneLine(e.Detail, 300))
		}
		fmt.Fprintln(c.out)
	}
	return nil
}
