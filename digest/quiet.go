package digest

import "time"

// End is the moment at which the quiet hours end in which a moment lies, by the clock on the wall in zone. quiet is false
// where it lies in none.
//
// Whatever the clock skips or shows twice, they end when it first shows an hour that is not quiet. All zones of today are
// whole quarters of an hour off UTC, so clocks show full hours at such quarters, and jump then.
func (q QuietHours) End(zone *time.Location, at time.Time) (end time.Time, quiet bool) {
	if !q.contains(at.In(zone).Hour()) {
		return time.Time{}, false
	}
	const quarter = 15 * time.Minute
	t := at.Truncate(quarter)
	for range 48 * 4 { // more than a day, however clocks are changed
		if t = t.Add(quarter); !q.contains(t.In(zone).Hour()) {
			return t, true
		}
	}
	return time.Time{}, false // all hours are quiet, which is a way to ask for no alerts that nobody meant
}

// contains tells whether an hour of the day is a quiet one.
func (q QuietHours) contains(hour int) bool {
	if q.From <= q.Until {
		return q.From <= hour && hour < q.Until
	}
	return q.From <= hour || hour < q.Until
}
