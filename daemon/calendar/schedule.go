// Package calendar computes when members' digests are due, in their time zones.
package calendar

import (
	"cmp"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// Calendar computes when members' digests are due, from their preferences, their choices on the forum and the configured defaults.
type Calendar struct {
	site  settings.Digest
	zones *Zones
}

// New returns a calendar with the configured defaults.
func New(site settings.Digest, zones *Zones) Calendar { return Calendar{site, zones} }

// ZoneNamed returns the zone with a name, or the configured zone if the name is empty or unknown.
func (c Calendar) ZoneNamed(name string) *time.Location { return c.zones.Of(name) }

// Zone returns a member's time zone.
func (c Calendar) Zone(sub store.Subscriber) *time.Location {
	return c.zones.Of(cmp.Or(sub.OwnZone, sub.Zone))
}

// Schedule returns the member's schedule at a time, and who decided it.
func (c Calendar) Schedule(sub store.Subscriber, at time.Time) (digest.Schedule, digest.Origin) {
	s, origin := digest.ScheduleOf(sub.Schedule, sub.ForumDigests, c.site.Schedule(), c.Zone(sub), at)
	s.WeekendsOff = sub.WeekendsOff
	return s, origin
}

// NextDue returns a member's first slot after a time and outside a pause. It is zero if digests are off.
func (c Calendar) NextDue(sub store.Subscriber, after time.Time) time.Time {
	if sub.PausedUntil.After(after) {
		after = sub.PausedUntil.Add(-1) // a slot exactly at the end is not part of the pause
	}
	schedule, _ := c.Schedule(sub, after)
	slot, ok := schedule.Next(c.Zone(sub), after)
	if !ok {
		return time.Time{}
	}
	return slot.At.UTC() // as in the store, so that the two can be compared
}
