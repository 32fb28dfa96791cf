package daemon

import (
	"context"
	"fmt"
	"iter"
	"time"

	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// syncSubscribers ends choices that the forum has a newer word on, and brings the roll of members who watch anything up to date:
// their zones, their languages, and when their next edition is due. It goes through the forum a page at a time.
func (d *Daemon) syncSubscribers(ctx context.Context) error {
	now := d.Now()
	if err := d.expireOverrides(ctx); err != nil {
		return err
	}
	first, err := d.isFirstSync(ctx)
	if err != nil {
		return err
	}
	for members, err := range d.subscriberPages(ctx, now) {
		if err == nil {
			err = d.saveSubscribers(ctx, now, members, first)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.Store.Subscribers.RemoveStale(ctx, now); err != nil {
		return fmt.Errorf("retiring members who watch nothing any more: %w", err)
	}
	return d.Store.Values.Set(ctx, lastSyncKey, now.UTC().Format(time.RFC3339))
}

// subscriberPages gives the members who watch anything, rising, a page at a time. An error is the last that it gives.
func (d *Daemon) subscriberPages(ctx context.Context, now time.Time) iter.Seq2[[]forum.Member, error] {
	return func(yield func([]forum.Member, error) bool) {
		var after forum.MemberID
		for {
			var members []forum.Member
			err := d.Forum.Read(ctx, func(s *source.Snapshot) (err error) {
				members, err = s.SubscriberPage(ctx, after, pageSize, now)
				return err
			})
			if err != nil {
				yield(nil, fmt.Errorf("reading who watches: %w", err))
				return
			}
			if len(members) > 0 && !yield(members, nil) || len(members) < pageSize {
				return
			}
			after = members[len(members)-1].ID
		}
	}
}

const lastSyncKey = "roll"

// isFirstSync tells whether the store has never seen the whole roll.
func (d *Daemon) isFirstSync(ctx context.Context) (bool, error) {
	_, known, err := d.Store.Values.Get(ctx, lastSyncKey)
	if err != nil {
		return false, fmt.Errorf("reading when the roll was last read: %w", err)
	}
	return !known, nil
}

// saveSubscribers writes down those of a page of members of whom the roll has something new to say. The others
// are only noted as seen.
func (d *Daemon) saveSubscribers(ctx context.Context, now time.Time, members []forum.Member, first bool) error {
	known, err := d.knownSubscribers(ctx, members)
	if err != nil {
		return err
	}
	head, err := d.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("reading the newest sighting: %w", err)
	}
	var changed []store.Subscriber
	var same []forum.MemberID
	for _, m := range members {
		was, ok := known[m.ID]
		if sub := d.updateSubscriber(was, ok, m, now, head, first); !ok || sub != was {
			changed = append(changed, sub)
		} else {
			same = append(same, m.ID)
		}
	}
	if len(changed) > 0 {
		if err := d.Store.Subscribers.Save(ctx, now, changed); err != nil {
			return fmt.Errorf("writing the roll: %w", err)
		}
	}
	if len(same) > 0 {
		if err := d.Store.Subscribers.MarkSeen(ctx, now, same); err != nil {
			return fmt.Errorf("writing the roll: %w", err)
		}
	}
	return nil
}

// knownSubscribers is what the roll says of members.
func (d *Daemon) knownSubscribers(ctx context.Context, members []forum.Member) (map[forum.MemberID]store.Subscriber, error) {
	ids := make([]forum.MemberID, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	known, err := d.Store.Subscribers.Get(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the roll: %w", err)
	}
	return known, nil
}

// updateSubscriber is what the roll shall say of a member, after what it said of him before, if anything.
func (d *Daemon) updateSubscriber(sub store.Subscriber, known bool, m forum.Member, now time.Time, head int64, first bool) store.Subscriber {
	sub.ID, sub.Zone, sub.Locale = m.ID, m.Zone, m.Locale
	switch {
	case !known && first:
		// As if the daemon had run for the first window: a slot that lies in it is due at once.
		sub.Due = d.calendar.nextDue(sub, now.Add(-d.settings.Digest.FirstWindow))
	case !known || sub.Gone || sub.Due.IsZero():
		// New, back again, or off until now: what came before is not news to him.
		sub.Gone = false
		if sub.Due = d.calendar.nextDue(sub, now); !sub.Due.IsZero() {
			sub.CoveredSeq = head
		}
	case sub.Due.After(now):
		sub.Due = d.calendar.nextDue(sub, now) // his zone or the schedule may have changed
	}
	return sub
}
