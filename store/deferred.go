package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/forum"
)

// AlertItemStatus is the result of an alert item.
type AlertItemStatus struct {
	Member  forum.MemberID
	Post    forum.PostID
	State   string // of the alert; empty: not settled yet
	LeftOut string // why the alert omitted the post; empty: it did not
}

// ItemStatuses returns the alert items of members for the posts first to last, inclusive.
func (s Alerts) ItemStatuses(ctx context.Context, members []forum.MemberID, first, last forum.PostID) ([]AlertItemStatus, error) {
	var list []AlertItemStatus
	a := args{"members": marshalIDs(members), "first": int64(first), "last": int64(last)}
	err := s.query(ctx, nil, "item_statuses", a, func(scan scanFunc) error {
		var n AlertItemStatus
		err := scan(&n.Member, &n.Post, &n.State, &n.LeftOut)
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the results of alert items: %w", err)
	}
	return list, nil
}

// DeferredPost is a post that a later edition of a member must bring.
type DeferredPost struct {
	Member forum.MemberID
	digest.DeferredPost
	Edition string // the newest that brings it; empty: none is planned yet
}

// OfMembers returns the deferred posts of members, including those that their newest editions brought.
func (s Deferred) OfMembers(ctx context.Context, members []forum.MemberID) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "deferred_posts", args{"members": marshalIDs(members)}, func(scan scanFunc) error {
		var o DeferredPost
		var notBefore int64
		err := scan(&o.Member, &o.Post, &o.Seq, &notBefore, &o.Cause, &o.Reason, &o.Edition)
		o.NotBefore = time.Unix(notBefore, 0).UTC()
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading deferred posts: %w", err)
	}
	return list, nil
}

// Delivered returns the deferred posts that an edition of a member brought.
func (s Deferred) Delivered(ctx context.Context, member forum.MemberID, edition string) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "delivered_posts", args{"key": edition}, func(scan scanFunc) error {
		o := DeferredPost{Member: member, Edition: edition}
		err := scan(&o.Post, &o.Seq, &o.Cause)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deferred posts of an edition: %w", err)
	}
	return list, nil
}

type deferredRow struct {
	Key       string            `json:"key,omitempty"`
	Member    int64             `json:"m,omitempty"`
	Post      forum.PostID      `json:"p"`
	Seq       int64             `json:"seq,omitempty"`
	NotBefore int64             `json:"not_before"`
	Cause     digest.AlertCause `json:"cause"`
	Reason    digest.Reason     `json:"reason"`
}

// hasPostChanges reports whether a settlement changes the state of single posts.
func (x Settlement) hasPostChanges() bool { return len(x.Omitted)+len(x.Deferred) > 0 || x.Held }

// settlePosts records the omitted and the deferred posts of the settlements whose lease is ours, and holds alerts for quiet
// hours.
func (s Deferred) settlePosts(ctx context.Context, tx *sqlx.Tx, ours map[string]bool, settlements []Settlement) error {
	var left, owed []deferredRow
	var held []string
	var at time.Time
	for _, x := range settlements {
		if !ours[x.Key] {
			continue
		}
		at = x.At
		for _, l := range x.Omitted {
			left = append(left, deferredRow{Key: x.Key, Post: l.Post, Reason: l.Reason})
		}
		for _, o := range x.Deferred {
			row := deferredRow{Key: x.Key, Post: o.Post, Seq: o.Seq, NotBefore: o.NotBefore.Unix(), Cause: o.Cause, Reason: o.Reason}
			left, owed = append(left, row), append(owed, row)
		}
		if x.Held {
			held = append(held, x.Key)
		}
	}
	if err := execRows(ctx, s.database, tx, "save_omitted", left); err != nil {
		return err
	}
	if _, err := execWith(ctx, s.database, tx, "defer_posts", owed, args{"now": at.Unix()}); err != nil {
		return err
	}
	return Alerts(s).delayAlerts(ctx, tx, at, held)
}

type mergeRow struct {
	Key  string `json:"key"`
	Into string `json:"into"`
}

// delayAlerts holds alerts until quiet hours end. It merges those of the same member into one.
func (s Alerts) delayAlerts(ctx context.Context, tx *sqlx.Tx, now time.Time, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	text, err := marshalRows(keys)
	if err != nil {
		return err
	}
	a := args{"keys": text}
	if _, err := s.exec(ctx, tx, "hold_alerts", a); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, "extend_held_alerts", args{"keys": text, "lasts": alertLasts}); err != nil {
		return err
	}
	first := make(map[forum.MemberID]alertRow)
	extended := make(map[string]alertRow)
	var merges []mergeRow
	var wider []alertRow
	err = s.query(ctx, tx, "held_alerts", a, func(scan scanFunc) error {
		var r alertRow
		if err := scan(&r.Member, &r.Key, &r.Thread, &r.Until); err != nil {
			return err
		}
		into, found := first[r.Member]
		if !found {
			first[r.Member] = r
			return nil
		}
		merges = append(merges, mergeRow{r.Key, into.Key})
		wider = append(wider, alertRow{Key: into.Key, Thread: r.Thread})
		extended[into.Key] = alertRow{Key: into.Key, Until: max(r.Until, extended[into.Key].Until)}
		return nil
	})
	if err != nil || len(merges) == 0 {
		return err
	}
	if _, err := s.extend(ctx, tx, extended); err != nil {
		return err
	}
	if err := execRows(ctx, s.database, tx, "clear_alert_threads", wider); err != nil {
		return err
	}
	if err := execRows(ctx, s.database, tx, "merge_alert_items", merges); err != nil {
		return err
	}
	_, err = execWith(ctx, s.database, tx, "merge_alerts", merges, args{"now": now.Unix()})
	return err
}

// assignDeferred assigns the deferred posts that are due to the new editions of their members.
func (s Deferred) assignDeferred(ctx context.Context, tx *sqlx.Tx, now time.Time, editions []planRow) error {
	if len(editions) == 0 {
		return nil
	}
	members := make([]forum.MemberID, len(editions))
	for i, e := range editions {
		members[i] = e.Member
	}
	a := args{"members": marshalIDs(members)}
	for _, query := range []string{"archive_delivered", "clear_deferred"} {
		if _, err := s.exec(ctx, tx, query, a); err != nil {
			return err
		}
	}
	a["now"] = now.Unix()
	var failed []deferredRow
	err := s.query(ctx, tx, "defer_failed_alerts", a, func(scan scanFunc) error {
		var r deferredRow
		err := scan(&r.Member, &r.Post)
		failed = append(failed, r)
		return err
	})
	if err != nil {
		return err
	}
	if err := execRows(ctx, s.database, tx, "mark_items_deferred", failed); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, "mark_alerts_deferred", args{"members": marshalIDs(members)}); err != nil {
		return err
	}
	_, err = execWith(ctx, s.database, tx, "assign_deferred", editions, args{"now": now.Unix()})
	return err
}

// At returns the sightings with these sequence numbers, as far as they are still stored.
func (s Sightings) At(ctx context.Context, seqs []int64) ([]digest.Sighting, error) {
	return s.sightings(ctx, "sightings_at", args{"ids": marshalIDs(seqs)})
}

// Reevaluate makes all deferred posts of a member due for the next edition, after a change of preferences. That edition
// defers again what must still wait.
func (s Deferred) Reevaluate(ctx context.Context, now time.Time, member forum.MemberID) error {
	if _, err := s.exec(ctx, nil, "reevaluate_deferred", args{"now": now.Unix(), "member": int64(member)}); err != nil {
		return fmt.Errorf("reevaluating deferred posts: %w", err)
	}
	return nil
}

// Discard drops the deferred posts of a member whose digests begin again, and those of failed alerts that no digest has deferred yet. Posts
// of an edition that waits stay with it.
func (s Deferred) Discard(ctx context.Context, member forum.MemberID) error {
	a := args{"members": marshalIDs([]forum.MemberID{member})}
	for _, query := range []string{"discard_deferred", "mark_alerts_deferred"} {
		if _, err := s.exec(ctx, nil, query, a); err != nil {
			return fmt.Errorf("discarding deferred posts: %w", err)
		}
	}
	return nil
}
