package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"postrider/daemon/calendar"
	"postrider/daemon/editions"
	"postrider/daemon/explain"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// NewExplainer returns a service that explains what members get, by the steps that plan their messages. It needs the forum, the
// store, the renderer and the links.
func NewExplainer(p Deps, set settings.Settings) *explain.Service {
	return explain.New(p.Forum, p.Store, p.Renderer, p.Links, set, func(ctx context.Context, b *editions.Builder, member forum.MemberID, now time.Time) (explain.Rehearsal, error) {
		p.Log, p.Observer, p.Now = slog.New(slog.DiscardHandler), nopObserver{}, func() time.Time { return now }
		return rehearseFor(ctx, &base{Deps: p, settings: set, calendar: calendar.New(set.Digest, calendar.NewZones(set.Digest.Zone))}, b, member)
	})
}

// rehearseFor runs the steps of a round before digests are planned, for one member, without saving anything.
func rehearseFor(ctx context.Context, d *base, b *editions.Builder, member forum.MemberID) (explain.Rehearsal, error) {
	scan := &scanner{base: d, recentPosts: make(map[forum.PostID]metPost), report: new(Report)}
	alerts := &alertPlanner{base: d, scanner: scan, builder: b, report: scan.report}
	x, err := rehearse(ctx, alerts, member)
	if err != nil {
		return explain.Rehearsal{}, err
	}
	sub, watches, err := (&subscriberSync{d}).rehearse(ctx, member, x.Until())
	return explain.Rehearsal{Overlay: x, Subscriber: sub, Watches: watches}, err
}

// rehearse runs the scan and the planning of alerts in memory, in an overlay of the builder. only limits alerts to one member; 0: all
// members.
func rehearse(ctx context.Context, ap *alertPlanner, only forum.MemberID) (*editions.Overlay, error) {
	head, err := ap.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the latest sighting: %w", err)
	}
	x := ap.builder.Overlay(head)
	ap.scanner.dryRun = x
	if err := ap.scanner.scanAll(ctx); err != nil {
		return nil, err
	}
	if err := ap.scanner.scanMoves(ctx); err != nil {
		return nil, err
	}
	if err := ap.rehearseWaiting(ctx, x, only); err != nil {
		return nil, fmt.Errorf("rehearsing alerts: %w", err)
	}
	if err := ap.rehearsePlan(ctx, x, only); err != nil {
		return nil, fmt.Errorf("rehearsing alerts: %w", err)
	}
	return x, nil
}

// rehearse adds the result of a scan to the overlay.
func (sc *scanner) rehearse(ctx context.Context, g store.ScanResult) error {
	var ids []forum.PostID
	for _, a := range g.Sighted {
		ids = append(ids, a.Post)
	}
	for _, move := range g.Moved {
		ids = append(ids, move.Post)
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := sc.Store.Sightings.Records(ctx, ids)
	if err != nil {
		return err
	}
	sc.dryRun.Add(g, known)
	return nil
}

// rehearsePlan plans alerts like planAlerts, in memory.
func (ap *alertPlanner) rehearsePlan(ctx context.Context, x *editions.Overlay, only forum.MemberID) error {
	p, err := ap.Store.Alerts.Progress(ctx)
	if err != nil {
		return err
	}
	stored, err := ap.Store.Alerts.PostEvents(ctx, p.Done, p.Head)
	if err != nil {
		return err
	}
	fresh, err := ap.alertable(ctx, slices.Concat(stored, x.Events()))
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(fresh, eventBatchSize) {
		var alerts []store.Alert
		err := ap.Forum.Read(ctx, func(s *source.Snapshot) error {
			b, err := loadEvents(ctx, s, batch)
			if err == nil {
				alerts, err = ap.rehearseEvents(ctx, s, b, only)
			}
			return err
		})
		if err == nil {
			err = ap.rehearseBuild(ctx, x, rehearseLate(x, ap.Now(), withoutKeys(alerts)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutKeys removes the keys that alerts would have if they were planned.
func withoutKeys(alerts []store.Alert) []store.Alert {
	for i := range alerts {
		alerts[i].Key = ""
	}
	return alerts
}

// rehearseLate defers posts as if they were left to digests now, and returns the other alerts.
func rehearseLate(x *editions.Overlay, now time.Time, alerts []store.Alert) (others []store.Alert) {
	for _, a := range alerts {
		if !a.LeftToDigest {
			others = append(others, a)
			continue
		}
		for _, n := range a.Items {
			x.Defer(n.Member, []digest.DeferredPost{n.Defer(now)})
		}
	}
	return others
}

// rehearseEvents returns the alerts about a batch of posts.
func (ap *alertPlanner) rehearseEvents(ctx context.Context, s *source.Snapshot, b *digest.EventIndex, only forum.MemberID) ([]store.Alert, error) {
	var all []store.Alert
	after := max(only-1, 0)
	for {
		page, err := ap.watchers(ctx, s, b, after)
		if err != nil {
			return nil, err
		}
		if only != 0 {
			page.Last = only
			watches, watched := page.Watches[only]
			if page.Watches = nil; watched {
				page.Watches = map[forum.MemberID]forum.Watches{only: watches}
			}
		}
		items, err := ap.itemsOfPage(ctx, s, b, page, after)
		if err != nil {
			return nil, err
		}
		alerts, err := ap.groupItems(ctx, s, items)
		if err != nil {
			return nil, err
		}
		all = append(all, alerts...)
		if only != 0 || page.Last == source.EndOfWatchers {
			return all, nil
		}
		after = page.Last
	}
}

// rehearseWaiting builds the alerts that wait, to find what they would bring and what they would leave to a digest.
func (ap *alertPlanner) rehearseWaiting(ctx context.Context, x *editions.Overlay, only forum.MemberID) error {
	const most = 1000
	for skip := 0; ; skip += most {
		waiting, err := ap.Store.Queue.List(ctx, store.QueueFilter{States: store.OpenStates, Kind: store.KindAlert, Member: only, Skip: skip, Limit: most})
		if err != nil || len(waiting) == 0 {
			return err
		}
		keys := make([]string, len(waiting))
		for i, m := range waiting {
			keys[i] = m.Key
		}
		items, err := ap.Store.Alerts.Items(ctx, keys)
		if err != nil {
			return err
		}
		alerts := make([]store.Alert, len(waiting))
		for i, m := range waiting {
			alerts[i] = store.Alert{Key: m.Key, Items: items[m.Key], NotBefore: m.NotBefore}
			if m.Expired(ap.Now()) {
				ap.addExpired(x, alerts[i])
				alerts[i].Items = nil
			}
		}
		if err := ap.rehearseBuild(ctx, x, alerts); err != nil || len(waiting) < most {
			return err
		}
	}
}

// rehearseBuild builds alerts as if they were sent now, and adds the results to the overlay.
func (ap *alertPlanner) rehearseBuild(ctx context.Context, x *editions.Overlay, alerts []store.Alert) error {
	alerts = slices.DeleteFunc(alerts, func(a store.Alert) bool { return len(a.Items) == 0 })
	for some := range slices.Chunk(alerts, settings.BatchSize) {
		requests := make([]editions.AlertRequest, len(some))
		for i, a := range some {
			requests[i] = editions.AlertRequest{Member: a.Items[0].Member, Items: a.Items, Repeated: a.Key}
		}
		built, err := ap.builder.BuildAlerts(ctx, ap.Now(), requests)
		if err != nil {
			return err
		}
		for i, a := range built {
			ap.addUpcoming(x, some[i], a)
		}
	}
	return nil
}

// addUpcoming adds what an alert would bring to the overlay, and what it would leave to a digest. If it is skipped as a whole,
// planning the next digest defers its posts.
func (ap *alertPlanner) addUpcoming(x *editions.Overlay, a store.Alert, built editions.AlertResult) {
	if len(a.Items) == 0 {
		return
	}
	left := built.LeftOut
	if built.Alert == nil && len(left) == 0 {
		for _, n := range a.Items {
			left = append(left, digest.Omitted{Post: n.Post, Reason: digest.Reason(built.SkipReason)})
		}
	}
	why := make(map[forum.PostID]digest.Reason, len(left))
	for _, l := range left {
		why[l.Post] = l.Reason
	}
	for _, n := range a.Items {
		x.AddAlert(n.Member, n.Post, editions.UpcomingAlert{Key: a.Key, Cause: n.Cause, LeftOut: why[n.Post]})
	}
	_, later := ap.splitOmitted(left, a.Items, ap.afterAlert(a))
	x.Defer(a.Items[0].Member, later)
}

// afterAlert returns from when on an edition may bring what an alert left out. A round plans editions before it sends alerts.
func (ap *alertPlanner) afterAlert(a store.Alert) time.Time {
	at := ap.Now()
	if a.NotBefore.After(at) {
		at = a.NotBefore
	}
	return at.Add(time.Second)
}

// addExpired adds an alert that the next round gives up. Planning the next digest defers its posts.
func (ap *alertPlanner) addExpired(x *editions.Overlay, a store.Alert) {
	a.NotBefore = time.Time{}
	ap.addUpcoming(x, a, editions.AlertResult{SkipReason: string(digest.AlertExpired)})
}

// rehearse returns a subscriber as the next sync would save them. watches is false if the member watches nothing.
func (sy *subscriberSync) rehearse(ctx context.Context, member forum.MemberID, head int64) (sub store.Subscriber, watches bool, err error) {
	var page []forum.Member
	err = sy.Forum.Read(ctx, func(s *source.Snapshot) error {
		page, _, err = s.SubscriberPage(ctx, member-1, 1, sy.Now())
		if err != nil || len(page) > 0 && page[0].ID == member {
			return err
		}
		added, err := sy.Store.Preferences.WithAddedSections(ctx, member-1, 1)
		if err == nil && len(added) > 0 && added[0] == member {
			page, err = s.Members(ctx, added, sy.Now())
		}
		return err
	})
	if err != nil {
		return sub, false, err
	}
	known, err := sy.knownSubscribers(ctx, []forum.Member{{ID: member}})
	if err != nil {
		return sub, false, err
	}
	sub, saved := known[member]
	if len(page) == 0 || page[0].ID != member {
		sub.Gone, sub.Due = true, time.Time{}
		return sub, false, nil
	}
	first, err := sy.isFirstSync(ctx)
	if err != nil {
		return sub, true, err
	}
	return sy.updateSubscriber(sub, saved, page[0], sy.Now(), head, first), true, nil
}
