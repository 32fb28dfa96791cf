package digest

import "time"

// End returns when the quiet hours that contain the time at end, in local time of zone. quiet is false if at is not in
// quiet hours.
//
// When clocks change, quiet hours end as soon as the local hour is not quiet. Offsets of all current zones are multiples
// of 15 minutes, so local hours begin, and clocks change, on such multiples.
func (q QuietHours) End(zone *time.Location, at time.Time) (end time.Time, quiet bool) {
	if !q.contains(at.In(zone).Hour()) {
		return time.Time{}, false
	}
	const quarter = 15 * time.Minute
	t := at.Truncate(quarter)
	for range 48 * 4 { // 48 hours: more than a day, even when clocks change
		if t = t.Add(quarter); !q.contains(t.In(zone).Hour()) {
			return t, true
		}
	}
	return time.Time{}, false // all hours are quiet: not a valid way to turn off alerts
}

// contains reports whether an hour of the day is quiet.
func (q QuietHours) contains(hour int) bool {
	if q.From <= q.Until {
		return q.From <= hour && hour < q.Until
	}
	return q.From <= hour || hour < q.Until
}
