package daemon

import (
	"cmp"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// scheduler computes when members' digests are due, from their preferences and the configured defaults.
type scheduler struct {
	site  settings.Digest
	zones *zoneCache
}

// zone returns a member's time zone.
func (c scheduler) zone(sub store.Subscriber) *time.Location {
	return c.zones.of(cmp.Or(sub.OwnZone, sub.Zone))
}

// schedule returns the member's schedule, or the configured one.
func (c scheduler) schedule(sub store.Subscriber) digest.Schedule {
	if sub.Schedule != nil {
		return *sub.Schedule
	}
	return c.site.Schedule()
}

// nextDue returns a member's first slot after a time and outside a pause. It is zero if digests are off.
func (c scheduler) nextDue(sub store.Subscriber, after time.Time) time.Time {
	if sub.PausedUntil.After(after) {
		after = sub.PausedUntil.Add(-1) // a slot exactly at the end is not part of the pause
	}
	slot, ok := c.schedule(sub).Next(c.zone(sub), after)
	if !ok {
		return time.Time{}
	}
	return slot.At.UTC() // as in the store, so that the two can be compared
}
