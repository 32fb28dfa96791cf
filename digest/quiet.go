package digest

import "time"

// End is the moment at which the quiet hours end in which a moment lies, by the clock on the wall in zone. quiet is false
// where it lies in none.
//
// Where the clock skips the hour at which they end, they end with the gap; where it shows that hour twice, the first time.
func (q Quiet) End(zone *time.Location, at time.Time) (end time.Time, quiet bool) {
	local := at.In(zone)
	if !q.holds(local.Hour()) {
		return time.Time{}, false
	}
	for day := range reach {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, time.UTC)
		if end, exists := localInstant(date, q.Until, zone); exists && end.After(at) {
			return end, true
		}
	}
	return time.Time{}, false
}

// holds tells whether an hour of the day is a quiet one.
func (q Quiet) holds(hour int) bool {
	if q.From <= q.Until {
		return q.From <= hour && hour < q.Until
	}
	return q.From <= hour || hour < q.Until
}
