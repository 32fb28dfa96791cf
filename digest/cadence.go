package digest

import "time"

// Cadence is how often a member gets an edition, or hears of one section or thread.
type Cadence string

const (
	Instant     Cadence = "instant" // of a section or thread: as alerts, at once
	WithDigest  Cadence = "digest"  // of a section or thread: with his digests
	Daily       Cadence = "daily"
	Weekly      Cadence = "weekly"
	Monthly     Cadence = "monthly"
	EveryNHours Cadence = "hours" // every Schedule.Every hours
	Off         Cadence = "off"
)

// Schedule is a member's wish of when his editions come, by the clock on his wall.
type Schedule struct {
	Cadence Cadence
	Hour    int          // 0 to 23, local; for Hourly the hour that the count starts from
	Weekday time.Weekday // for Weekly
	Day     int          // for Monthly: 1 to 31; in a shorter month its last day
	Every   int          // for Hourly: 1, 2, 3, 4, 6, 8 or 12
}
