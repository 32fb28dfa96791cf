package source

import (
	"context"
	"fmt"
	"time"

	"postrider/internal/finding"
)

// The values of [forum] mail_flag_off: what a watch brings that the forum itself sends no email for.
const (
	MailFlagOffDigest  = "digest" // digests, but no alerts
	MailFlagOffNothing = "nothing"
)

// WatchCounts counts the members who may get email and watch anything.
type WatchCounts struct {
	Watching     int
	WithoutEmail int // the forum itself sends no email for any of their watches
	digests      bool
}

// WatchCounts counts the members that [forum] mail_flag_off concerns. It reads all watches in one statement, so it is not for
// every round.
func (db *DB) WatchCounts(ctx context.Context, now time.Time) (WatchCounts, error) {
	c := WatchCounts{digests: db.mailFlagOff != MailFlagOffNothing}
	err := db.transaction(ctx, func(s *Snapshot) error {
		r := columns{"watching": &c.Watching, "without_email": &c.WithoutEmail}
		return s.queryNamed(ctx, "watch_counts", params{"now": now.Unix()}, r, func() error { return nil })
	})
	return c, err
}

// String says how many members only have watches without email, and what they get.
func (c WatchCounts) String() string {
	text := fmt.Sprintf("%d of %d members only have watches without email", c.WithoutEmail, c.Watching)
	switch {
	case c.WithoutEmail == 0:
		return text
	case c.digests:
		return text + `; they get digests ([forum] mail_flag_off = "digest")`
	}
	return text + `; they get nothing for these ([forum] mail_flag_off = "nothing")`
}

// CheckWatches counts the members that [forum] mail_flag_off concerns. [DB.Check] leaves it out, because it runs again and again.
func (db *DB) CheckWatches(ctx context.Context) finding.Finding {
	if !db.has("watch_counts") {
		return finding.OK("watches", "not counted: there is no query watch_counts")
	}
	c, err := db.WatchCounts(ctx, time.Now())
	if err != nil {
		return finding.Warn("watches", err.Error(), "replace the query watch_counts in the file of [forum] queries, or make timeout in [forum] longer")
	}
	return finding.OK("watches", c.String())
}
