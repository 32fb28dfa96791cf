package daemon

import (
	"context"
	"fmt"
	"slices"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// eventBatchSize is how many sightings are checked for alerts in one batch.
const eventBatchSize = 500

// alertPlanner plans alerts and drafts them.
type alertPlanner struct {
	*base
	scanner *scanner
	builder *editions.Builder
	report  *Report // of the current round
}

// planAlerts plans the alerts about sightings since the last call. It checks each sighting exactly once, in batches and in
// pages of members, even after a crash: it saves its progress together with the planned alerts. No edition covers a
// sighting that was not checked yet, so that no edition includes a post that gets an alert.
func (ap *alertPlanner) planAlerts(ctx context.Context) error {
	for ctx.Err() == nil && !ap.restored.Load() {
		p, err := ap.Store.Alerts.Progress(ctx)
		if err != nil {
			return err
		}
		if p.Done == p.Head {
			return nil
		}
		if err := ap.planAlertBatch(ctx, p); err != nil {
			return fmt.Errorf("planning alerts: %w", err)
		}
	}
	return nil
}

// planAlertBatch checks the next batch of sightings, or continues one that was begun.
func (ap *alertPlanner) planAlertBatch(ctx context.Context, p store.AlertProgress) error {
	until := p.Until
	if until == p.Done {
		until = min(p.Head, p.Done+eventBatchSize)
	}
	fresh, err := ap.recentEvents(ctx, p.Done, until)
	if err != nil {
		return err
	}
	over := store.AlertProgress{Done: until, Until: until}
	if len(fresh) == 0 {
		_, _, err := ap.Store.Alerts.Plan(ctx, ap.Now(), p, over, store.PriorityAlert, nil)
		return err
	}
	return ap.Forum.Read(ctx, func(s *source.Snapshot) error {
		bulletin, err := loadEvents(ctx, s, fresh)
		if err != nil {
			return err
		}
		for from := p; ; {
			to, more, err := ap.planAlertPage(ctx, s, bulletin, from, over)
			if err != nil || !more {
				return err
			}
			from = to
		}
	})
}

// planAlertPage plans alerts for the next page of members. more is false after the last page, and if another daemon has
// already continued from the same position.
func (ap *alertPlanner) planAlertPage(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, from, over store.AlertProgress) (to store.AlertProgress, more bool, err error) {
	page, err := ap.watchers(ctx, s, b, from.Member)
	if err != nil {
		return to, false, err
	}
	if to = over; page.Last != source.EndOfWatchers {
		to = store.AlertProgress{Done: from.Done, Until: over.Until, Member: page.Last}
	}
	notices, err := ap.itemsOfPage(ctx, s, b, page, from.Member)
	if err != nil {
		return to, false, err
	}
	alerts, err := ap.groupItems(ctx, s, notices)
	if err != nil {
		return to, false, err
	}
	now := ap.Now()
	planned, ok, err := ap.Store.Alerts.Plan(ctx, now, from, to, store.PriorityAlert, alerts)
	ap.report.Alerts += planned
	if err == nil && planned > 0 {
		err = ap.Store.Counts.AddPlanned(ctx, now, store.KindAlert, planned)
	}
	return to, ok && to.Member != 0, err
}

// watchers returns a page of the members who may get alerts because of their watches. If alerts are disabled, these are none: only quotes
// and mentions that come with digests matter.
func (ap *alertPlanner) watchers(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, after forum.MemberID) (source.Watchers, error) {
	if !ap.settings.Alerts.Enabled {
		return source.Watchers{Last: source.EndOfWatchers}, nil
	}
	return s.Watchers(ctx, b.Threads(), b.Sections(), after)
}

// itemsOfPage returns the alert items of a page of members.
func (ap *alertPlanner) itemsOfPage(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, page source.Watchers, after forum.MemberID) ([]digest.AlertItem, error) {
	listeners, err := ap.candidates(ctx, s, b, page, after)
	if err != nil {
		return nil, err
	}
	var notices []digest.AlertItem
	modes := make(map[forum.MemberID]digest.AlertMode, len(listeners))
	for _, l := range listeners {
		modes[l.ID] = ap.settings.Alerts.ModeOf(l.Choices)
		notices = append(notices, b.AlertItems(l, ap.Now())...)
	}
	return ap.dropAlreadyNotified(ctx, s, notices, modes)
}

// candidates returns the members of a page who may get an alert: those who watch with notifications, those quoted or
// mentioned, and those with an override for instant alerts.
func (ap *alertPlanner) candidates(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, page source.Watchers, after forum.MemberID) ([]digest.AlertCandidate, error) {
	eager, err := ap.Store.Preferences.InstantOverrides(ctx, b.Threads(), b.Sections(), after, page.Last)
	if err != nil {
		return nil, err
	}
	watches, err := s.Watches(ctx, eager)
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(eager)
	for id, w := range page.Watches {
		if _, known := watches[id]; !known {
			watches[id] = w
		}
		ids = append(ids, id)
	}
	for _, id := range b.Direct() {
		if id > after && id <= page.Last {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	mutes, err := s.Mutes(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := ap.Store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	wishes, err := ap.Store.Preferences.Overrides(ctx, ids)
	if err != nil {
		return nil, err
	}
	unasked, err := ap.unasked(ctx, s, b, wishes)
	if err != nil {
		return nil, err
	}
	list := make([]digest.AlertCandidate, len(ids))
	for i, id := range ids {
		c := choices[id]
		if !ap.settings.Alerts.Enabled {
			c.Alerts = digest.NoAlerts
		}
		w := c.Narrow(wishes[id].Extend(watches[id]))
		m := mutes[id]
		w.Muted, w.MutedSections, w.DirectInMuted = m.Muted, m.MutedSections, m.DirectInMuted
		list[i] = digest.AlertCandidate{ID: id, Watches: w, Choices: c, Switches: c.Switches.Or(ap.settings.Notify.Switches()), Bundle: ap.settings.Alerts.BundleOf(c), Overrides: wishes[id], Unasked: unasked[id]}
	}
	return list, nil
}

// unasked returns which of the quoted or mentioned members watch nothing at all, if the site then sends nothing.
func (ap *alertPlanner) unasked(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, wishes map[forum.MemberID]digest.Overrides) (map[forum.MemberID]bool, error) {
	direct := b.Direct()
	if len(direct) == 0 || ap.settings.Notify.AlertsUnwatched(ap.Forum.MailsDirect()) {
		return nil, nil
	}
	watches, err := s.Watches(ctx, direct)
	if err != nil {
		return nil, err
	}
	none := make(map[forum.MemberID]bool)
	for _, id := range direct {
		w := wishes[id].Extend(watches[id])
		none[id] = len(w.Sections)+len(w.Threads) == 0
	}
	return none, nil
}

// dropAlreadyNotified applies the mode "first reply only": it drops items for threads that the member got an alert about
// and has neither read nor visited the forum since. Quotes and mentions are kept, because without a watch no digest would bring them.
func (ap *alertPlanner) dropAlreadyNotified(ctx context.Context, s *source.Snapshot, notices []digest.AlertItem, modes map[forum.MemberID]digest.AlertMode) ([]digest.AlertItem, error) {
	if !s.KnowsVisits() { // nothing would ever end the wait
		return notices, nil
	}
	var ask []digest.AlertItem
	firstOnly := func(n digest.AlertItem) bool { return modes[n.Member] == digest.FirstReply && !n.Cause.IsDirect() }
	for _, n := range notices {
		if firstOnly(n) {
			ask = append(ask, n)
		}
	}
	earlier, err := ap.Store.Alerts.Unanswered(ctx, ask)
	if err != nil || len(earlier) == 0 {
		return notices, err
	}
	members := make([]forum.MemberID, 0, len(earlier))
	since := earlier[0].Until
	for _, t := range earlier {
		members = append(members, t.Member)
		if t.Until.Before(since) {
			since = t.Until
		}
	}
	slices.Sort(members)
	members = slices.Compact(members)
	read, err := s.ReadMarksSince(ctx, members, since)
	if err != nil {
		return nil, err
	}
	visits, err := s.Visits(ctx, members)
	if err != nil {
		return nil, err
	}
	waits := make(map[memberThread]digest.LastAlert)
	for _, t := range earlier {
		waits[memberThread{t.Member, t.Thread}] = t
	}
	return slices.DeleteFunc(notices, func(n digest.AlertItem) bool {
		t, found := waits[memberThread{n.Member, n.Thread}]
		return found && firstOnly(n) && !t.VisitedSince(read[n.Member], visits[n.Member], n.Section)
	}), nil
}
