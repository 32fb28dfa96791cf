package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// digestPlanner plans the editions that are due and drafts them.
type digestPlanner struct {
	*base
	builder *editions.Builder
	report  *Report // of the current round
}

// planDigests puts an edition into the outbox for each due member and advances the due time, in one transaction. However
// late it is, one edition covers everything after the covered sequence, up to what was checked for alerts.
func (dp *digestPlanner) planDigests(ctx context.Context) error {
	now := dp.Now()
	for ctx.Err() == nil && !dp.restored.Load() {
		due, err := dp.Store.Subscribers.Due(ctx, now, settings.BatchSize)
		if err != nil {
			return fmt.Errorf("reading due members: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		p, err := dp.Store.Alerts.Progress(ctx)
		if err != nil {
			return err
		}
		plans := make([]store.Plan, 0, len(due))
		for _, sub := range due {
			plans = append(plans, dp.planDigest(sub, now, p.Done))
		}
		planned, err := dp.Store.Outbox.Plan(ctx, now, plans)
		if err != nil {
			return fmt.Errorf("planning: %w", err)
		}
		dp.report.Planned += planned
		if planned > 0 {
			if err := dp.Store.Counts.AddPlanned(ctx, now, store.KindDigest, planned); err != nil {
				return err
			}
		}
	}
	return nil
}

// planDigest plans the edition of a member. Its key contains the slot, so that planning it twice changes nothing.
func (dp *digestPlanner) planDigest(sub store.Subscriber, now time.Time, head int64) store.Plan {
	zone := dp.calendar.Zone(sub)
	schedule, _ := dp.calendar.Schedule(sub, now)
	plan := store.Plan{Kind: store.KindDigest, Member: sub.ID, Until: head, Priority: store.PriorityDigest, NextDue: dp.calendar.NextDue(sub, now)}
	slot, ok := schedule.Last(zone, now)
	if !ok || sub.PausedUntil.After(now) { // turned off or paused in the meantime
		return plan
	}
	plan.Key = fmt.Sprintf("%s/%d/%s", store.KindDigest, sub.ID, editionName(slot, sub))
	return plan
}

// editionName returns the name of an edition. If the member chose the schedule or zone, here or on the forum, the name is the time in
// UTC: after a change, a second edition may be due on the same local day.
func editionName(slot digest.Slot, sub store.Subscriber) string {
	if sub.Schedule == nil && sub.ForumDigests == "" && sub.OwnZone == "" {
		return slot.Name
	}
	return slot.At.UTC().Format("2006-01-02T1504Z")
}
