package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"postrider/daemon"
	"postrider/digest"
	"postrider/internal/line"
)

func (c *cmdEnv) printForecastSummary(r *daemon.Forecast, say phraser) error {
	fmt.Fprintf(c.out, "Forecast from %s to %s (UTC), based on posts that exist now. Nothing is sent.\n\n", formatTime(r.From), formatTime(r.Until))
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "HOUR\tMESSAGES\tPOSTS\t")
	for _, a := range r.Hours {
		fmt.Fprintf(table, "%s\t%d\t%d\t\n", a.At.UTC().Format("2006-01-02 15:04"), a.Messages, a.Posts)
	}
	fmt.Fprintf(table, "total\t%d\t%d\t\n", r.Messages, r.Posts)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if r.Sampled > 0 {
		fmt.Fprintf(c.out, "\nAbout %s in total (estimated from %d rendered messages).\n", formatBytes(r.Bytes), r.Sampled)
	}
	c.printSkipped(r, say)
	for _, kind := range slices.Sorted(maps.Keys(r.Waiting)) {
		fmt.Fprintf(c.out, "Already in the outbox: %d %s.\n", r.Waiting[kind], kind)
	}
	c.printBaseline(r)
	return nil
}

// printSkipped lists the reasons why members get no message, most common first.
func (c *cmdEnv) printSkipped(r *daemon.Forecast, say phraser) {
	fmt.Fprintf(c.out, "Of %s, %d get no message", plural(r.Members, "subscriber", "subscribers"), r.Members-r.Messages)
	reasons := slices.SortedFunc(maps.Keys(r.Skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Skipped[b], r.Skipped[a]), cmp.Compare(a, b))
	})
	for i, reason := range reasons {
		if i == 0 {
			fmt.Fprint(c.out, ":")
		}
		fmt.Fprintf(c.out, "\n  %6d  %s", r.Skipped[reason], say(digest.Reason(reason).Phrase()))
	}
	if len(reasons) == 0 {
		fmt.Fprint(c.out, ".")
	}
	fmt.Fprintln(c.out)
}

func (c *cmdEnv) printBaseline(r *daemon.Forecast) {
	switch {
	case r.Baseline.Weeks == 0:
	case r.Anomalous():
		fmt.Fprintf(c.out, "UNUSUAL: digests planned today: %d; on the same day of the last %s there were about %d.\n", r.Today, plural(r.Baseline.Weeks, "week", "weeks"), r.Baseline.Messages)
	default:
		fmt.Fprintf(c.out, "Digests planned today: %d; on the same day of the last %s there were about %d.\n", r.Today, plural(r.Baseline.Weeks, "week", "weeks"), r.Baseline.Messages)
	}
}

// maxPrinted is how many changes the text output lists. JSON lists more.
const maxPrinted = 25

func (c *cmdEnv) printDiff(x daemon.ForecastDiff, say phraser) error {
	if err := c.printForecastSummary(x.After, say); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nRunning configuration: %s with %s. With the new one, %s gain a message, %d lose theirs, and\nfor %d the time or the posts change.\n",
		plural(x.Before.Messages, "message", "messages"), plural(x.Before.Posts, "post", "posts"), plural(x.Gained, "member", "members"), x.Lost, x.Changed)
	if len(x.Changes) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nMEMBER\tNAME\tRUNNING\tNEW")
	for _, change := range x.Changes[:min(len(x.Changes), maxPrinted)] {
		name := line.Fit(cmp.Or(change.After.Name, change.Before.Name), 30)
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", change.Member, name, forecastText(change.Before, say), forecastText(change.After, say))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if more := x.Gained + x.Lost + x.Changed - maxPrinted; more > 0 {
		fmt.Fprintf(c.out, "and %d more\n", more)
	}
	return nil
}

func forecastText(p daemon.MemberForecast, say phraser) string {
	if !p.WouldSend() {
		return "no message: " + say(digest.Reason(p.Skip).Phrase())
	}
	return p.Due.UTC().Format("2006-01-02 15:04") + ", " + plural(p.Posts, "post", "posts")
}

// formatBytes formats a size for people.
func formatBytes(bytes int64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%d KB", (bytes+512)>>10)
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
}

// forecastJSON is a stable format that scripts read.
type forecastJSON struct {
	From       time.Time      `json:"from"`
	Until      time.Time      `json:"until"`
	Members    int            `json:"members"`
	Messages   int            `json:"messages"`
	Posts      int            `json:"posts"`
	Bytes      int64          `json:"bytes"`   // estimated
	Sampled    int            `json:"sampled"` // messages rendered for the estimate
	Hours      []hourJSON     `json:"hours"`
	Skipped    map[string]int `json:"skipped"`
	Waiting    map[string]int `json:"waiting"`
	Today      int            `json:"today"`
	UsualWeeks int            `json:"usual_weeks"`
	Usual      int            `json:"usual"`
	Anomalous  bool           `json:"anomalous"`
}

type hourJSON struct {
	At       time.Time `json:"at"`
	Messages int       `json:"messages"`
	Posts    int       `json:"posts"`
}

func newForecastJSON(r *daemon.Forecast) forecastJSON {
	out := forecastJSON{
		From: r.From.UTC(), Until: r.Until.UTC(), Members: r.Members, Messages: r.Messages, Posts: r.Posts, Bytes: r.Bytes,
		Sampled: r.Sampled, Hours: []hourJSON{}, Skipped: r.Skipped, Waiting: r.Waiting,
		Today: r.Today, UsualWeeks: r.Baseline.Weeks, Usual: r.Baseline.Messages, Anomalous: r.Anomalous(),
	}
	for _, a := range r.Hours {
		out.Hours = append(out.Hours, hourJSON{a.At.UTC(), a.Messages, a.Posts})
	}
	return out
}

// forecastDiffJSON is the forecast with the new configuration, and how it differs from the running one.
type forecastDiffJSON struct {
	forecastJSON
	Running forecastJSON `json:"running"`
	Gained  int          `json:"gained"`
	Lost    int          `json:"lost"`
	Changed int          `json:"changed"`
	Changes []changeJSON `json:"changes"` // the first changes only
}

type changeJSON struct {
	Member int64              `json:"member"`
	Before memberForecastJSON `json:"before"`
	After  memberForecastJSON `json:"after"`
}

type memberForecastJSON struct {
	Due     *time.Time `json:"due"` // null: never
	Posts   int        `json:"posts"`
	Skipped string     `json:"skipped,omitempty"`
}

func newForecastDiffJSON(x daemon.ForecastDiff) forecastDiffJSON {
	out := forecastDiffJSON{
		forecastJSON: newForecastJSON(x.After), Running: newForecastJSON(x.Before),
		Gained: x.Gained, Lost: x.Lost, Changed: x.Changed, Changes: []changeJSON{},
	}
	for _, change := range x.Changes {
		out.Changes = append(out.Changes, changeJSON{int64(change.Member), newMemberForecastJSON(change.Before), newMemberForecastJSON(change.After)})
	}
	return out
}

func newMemberForecastJSON(p daemon.MemberForecast) memberForecastJSON {
	out := memberForecastJSON{Posts: p.Posts, Skipped: p.Skip}
	if !p.Due.IsZero() {
		due := p.Due.UTC()
		out.Due = &due
	}
	return out
}
