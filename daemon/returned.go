package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/store"
)

// tryEvery is how often a member may have an address tried again from which mail comes back: each time that it was in vain
// costs the site some of its good name.
const tryEvery = 7 * 24 * time.Hour

// Returned is a member's address that gets no mail, because mail to it came back or a person has suppressed it.
type Returned struct {
	Since  time.Time
	ByHand bool      // a person has: only a person can let it go
	Tried  time.Time // when he last had it tried again; zero: never
	Next   time.Time // when he may again; zero: at once
}

// Returned tells whether a member's address gets no mail; nil: it does, or the forum forbids to mail him anyway. The times
// are in his zone.
func (d *Desk) Returned(ctx context.Context, now time.Time, a Account) (*Returned, error) {
	if a.Member.Email == "" || a.Refusal() != "" {
		return nil, nil
	}
	h, _, err := d.store.AddressHealth(ctx, a.Member.Email)
	if err != nil || !h.Suppressed(now) {
		return nil, err
	}
	r := Returned{Since: h.SuppressedSince.In(a.Zone), ByHand: byHand(h)}
	if !h.Tried.IsZero() {
		r.Tried = h.Tried.In(a.Zone)
		if next := r.Tried.Add(tryEvery); next.After(now) {
			r.Next = next
		}
	}
	return &r, nil
}

// byHand tells that no mail came back from an address that is suppressed, or that it is for good.
func byHand(h store.Health) bool { return h.LastEvent.IsZero() || h.SuppressedUntil.IsZero() }

// TryAgain lets mail go once more to a member's address, and tells whether it does now. What was new while it went nowhere
// is not sent.
func (d *Desk) TryAgain(ctx context.Context, now time.Time, a Account) (bool, error) {
	if r, err := d.Returned(ctx, now, a); err != nil || r == nil {
		return false, err
	}
	tried, err := d.store.RetryAddress(ctx, now, a.Member.Email, now.Add(-tryEvery))
	if err != nil || !tried {
		return false, err
	}
	entry := store.AuditEntry{At: now, Actor: fmt.Sprintf("member: %d", a.Member.ID), Action: "try again", Object: fmt.Sprintf("member/%d", a.Member.ID)}
	return true, d.store.Audit(ctx, entry)
}
