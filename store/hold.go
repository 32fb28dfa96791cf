package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// DomainHold is the order to hand nothing over to a domain for a while. It holds for all daemons that share the store.
type DomainHold struct {
	Domain string // lower case, as it stands behind the @
	Since  time.Time
	Until  time.Time
	Reason string
}

// holdMemory is how long a hold is remembered that is over: one that follows within this time is twice as long.
const holdMemory = 24 * time.Hour

// Add holds a domain. One that stands is replaced.
func (s Holds) Add(ctx context.Context, h DomainHold) error {
	if err := s.hold(ctx, nil, h); err != nil {
		return fmt.Errorf("holding a domain: %w", err)
	}
	return nil
}

func (s Holds) hold(ctx context.Context, tx *sqlx.Tx, h DomainHold) error {
	a := args{"domain": strings.ToLower(h.Domain), "since": h.Since.Unix(), "until": h.Until.Unix(), "reason": sanitizeText(h.Reason)}
	_, err := s.exec(ctx, tx, "hold", a)
	return err
}

// Active are those that stand now, by domain.
func (s Holds) Active(ctx context.Context, now time.Time) (list []DomainHold, err error) {
	err = s.query(ctx, nil, "holds", args{"now": now.Unix()}, func(scan scanFunc) error {
		h, err := scanHold(scan)
		list = append(list, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading which domains are held: %w", err)
	}
	return list, nil
}

func scanHold(scan scanFunc) (h DomainHold, err error) {
	var since, until int64
	err = scan(&h.Domain, &since, &until, &h.Reason)
	h.Since, h.Until = time.Unix(since, 0).UTC(), time.Unix(until, 0).UTC()
	return h, err
}

// Release ends a hold before its time, and says whether there was one.
func (s Holds) Release(ctx context.Context, now time.Time, domain string) (lifted bool, err error) {
	n, err := s.exec(ctx, nil, "lift_hold", args{"domain": strings.ToLower(sanitizeText(domain)), "now": now.Unix()})
	if err != nil {
		return false, fmt.Errorf("lifting a hold: %w", err)
	}
	return n > 0, nil
}
