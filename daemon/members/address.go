package members

import (
	"context"
	"fmt"
	"time"

	"postrider/store"
)

// retryCooldown is how long a member must wait before retrying a bouncing address again. Each failed retry hurts the
// reputation of the sender.
const retryCooldown = 7 * 24 * time.Hour

// AddressStatus describes a suppressed address: its messages bounced, or an operator suppressed it.
type AddressStatus struct {
	Since          time.Time
	Manual         bool      // suppressed by an operator, and only operators can undo it
	LastRetry      time.Time // by the member; zero: never
	RetryAllowedAt time.Time // zero: now
}

// AddressStatus returns the status of a member's suppressed address. It is nil if the address is not suppressed, or if the
// forum allows no messages to the member anyway. The times are in the member's zone.
func (d *Service) AddressStatus(ctx context.Context, now time.Time, a Account) (*AddressStatus, error) {
	if a.Member.Email == "" || a.NoEmailReason() != "" {
		return nil, nil
	}
	h, _, err := d.store.Suppressions.AddressHealth(ctx, a.Member.Email)
	if err != nil || !h.Suppressed(now) {
		return nil, err
	}
	r := AddressStatus{Since: h.SuppressedSince.In(a.Zone), Manual: h.SuppressedByHand()}
	if !h.Tried.IsZero() {
		r.LastRetry = h.Tried.In(a.Zone)
		if next := r.LastRetry.Add(retryCooldown); next.After(now) {
			r.RetryAllowedAt = next
		}
	}
	return &r, nil
}

// RetryAddress lifts the suppression of a member's address, and reports whether it did. Posts from the time of the
// suppression are not sent.
func (d *Service) RetryAddress(ctx context.Context, now time.Time, a Account) (bool, error) {
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
