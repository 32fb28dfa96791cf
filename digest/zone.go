package digest

import "time"

// localInstant is the moment at which clocks in zone show an hour of a day: its first occurrence
// where clocks are turned back, the first instant after the gap where they are turned forward.
// exists is false when the zone has no such day at all.
//
// time.Date alone does not do: it says of neither case which of the possible answers it gives.
func localInstant(day time.Time, hour int, zone *time.Location) (at time.Time, exists bool) {
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, zone)
	if localHourIs(t, day, hour) {
		return firstOccurrence(t, day, hour), true
	}
	start, end := t.ZoneBounds()
	gap := start // t lies after the gap: it began with this offset
	if localBefore(t, day, hour) {
		gap = end
	}
	last := gap.Add(-time.Second)
	if wallDate(last) < wallDate(day) && wallDate(gap) > wallDate(day) {
		return time.Time{}, false // the whole day was skipped
	}
	return gap, true
}

// firstOccurrence is t, or the moment before it at which clocks showed the same.
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

// localHourIs tells whether clocks show the hour of the day at t.
func localHourIs(t, day time.Time, hour int) bool {
	return t.Hour() == hour && t.Minute() == 0 && t.Second() == 0 && wallDate(t) == wallDate(day)
}

// localBefore tells whether clocks at t show less than the hour of the day.
func localBefore(t, day time.Time, hour int) bool {
	if d, want := wallDate(t), wallDate(day); d != want {
		return d < want
	}
	return t.Hour() < hour
}

// wallDate is the date that clocks show, as a number that rises with it.
func wallDate(t time.Time) int {
	y, m, d := t.Date()
	return (y*100+int(m))*100 + d
}
