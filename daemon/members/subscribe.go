package members

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// Subscribe gives a member digests at a frequency, from sections that they watch already. It undoes an earlier unsubscription, and
// sends no alerts about these sections unless the member has asked for them. With skipBacklog, the next digest leaves out earlier posts;
// it does so for who had no digests. Repeating it changes nothing.
func (d *Service) Subscribe(ctx context.Context, now time.Time, member forum.MemberID, frequency digest.Cadence, sections []forum.SectionID, skipBacklog bool) error {
	a, err := d.Account(ctx, now, member)
	if err != nil {
		return err
	}
	chosen, schedule := a.Explicit, *a.Effective.Schedule
	if schedule.Cadence == digest.Off {
		schedule = d.set.Digest.Schedule()
	}
	schedule.Cadence = frequency
	schedule = schedule.Canonical()
	chosen.Schedule, chosen.SetByAdmin = &schedule, false // saved even if it is the site's default: this is what the member confirmed
	if err := schedule.Validate(); err != nil {
		return fmt.Errorf("subscribing a member: %w", err)
	}
	var overrides []WatchSetting
	for _, w := range a.Watches {
		if slices.Contains(sections, w.Section) && (w.Override == "" || w.Override == digest.Off) {
			w.Override = digest.WithDigest
			overrides = append(overrides, w)
		}
	}
	if err := d.enroll(ctx, now, a.Member); err != nil {
		return err
	}
	wasOff := a.Effective.Schedule.Cadence == digest.Off
	return d.savePreferences(ctx, now, member, chosen, overrides, wasOff || skipBacklog)
}

// enroll makes a member a subscriber from now on, without waiting for the next sync, so that they miss nothing in between.
func (d *Service) enroll(ctx context.Context, now time.Time, m forum.Member) error {
	subs, err := d.store.Subscribers.Get(ctx, []forum.MemberID{m.ID})
	if sub, known := subs[m.ID]; err != nil || known && !sub.Gone {
		return err
	}
	head, err := d.store.Sightings.LastSeq(ctx)
	if err != nil {
		return err
	}
	return d.store.Subscribers.Save(ctx, now, []store.Subscriber{{ID: m.ID, Zone: m.Zone, Locale: m.Locale, CoveredSeq: head}})
}

// Gets reports whether a member gets digests at a frequency from all of the sections.
func (a Account) Gets(frequency digest.Cadence, sections []forum.SectionID) bool {
	got := 0
	for _, w := range a.Watches {
		if slices.Contains(sections, w.Section) && w.Override != digest.Off && !w.Watch.Silent {
			got++
		}
	}
	return got == len(sections) && a.Effective.Schedule.Cadence == frequency && a.NoEmailReason() == ""
}
