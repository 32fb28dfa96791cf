package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/store"
)

// retryCooldown is how often a member may have an address tried again from which mail comes back: each time that it was in vain
// costs the site some of its good name.
const retryCooldown = 7 * 24 * time.Hour

// AddressStatus is a member's address that gets no mail, because mail to it came back or a person has suppressed it.
type AddressStatus struct {
	Since          time.Time
	Manual         bool      // a person has: only a person can let it go
	LastRetry      time.Time // when he last had it tried again; zero: never
	RetryAllowedAt time.Time // when he may again; zero: at once
}

// AddressStatus tells whether a member's address gets no mail; nil: it does, or the forum forbids to mail him anyway. The times
// are in his zone.
func (d *MemberService) AddressStatus(ctx context.Context, now time.Time, a Account) (*AddressStatus, error) {
	if a.Member.Email == "" || a.NoEmailReason() != "" {
		return nil, nil
	}
	h, _, err := d.store.Suppressions.AddressHealth(ctx, a.Member.Email)
	if err != nil || !h.Suppressed(now) {
		return nil, err
	}
	r := AddressStatus{Since: h.SuppressedSince.In(a.Zone), Manual: isManual(h)}
	if !h.Tried.IsZero() {
		r.LastRetry = h.Tried.In(a.Zone)
		if next := r.LastRetry.Add(retryCooldown); next.After(now) {
			r.RetryAllowedAt = next
		}
	}
	return &r, nil
}

// isManual tells that no mail came back from an address that is suppressed, or that it is for good.
func isManual(h store.Health) bool { return h.LastEvent.IsZero() || h.SuppressedUntil.IsZero() }

// RetryAddress lets mail go once more to a member's address, and tells whether it does now. What was new while it went nowhere
// is not sent.
func (d *MemberService) RetryAddress(ctx context.Context, now time.Time, a Account) (bool, error) {
	if r, err := d.AddressStatus(ctx, now, a); err != nil || r == nil {
		return false, err
	}
	tried, err := d.store.Suppressions.RetryAddress(ctx, now, a.Member.Email, now.Add(-retryCooldown))
	if err != nil || !tried {
		return false, err
	}
	entry := store.AuditEntry{At: now, Actor: fmt.Sprintf("member: %d", a.Member.ID), Action: "try again", Object: fmt.Sprintf("member/%d", a.Member.ID)}
	return true, d.store.Audit.Record(ctx, entry)
}
