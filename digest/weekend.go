package digest

import "time"

// isWeekend reports whether a day is a Saturday or a Sunday.
func isWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// WeekendEnd returns when messages may be sent again to a member who wants none on Saturdays and Sundays: on Monday at an hour, in local
// time of zone. weekend is false if at is on another day.
func WeekendEnd(zone *time.Location, hour int, at time.Time) (end time.Time, weekend bool) {
	if !isWeekend(at.In(zone)) {
		return time.Time{}, false
	}
	slot, _ := Schedule{Cadence: Weekly, Weekday: time.Monday, Hour: hour}.Next(zone, at)
	return slot.At, true
}

// WantsWeekendsOff reports whether the member wants no digests and alerts on Saturdays and Sundays.
func (c Preferences) WantsWeekendsOff() bool { return c.WeekendsOff != nil && *c.WeekendsOff }
