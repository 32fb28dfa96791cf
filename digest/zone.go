package digest

import "time"

// localInstant returns when an hour of a day begins in zone. If clocks are turned back, that is the first occurrence; if
// they are turned forward, it is the first instant after the gap. exists is false if the zone skips the whole day.
//
// time.Date alone is not enough: in both cases it does not specify which of the possible times it returns.
func localInstant(day time.Time, hour int, zone *time.Location) (at time.Time, exists bool) {
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, zone)
	if localHourIs(t, day, hour) {
		return firstOccurrence(t, day, hour), true
	}
	start, end := t.ZoneBounds()
	gap := start // t is after the gap, which ended where this offset began
	if localBefore(t, day, hour) {
		gap = end
	}
	last := gap.Add(-time.Second)
	if wallDate(last) < wallDate(day) && wallDate(gap) > wallDate(day) {
		return time.Time{}, false // the whole day was skipped
	}
	return gap, true
}

// firstOccurrence returns the earlier time with the same local time as t, or t if there is none.
func firstOccurrence(t, day time.Time, hour int) time.Time {
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return t
	}
	_, offset := t.Zone()
	_, before := start.Add(-time.Second).Zone()
	earlier := t.Add(time.Duration(offset-before) * time.Second)
	if earlier.Before(start) && localHourIs(earlier, day, hour) {
		return earlier
	}
	return t
}

// localHourIs reports whether the local time of t is exactly this hour of the day.
func localHourIs(t, day time.Time, hour int) bool {
	return t.Hour() == hour && t.Minute() == 0 && t.Second() == 0 && wallDate(t) == wallDate(day)
}

// localBefore reports whether the local time of t is before the hour of the day.
func localBefore(t, day time.Time, hour int) bool {
	if d, want := wallDate(t), wallDate(day); d != want {
		return d < want
	}
	return t.Hour() < hour
}

// wallDate returns the local date as an ascending number (yyyymmdd).
func wallDate(t time.Time) int {
	y, m, d := t.Date()
	return (y*100+int(m))*100 + d
}
