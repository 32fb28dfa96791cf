package daemon

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"postrider/daemon/members"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// subscriberSync keeps the subscribers in the store in step with the forum.
type subscriberSync struct{ *base }

// syncSubscribers deletes preferences that newer changes on the forum replace, and updates the subscribers: their zones,
// languages and the due times of their next editions. It reads the forum one page at a time.
func (sy *subscriberSync) syncSubscribers(ctx context.Context) error {
	now := sy.Now()
	if err := members.ExpireOverrides(ctx, sy.Forum, sy.Store.Preferences, sy.Now()); err != nil {
		return err
	}
	first, err := sy.isFirstSync(ctx)
	if err != nil {
		return err
	}
	for members, err := range sy.subscriberPages(ctx, now) {
		if err == nil {
			err = sy.saveSubscribers(ctx, now, members, first)
		}
		if err != nil {
			return err
		}
	}
	if _, err := sy.Store.Subscribers.RemoveStale(ctx, now); err != nil {
		return fmt.Errorf("removing subscribers without watches: %w", err)
	}
	return sy.Store.Values.Set(ctx, lastSyncKey, now.UTC().Format(time.RFC3339))
}

// subscriberPages yields the members who watch anything in pages: first those who do on the forum, then those who only added sections
// here, each ascending by ID. It stops after an error.
func (sy *subscriberSync) subscriberPages(ctx context.Context, now time.Time) iter.Seq2[[]forum.Member, error] {
	return func(yield func([]forum.Member, error) bool) {
		var after forum.MemberID
		for after != source.EndOfWatchers {
			var members []forum.Member
			err := sy.Forum.Read(ctx, func(s *source.Snapshot) (err error) {
				members, after, err = s.SubscriberPage(ctx, after, pageSize, now)
				return err
			})
			if err != nil {
				yield(nil, fmt.Errorf("reading watchers: %w", err))
				return
			}
			if len(members) > 0 && !yield(members, nil) {
				return
			}
		}
		for members, err := range sy.addedPages(ctx, now) {
			if !yield(members, err) {
				return
			}
		}
	}
}

// addedPages yields the members who watch nothing on the forum, but added sections here.
func (sy *subscriberSync) addedPages(ctx context.Context, now time.Time) iter.Seq2[[]forum.Member, error] {
	return func(yield func([]forum.Member, error) bool) {
		var after forum.MemberID
		for {
			ids, err := sy.Store.Preferences.WithAddedSections(ctx, after, pageSize)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(ids) == 0 {
				return
			}
			after = ids[len(ids)-1]
			var members []forum.Member
			err = sy.Forum.Read(ctx, func(s *source.Snapshot) error {
				watches, err := s.Watches(ctx, ids)
				if err != nil {
					return err
				}
				ids = slices.DeleteFunc(ids, func(id forum.MemberID) bool { return len(watches[id].Sections)+len(watches[id].Threads) > 0 })
				members, err = s.Members(ctx, ids, now)
				return err
			})
			if err != nil {
				err = fmt.Errorf("reading members with added sections: %w", err)
			}
			if (err != nil || len(members) > 0) && !yield(members, err) || err != nil {
				return
			}
		}
	}
}

const lastSyncKey = "roll"

// isFirstSync reports whether the store never completed a sync.
func (sy *subscriberSync) isFirstSync(ctx context.Context) (bool, error) {
	_, known, err := sy.Store.Values.Get(ctx, lastSyncKey)
	if err != nil {
		return false, fmt.Errorf("reading the time of the last subscriber sync: %w", err)
	}
	return !known, nil
}

// saveSubscribers saves the members of a page that changed. The others are only marked as seen.
func (sy *subscriberSync) saveSubscribers(ctx context.Context, now time.Time, members []forum.Member, first bool) error {
	known, err := sy.knownSubscribers(ctx, members)
	if err != nil {
		return err
	}
	head, err := sy.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("reading the latest sighting: %w", err)
	}
	var changed []store.Subscriber
	var same []forum.MemberID
	for _, m := range members {
		was, ok := known[m.ID]
		if sub := sy.updateSubscriber(was, ok, m, now, head, first); !ok || sub != was {
			changed = append(changed, sub)
		} else {
			same = append(same, m.ID)
		}
	}
	if len(changed) > 0 {
		if err := sy.Store.Subscribers.Save(ctx, now, changed); err != nil {
			return fmt.Errorf("saving subscribers: %w", err)
		}
	}
	if len(same) > 0 {
		if err := sy.Store.Subscribers.MarkSeen(ctx, now, same); err != nil {
			return fmt.Errorf("saving subscribers: %w", err)
		}
	}
	return nil
}

// knownSubscribers reads the saved subscribers.
func (sy *subscriberSync) knownSubscribers(ctx context.Context, members []forum.Member) (map[forum.MemberID]store.Subscriber, error) {
	known, err := sy.Store.Subscribers.Get(ctx, memberIDs(members))
	if err != nil {
		return nil, fmt.Errorf("reading subscribers: %w", err)
	}
	return known, nil
}

// updateSubscriber returns the new state of a subscriber, given the saved state if known.
func (sy *subscriberSync) updateSubscriber(sub store.Subscriber, known bool, m forum.Member, now time.Time, head int64, first bool) store.Subscriber {
	sub.ID, sub.Zone, sub.Locale, sub.ForumDigests = m.ID, m.Zone, m.Locale, m.Digests
	switch {
	case !known && first && sy.settings.AwaitSlot:
		sub.Due = sy.calendar.NextDue(sub, now) // the covered sequence stays 0: the digest brings the first window
	case !known && first:
		// As if the daemon had run during the first window: a slot within it is due immediately.
		sub.Due = sy.calendar.NextDue(sub, now.Add(-sy.settings.Digest.FirstWindow))
	case !known || sub.Gone || sub.Due.IsZero():
		// New, returning, or digests off until now: earlier posts do not count as new.
		sub.Gone = false
		if sub.Due = sy.calendar.NextDue(sub, now); !sub.Due.IsZero() {
			sub.CoveredSeq = head
		}
	case sub.Due.After(now):
		sub.Due = sy.calendar.NextDue(sub, now) // zone or schedule may have changed
	}
	return sub
}
