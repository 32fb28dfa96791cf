package daemon

import (
	"cmp"
	"time"

	"postrider/digest"
	"postrider/store"
)

// scheduler says when members' digests are due, by what they and the site have chosen.
type scheduler struct {
	site  DigestConfig
	zones *zoneCache
}

// zone is where a member lives.
func (c scheduler) zone(sub store.Subscriber) *time.Location {
	return c.zones.of(cmp.Or(sub.OwnZone, sub.Zone))
}

// schedule is a member's own schedule, or the site's.
func (c scheduler) schedule(sub store.Subscriber) digest.Schedule {
	if sub.Schedule != nil {
		return *sub.Schedule
	}
	return c.site.Schedule()
}

// nextDue is a member's first slot after a moment, and not within his break; zero if he wants none.
func (c scheduler) nextDue(sub store.Subscriber, after time.Time) time.Time {
	if sub.PausedUntil.After(after) {
		after = sub.PausedUntil.Add(-1) // a slot at the very end of the break is none of it
	}
	slot, ok := c.schedule(sub).Next(c.zone(sub), after)
	if !ok {
		return time.Time{}
	}
	return slot.At.UTC() // as the store gives it back, so that the two can be compared
}
