package store

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
)

// OfEditions returns the deferred posts that settled editions of a member had to bring, and have brought or skipped.
func (s Deferred) OfEditions(ctx context.Context, member forum.MemberID) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "settled_deferred", args{"member": int64(member)}, func(scan scanFunc) error {
		o := DeferredPost{Member: member}
		err := scan(&o.Edition, &o.Post, &o.Seq, &o.Cause)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deferred posts of settled editions: %w", err)
	}
	return list, nil
}

// Upcoming returns the deferred posts of members as the next edition would have them if it were planned now. They include the posts
// of alerts that were not delivered. They leave out posts of editions that were sent or skipped. Those of an edition that still
// waits are only for a next edition that begins before its end, because that one is merged into it. after returns where the next
// edition of a member begins.
func (s Deferred) Upcoming(ctx context.Context, members []forum.MemberID, after func(forum.MemberID) int64) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "upcoming_deferred", args{"members": marshalIDs(members)}, func(scan scanFunc) error {
		var o DeferredPost
		var notBefore, waitingUntil int64
		err := scan(&o.Member, &o.Post, &o.Seq, &notBefore, &o.Cause, &o.Reason, &waitingUntil)
		o.NotBefore = timeOrZero(notBefore)
		if waitingUntil == 0 || after(o.Member) < waitingUntil {
			list = append(list, o)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deferred posts of next editions: %w", err)
	}
	return list, nil
}

// WaitingEdition is a digest that is not settled yet.
type WaitingEdition struct {
	Key       string
	Until     int64     // it covers sightings up to this one
	NotBefore time.Time // zero: in delivery
}

// WaitingEditions returns the digests of members that are not settled yet.
func (s Outbox) WaitingEditions(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]WaitingEdition, error) {
	all := make(map[forum.MemberID]WaitingEdition)
	err := s.query(ctx, nil, "waiting_editions", args{"members": marshalIDs(members)}, func(scan scanFunc) error {
		var member forum.MemberID
		var w WaitingEdition
		var notBefore int64
		err := scan(&member, &w.Key, &w.Until, &notBefore)
		w.NotBefore = timeOrZero(notBefore)
		all[member] = w
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading waiting digests: %w", err)
	}
	return all, nil
}

// CoveredBefore returns the sequence number after which the next edition of a subscriber begins, if that is due at a time. A waiting
// edition that is not sent by then is merged into the next one. A round plans before it sends.
func (w WaitingEdition) CoveredBefore(now, due time.Time, covered int64) int64 {
	inDelivery := w.NotBefore.IsZero()
	if w.Key == "" || !inDelivery && (!due.After(now) || !w.NotBefore.Before(due)) {
		return covered
	}
	return max(covered, w.Until)
}
