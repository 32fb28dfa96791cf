package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/internal/addr"
)

// DomainHold stops delivery to a domain for a while, for all daemons that share the store.
type DomainHold struct {
	Domain string // the part after the @, in lower case
	Since  time.Time
	Until  time.Time
	Reason string
}

// holdMemory is how long an ended hold is remembered: a hold that follows within this time lasts twice as long.
const holdMemory = 24 * time.Hour

// Add holds a domain. It replaces an active hold.
func (s Holds) Add(ctx context.Context, h DomainHold) error {
	if err := s.hold(ctx, nil, h); err != nil {
		return fmt.Errorf("holding a domain: %w", err)
	}
	return nil
}

func (s Holds) hold(ctx context.Context, tx *sqlx.Tx, h DomainHold) error {
	a := args{"domain": addr.Domain(h.Domain), "since": h.Since.Unix(), "until": h.Until.Unix(), "reason": sanitizeText(h.Reason)}
	_, err := s.exec(ctx, tx, "hold", a)
	return err
}

// Active returns the active holds, sorted by domain.
func (s Holds) Active(ctx context.Context, now time.Time) (list []DomainHold, err error) {
	err = s.query(ctx, nil, "holds", args{"now": now.Unix()}, func(scan scanFunc) error {
		h, err := scanHold(scan)
		list = append(list, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading holds: %w", err)
	}
	return list, nil
}

func scanHold(scan scanFunc) (h DomainHold, err error) {
	var since, until int64
	err = scan(&h.Domain, &since, &until, &h.Reason)
	h.Since, h.Until = time.Unix(since, 0).UTC(), time.Unix(until, 0).UTC()
	return h, err
}

// Release ends a hold early, and reports whether there was one.
func (s Holds) Release(ctx context.Context, now time.Time, domain string) (released bool, err error) {
	n, err := s.exec(ctx, nil, "release_hold", args{"domain": addr.Domain(sanitizeText(domain)), "now": now.Unix()})
	if err != nil {
		return false, fmt.Errorf("releasing a hold: %w", err)
	}
	return n > 0, nil
}

// MarkAccepted records that a domain accepted a message after a hold: a hold that follows is not longer.
func (s Holds) MarkAccepted(ctx context.Context, now time.Time, domain string) error {
	if _, err := s.exec(ctx, nil, "mark_hold_accepted", args{"domain": addr.Domain(sanitizeText(domain)), "now": now.Unix()}); err != nil {
		return fmt.Errorf("marking a hold: %w", err)
	}
	return nil
}
