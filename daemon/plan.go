package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/store"
)

// batchSize is how many members are planned, claimed and built at a time: what is read once for a
// batch is shared by so many mails.
const batchSize = 1000

// planDigests puts an edition into the outbox for each member who is due, and moves his due time on, in one
// transaction. However late it comes, one edition covers everything since his mark, up to what was looked at for alerts.
func (d *Daemon) planDigests(ctx context.Context) error {
	now := d.Now()
	for ctx.Err() == nil {
		due, err := d.Store.Subscribers.Due(ctx, now, batchSize)
		if err != nil {
			return fmt.Errorf("reading who is due: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		p, err := d.Store.Alerts.Progress(ctx)
		if err != nil {
			return err
		}
		plans := make([]store.Plan, 0, len(due))
		for _, sub := range due {
			plans = append(plans, d.planDigest(sub, now, p.Done))
		}
		planned, err := d.Store.Outbox.Plan(ctx, now, plans)
		if err != nil {
			return fmt.Errorf("planning: %w", err)
		}
		d.report.Planned += planned
		if planned > 0 {
			if err := d.Store.Counts.AddPlanned(ctx, now, store.KindDigest, planned); err != nil {
				return err
			}
		}
	}
	return nil
}

// planDigest names an edition after the slot it stands for, so that planning it twice changes nothing.
func (d *Daemon) planDigest(sub store.Subscriber, now time.Time, head int64) store.Plan {
	schedule, zone := d.calendar.schedule(sub), d.calendar.zone(sub)
	plan := store.Plan{Kind: store.KindDigest, Member: sub.ID, Until: head, Priority: store.PriorityDigest, NextDue: d.calendar.nextDue(sub, now)}
	slot, ok := schedule.Last(zone, now)
	if !ok || sub.PausedUntil.After(now) { // turned off or paused since
		return plan
	}
	plan.Key = fmt.Sprintf("%s/%d/%s", store.KindDigest, sub.ID, editionName(slot, sub))
	return plan
}

// editionName names an edition. A member who has chosen his hours or his zone himself may have had today's by those that held
// before, and be promised another one: his are named by their instant.
func editionName(slot digest.Slot, sub store.Subscriber) string {
	if sub.Schedule == nil && sub.OwnZone == "" {
		return slot.Name
	}
	return slot.At.UTC().Format("2006-01-02T1504Z")
}
