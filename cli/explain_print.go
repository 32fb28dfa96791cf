package cli

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) printMemberExplanation(m explain.Member, say phraser) error {
	fmt.Fprintf(c.out, "%s <%s>\n\n", memberLabel(m.Member), m.Member.Email)
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(table, "%s\t%s\n", name, text) }
	row("watches", plural(m.Sections, "section", "sections")+", "+plural(m.Threads, "thread", "threads"))
	row("digests", cadence(m.Schedule)+origins[m.Origin]+", time zone "+forum.ZoneName(m.Zone))
	switch {
	case len(m.NoDigest) > 0:
		row("next digest", "none: "+strings.Join(say.each(m.NoDigest), "; "))
	case !m.Subscribed:
		row("next digest", "none: "+say(digest.Reason(digest.ReasonNoSubscriptions).Phrase()))
	case m.Skip != "":
		row("next digest", formatTime(m.Due)+" UTC; it would currently not be sent: "+say(m.Skip.Phrase()))
	default:
		row("next digest", fmt.Sprintf("%s UTC, currently with %s", formatTime(m.Due), plural(m.Posts, "post", "posts")))
	}
	if since := m.Member.NoMailSince; !since.IsZero() {
		row("no email", fmt.Sprintf("%s, since %s UTC", say(digest.Reason(m.Member.NoMail).Phrase()), formatTime(since)))
	}
	if len(m.NoAlert) > 0 {
		row("alerts", "none: "+strings.Join(say.each(m.NoAlert), "; "))
	}
	if len(m.NoAnnouncement) > 0 {
		row("announcements", "none: "+strings.Join(say.each(m.NoAnnouncement), "; "))
	}
	if text, special := excerpts[m.Choices.Excerpt]; special {
		row("posts", text)
	}
	if !m.Choices.PausedUntil.IsZero() {
		row("paused until", formatTime(m.Choices.PausedUntil)+" UTC")
	}
	if a := m.Health; !a.SuppressedSince.IsZero() {
		row("address", fmt.Sprintf("suppressed since %s UTC%s: %s", formatTime(a.SuppressedSince), untilText(a.SuppressedUntil), line.Fit(a.Reason, 80)))
	}
	for _, consent := range m.Consents {
		row("consent", fmt.Sprintf("confirmed %s UTC by %s, asked %s UTC: %s, %s", formatTime(consent.Confirmed), line.Fit(consent.Address, 80),
			formatTime(consent.Asked), consent.Cadence, line.Fit(strings.Join(consent.Sections, "; "), 120)))
	}
	for _, why := range m.Delays {
		row("waits", line.Fit(say(why), 100))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return c.printMessages(m)
}

// origins say who decided the schedule of a member's digests. Of the default, nothing is said.
var origins = map[digest.Origin]string{
	digest.FromMember: " (the member's choice here)",
	digest.FromAdmin:  " (set by an administrator)",
	digest.FromForum:  " (the member's choice on the forum)",
}

// excerpts say how much of each post the digests of a member show, if that is not a part.
var excerpts = map[int]string{
	digest.TitlesOnly: "titles only (the member's choice)",
	digest.WholePosts: "whole (the member's choice)",
}

// untilText describes the end of a suppression.
func untilText(at time.Time) string {
	if at.IsZero() {
		return ", until it is removed"
	}
	return ", until " + formatTime(at) + " UTC"
}

// printMessages lists a member's messages with the result of each attempt.
func (c *cmdEnv) printMessages(m explain.Member) error {
	if len(m.Messages) == 0 {
		fmt.Fprintln(c.out, "\nNo pending messages, and none sent in the last 30 days.")
		return nil
	}
	fmt.Fprintln(c.out, "\nMessages of the last 30 days:")
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, mail := range m.Messages {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", mail.Key, mail.State, whenText(mail), plural(mail.Last.Posts, "post", "posts"), attemptSummary(mail.Last))
		for _, o := range m.Attempts {
			if o.Key == mail.Key && !o.At.Equal(mail.Settled) {
				fmt.Fprintf(table, "    \t\t%s\t\t%s\n", formatTime(o.At), attemptSummary(o))
			}
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// attemptSummary returns the result of an attempt in one line.
func attemptSummary(o store.Outcome) string {
	text := attemptResult(o)
	if w := attemptReason(o); w != "" {
		text += ": " + line.Fit(w, 80)
	}
	if o.QueueID != "" {
		text += " (queue id " + line.Fit(o.QueueID, 30) + ")"
	}
	return orDash(text)
}

func cadence(s digest.Schedule) string {
	switch s.Cadence {
	case digest.Off:
		return "off"
	case digest.EveryNHours:
		return fmt.Sprintf("every %s, from %d", plural(s.Every, "hour", "hours"), s.Hour)
	case digest.EveryTwoWeeks:
		return fmt.Sprintf("every two weeks, on %s at %d", s.Weekday, s.Hour)
	case digest.Weekly:
		return fmt.Sprintf("weekly, on %s at %d", s.Weekday, s.Hour)
	case digest.Monthly:
		return fmt.Sprintf("monthly, on day %d at %d", s.Day, s.Hour)
	}
	return fmt.Sprintf("daily at %d", s.Hour)
}

func memberLabel(m forum.Member) string {
	return fmt.Sprintf("%s (member %d)", line.Fit(m.Name, 60), m.ID)
}

func (c *cmdEnv) printPostExplanations(member forum.Member, stories []explain.Post, say phraser) error {
	for i, x := range stories {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintf(c.out, "Post %d for %s: %s\n", x.Post, memberLabel(member), summary(x, say(x.Reason)))
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, s := range x.Seen {
			fmt.Fprintf(table, "  sighted\t\t%s UTC as %d, in %s%s\n", formatTime(s.At), s.Seq, place(x.Places.Of(s.Section)), moved(s, x.Places))
		}
		if !x.Pending.IsZero() {
			fmt.Fprintf(table, "  sighted\tno\tfound %s UTC, not visible\n", formatTime(x.Pending))
		}
		for _, s := range x.RuleResults {
			verdict := "yes"
			if s.Bars {
				verdict = "NO"
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\n", s.Rule, verdict, line.Fit(say(s.Says), 120))
		}
		if x.Alert.Key != "" {
			fmt.Fprintf(table, "  alert\t\t%s\n", line.Fit(say(x.Alert), 160))
		}
		for _, m := range x.Messages {
			fmt.Fprintf(table, "  message\t\t%s: %s, %s: %s\n", m.Key, m.State, whenText(m), attemptSummary(m.Last))
		}
		if err := table.Flush(); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	return nil
}

// summary describes the status of a post in one line.
func summary(x explain.Post, reason string) string {
	text := string(x.Verdict)
	if x.Mail != "" {
		text += " in " + x.Mail
	}
	if !x.At.IsZero() {
		text += " (" + formatTime(x.At) + " UTC)"
	}
	text += ": " + line.Fit(reason, 200)
	if x.Folded {
		text += "; the message had room only to list it"
	}
	return text
}

func moved(s store.SightingRecord, places forum.Places) string {
	if s.MovedFrom == 0 {
		return ""
	}
	return ", moved from " + place(places.Of(s.MovedFrom))
}

// place names the sections of a thread.
func place(sections []forum.SectionID) string {
	if len(sections) == 1 {
		return fmt.Sprintf("section %d", sections[0])
	}
	list := make([]string, len(sections))
	for i, id := range sections {
		list[i] = strconv.FormatInt(int64(id), 10)
	}
	return "sections " + strings.Join(list, ", ")
}
