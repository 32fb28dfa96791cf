package digest

import "time"

// Cadence is how often a member gets editions, or in an override, how they get the posts of a section or thread.
type Cadence string

const (
	Instant       Cadence = "instant" // overrides only: as alerts, immediately
	WithDigest    Cadence = "digest"  // overrides only: with the digests
	Daily         Cadence = "daily"
	Weekly        Cadence = "weekly"
	EveryTwoWeeks Cadence = "two_weeks"
	Monthly       Cadence = "monthly"
	EveryNHours   Cadence = "hours" // every Schedule.Every hours
	Off           Cadence = "off"
)

// Cadences lists how often members can get editions, in the order in which people see them.
func Cadences() []Cadence {
	return []Cadence{Daily, Weekly, EveryTwoWeeks, Monthly, EveryNHours, Off}
}

// HasWeekday reports whether editions are due on one day of the week.
func (c Cadence) HasWeekday() bool { return c == Weekly || c == EveryTwoWeeks }

// Schedule says when a member's editions are due, in local time.
type Schedule struct {
	Cadence Cadence
	Hour    int          // 0 to 23, local; for EveryNHours the hour that the count starts from
	Weekday time.Weekday // for Weekly and EveryTwoWeeks
	Day     int          // for Monthly: 1 to 31; shorter months use their last day
	Every   int          // for EveryNHours: 1, 2, 3, 4, 6, 8 or 12
	// WeekendsOff: slots on Saturdays and Sundays fall on the Monday after.
	WeekendsOff bool
}
