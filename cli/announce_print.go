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
	"postrider/internal/line"
	"postrider/store"
)

// printAudience prints the size and a sample of an announcement's audience, and why others are left out.
func (c *cmdEnv) printAudience(a *digest.Announcement, stats audience.Stats, say phraser) {
	fmt.Fprintf(c.out, "%q would go to %d of %s.\n", line.Fit(a.Variants[0].Title, 100), stats.Size, plural(stats.Members, "member", "members"))
	if a.Forced {
		fmt.Fprintln(c.out, "It is FORCED: members who opted out get it too, with a note that says why.")
	}
	if n := a.Canary.Size(stats.Size); n > 0 {
		fmt.Fprintf(c.out, "A canary of %s gets it first. The others follow after %s if there are no problems.\n", plural(n, "member", "members"), formatDuration(a.Canary.Wait))
	}
	if a.Speed > 0 {
		fmt.Fprintf(c.out, "At most %s a minute: about %s in total.\n", plural(a.Speed, "message", "messages"), formatDuration(time.Duration(stats.Size)*time.Minute/time.Duration(a.Speed)))
	}
	var names []string
	for _, m := range stats.Sample {
		names = append(names, line.Fit(m.Name, 40))
	}
	if len(names) > 0 {
		fmt.Fprintf(c.out, "Sample: %s\n", strings.Join(names, ", "))
	}
	if len(stats.ExcludedByReason) == 0 {
		return
	}
	fmt.Fprintln(c.out, "Left out:")
	for _, reason := range byCount(stats.ExcludedByReason) {
		fmt.Fprintf(c.out, "  %d %s\n", stats.ExcludedByReason[reason], say(reason.Phrase()))
	}
}

// byCount returns the keys, highest count first.
func byCount[K ~string](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// printAnnouncement prints the details, progress and audit log of an announcement.
func (c *cmdEnv) printAnnouncement(x store.AnnouncementProgress, log []store.AuditEntry, say phraser) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, a ...any) { fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, a...)) }
	row("announcement", "%d", x.ID)
	for _, v := range x.Variants {
		row("title", "%s (%s)", line.Fit(v.Title, 100), line.Fit(v.Locale, 20))
	}
	row("state", "%s", x.State)
	if x.Reason != "" {
		row("reason", "%s", line.Fit(x.Reason, 300))
	}
	if x.Forced {
		row("forced", "members who opted out get it too")
	}
	if x.State == store.Scheduled {
		row("starts", "%s UTC", formatTime(x.BeginsAt))
	}
	if x.Start.Local {
		row("due", "at %s in each member's time zone", x.Start.At.Format("2006-01-02 15:04"))
	}
	if x.Speed > 0 {
		row("speed", "%s a minute", plural(x.Speed, "message", "messages"))
	}
	if x.State == store.InCanary && !x.CanaryUntil.IsZero() {
		row("canary", "evaluated at %s UTC", formatTime(x.CanaryUntil))
	}
	if x.State != store.Draft {
		row("audience", "%d at the start", x.Size)
		row("sent", "%d of %d (%d %% settled)", x.Sent(), x.Total(), x.Percent())
		row("waiting", "%d", x.Waiting())
		for _, r := range x.Rests() {
			row("", "%d %s", r.Members, say(r.Reason.Phrase()))
		}
		row("rejected", "%d", x.Feedback.Refused)
		row("complaints", "%d", x.Feedback.Complaints)
		for _, state := range []string{"uncertain", "expired"} {
			if n := x.Progress.States[state]; n > 0 {
				row(state, "%d", n)
			}
		}
	}
	for _, reason := range byCount(x.Progress.Skipped) {
		row("skipped", "%d %s", x.Progress.Skipped[reason], line.Fit(say(digest.Reason(reason).Phrase()), 100))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	fmt.Fprintln(c.out, "\nLog:")
	for _, e := range log {
		fmt.Fprintf(c.out, "  %s UTC  %s: %s", formatTime(e.At), line.Fit(e.Actor, 60), e.Action)
		if e.Detail != "" {
			fmt.Fprintf(c.out, " (%s)", line.Fit(e.Detail, 300))
		}
		fmt.Fprintln(c.out)
	}
	return nil
}
