package delivery

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// applyDailyLimit limits the messages to a member per local day. Posts of an alert above the limit come with the next
// digest, or for members without digests, in one alert on the next day. A digest waits and is merged into the next one. An
// announcement waits until the next day. Uncertain messages are repeated regardless of the limit, and forced announcements
// are exempt.
func (d *Service) applyDailyLimit(ctx context.Context, rows []store.Row, drafts []Draft) error {
	most := d.settings.Delivery.MaxPerMemberPerDay
	if most == 0 {
		return nil
	}
	now := d.Now()
	claimed := make(map[forum.MemberID]int)
	for _, row := range rows {
		claimed[row.Member]++
	}
	var asks []store.DayQuery
	asked := make(map[forum.MemberID]bool)
	for i, m := range drafts {
		if id := rows[i].Member; m.sendable() && !asked[id] {
			asked[id] = true
			asks = append(asks, store.DayQuery{Member: id, Since: d.localDayStart(m, now, 0), Claimed: claimed[id]})
		}
	}
	if len(asks) == 0 {
		return nil
	}
	days, err := d.Store.Outbox.Days(ctx, asks)
	if err != nil {
		return fmt.Errorf("counting today's messages: %w", err)
	}
	for i, row := range rows {
		m := &drafts[i]
		if !m.sendable() {
			continue
		}
		day := days[row.Member]
		if day.Messages < most || m.ExemptFromDailyLimit || row.UncertainCount > 0 {
			day.Messages++
			days[row.Member] = day
			continue
		}
		if row.Kind == store.KindAlert && day.Digests {
			m.Skip = digest.ReasonDailyLimit
			continue
		}
		m.NotBefore, m.HoldReason = d.localDayStart(*m, now, 1), digest.ReasonDailyLimit
	}
	return nil
}

// localDayStart returns when the recipient's local day begins, or the hour of digests on a later day.
func (d *Service) localDayStart(m Draft, now time.Time, days int) time.Time {
	hour := 0
	if days > 0 {
		hour = d.settings.Digest.Hour
	}
	local := now.In(d.Calendar.ZoneNamed(m.To.Zone))
	return time.Date(local.Year(), local.Month(), local.Day()+days, hour, 0, 0, 0, local.Location())
}
