package daemon

import (
	"context"
	"slices"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// isLate reports whether a post is late when its alert is planned. A post that a moderator approved late is not: members could not
// see it earlier.
func isLate(n digest.AlertItem, now time.Time) bool {
	return now.Sub(n.FreshAt()) > settings.AlertLateAge
}

// lateMembers lists the members with late items, ascending.
func lateMembers(items []digest.AlertItem, now time.Time) (ids []forum.MemberID) {
	for _, n := range items {
		if isLate(n, now) {
			ids = append(ids, n.Member)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// bundleWindow returns when an alert that all posts of its member join may be sent: late posts now, unless it has new posts of their
// threads, too, and others when the first of them has waited for as long as the member chose. Posts that are planned later join it while
// it waits, and do not delay it beyond that.
func (ap *alertPlanner) bundleWindow(items []digest.AlertItem, now time.Time) (notBefore, most time.Time) {
	notBefore, most = now, now.Add(ap.settings.Alerts.DebounceMax)
	first := items[0].FreshAt()
	for _, n := range items {
		if n.FreshAt().Before(first) {
			first = n.FreshAt()
		}
		if at := n.PostedAt.Add(ap.settings.Alerts.Debounce); at.After(notBefore) {
			notBefore = at
		}
	}
	if window := items[0].Bundle.Window(); window > 0 {
		if end := first.Add(window); end.After(notBefore) {
			notBefore = end
		}
		most = notBefore
	}
	return notBefore, most
}

// digestsBeforeAlerts returns which of the members get a digest soon, or before an alert could be sent. Subscribers are as a sync would
// save them now, so that a rehearsal, which saves none, decides alike.
func (ap *alertPlanner) digestsBeforeAlerts(ctx context.Context, s *source.Snapshot, ids []forum.MemberID, now time.Time) (map[forum.MemberID]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	sync := &subscriberSync{ap.base}
	members, err := s.Members(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	watches, err := s.Watches(ctx, ids)
	if err != nil {
		return nil, err
	}
	overrides, err := ap.Store.Preferences.Overrides(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := ap.Store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	known, err := sync.knownSubscribers(ctx, members)
	if err != nil {
		return nil, err
	}
	first, err := sync.isFirstSync(ctx)
	if err != nil {
		return nil, err
	}
	before := make(map[forum.MemberID]bool, len(members))
	for _, m := range members {
		w, c := overrides[m.ID].Extend(watches[m.ID]), choices[m.ID]
		if len(w.Threads)+len(w.Sections) == 0 || c.NoEmailReason(m, forum.Digests) != "" || c.PausedUntil.After(now) {
			continue
		}
		was, ok := known[m.ID]
		sub := sync.updateSubscriber(was, ok, m, now, was.CoveredSeq, first)
		before[m.ID] = !sub.Due.IsZero() && !sub.Due.After(ap.alertDeadline(sub, c, now))
	}
	return before, nil
}

// alertDeadline returns until when a digest replaces the alert about late posts.
func (ap *alertPlanner) alertDeadline(sub store.Subscriber, c digest.Preferences, now time.Time) time.Time {
	deadline := now.Add(settings.AlertLateAge)
	if c.WantsWeekendsOff() {
		schedule, _ := ap.calendar.Schedule(sub, now)
		if end, is := digest.WeekendEnd(ap.calendar.Zone(sub), schedule.Hour, now); is && end.After(deadline) {
			deadline = end
		}
	}
	if quiet := ap.settings.Alerts.QuietOf(c); quiet != nil {
		if end, is := quiet.End(ap.calendar.Zone(sub), now); is && end.After(deadline) {
			return end
		}
	}
	return deadline
}
