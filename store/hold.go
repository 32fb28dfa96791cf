package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/internal/addr"
)

// The relays, as the store names them. A fallback stands in for the shared relay, and counts as it.
const (
	SharedRelay       = ""              // of [smtp]
	AnnouncementRelay = "announcements" // of [smtp.announcements]
)

// RelayTable returns the configuration table of a relay: "smtp", "smtp.announcements".
func RelayTable(relay string) string { return strings.TrimSuffix("smtp."+relay, ".") }

// DomainHold stops delivery through a relay to a domain for a while, for all daemons that share the store.
type DomainHold struct {
	Relay  string // SharedRelay or AnnouncementRelay
	Domain string // the part after the @, in lower case
	Since  time.Time
	Until  time.Time
	Reason string
}

// HoldKey identifies the hold of a domain.
type HoldKey struct{ Relay, Domain string }

// Key returns the key of the hold.
func (h DomainHold) Key() HoldKey { return HoldKey{h.Relay, h.Domain} }

// Table returns the configuration table of the relay.
func (h DomainHold) Table() string { return RelayTable(h.Relay) }

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
	a := args{"relay": h.Relay, "domain": addr.Domain(h.Domain), "since": h.Since.Unix(), "until": h.Until.Unix(), "reason": sanitizeText(h.Reason)}
	_, err := s.exec(ctx, tx, "hold", a)
	return err
}

// Active returns the active holds of all relays, sorted by domain.
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
	err = scan(&h.Relay, &h.Domain, &since, &until, &h.Reason)
	h.Since, h.Until = time.Unix(since, 0).UTC(), time.Unix(until, 0).UTC()
	return h, err
}

// Release ends a hold early and makes the messages due that wait for its end. It reports whether there was one.
func (s Holds) Release(ctx context.Context, now time.Time, k HoldKey) (released bool, err error) {
	domain := addr.Domain(sanitizeText(k.Domain))
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		n, err := s.exec(ctx, tx, "release_hold", args{"relay": sanitizeText(k.Relay), "domain": domain, "now": now.Unix()})
		if released = n > 0; err != nil || !released {
			return err
		}
		waiting := AllPriorities
		if k.Relay == AnnouncementRelay {
			waiting = PriorityRange{First: PriorityAnnouncement, Last: PriorityAnnouncement}
		}
		return s.makeDue(ctx, tx, now, waiting, digest.DomainHeld(domain, "").Stored())
	})
	if err != nil {
		return false, fmt.Errorf("releasing a hold: %w", err)
	}
	return released, nil
}

// makeDue makes the messages due whose reason to wait begins with a text.
func (s Holds) makeDue(ctx context.Context, tx *sqlx.Tx, now time.Time, p PriorityRange, reason string) error {
	_, err := s.exec(ctx, tx, "make_due", args{"now": now.Unix(), "first": p.First, "last": p.Last, "reason": reason})
	return err
}

// AgreeOnRelays makes announcements due that wait for the hold of a relay that they may not use any more. ownRelay reports whether
// they have one of their own; if they have none, its holds are over. A daemon calls it when it starts: the configuration may have
// changed since.
func (s Holds) AgreeOnRelays(ctx context.Context, now time.Time, ownRelay bool) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if !ownRelay {
			if _, err := s.exec(ctx, tx, "forget_holds", args{"relay": AnnouncementRelay}); err != nil {
				return err
			}
		}
		return s.makeDue(ctx, tx, now, PriorityRange{First: PriorityAnnouncement, Last: PriorityAnnouncement}, digest.DomainHeld("", "").Key+"?")
	})
	if err != nil {
		return fmt.Errorf("applying the relays to waiting messages: %w", err)
	}
	return nil
}

// MarkAccepted records that a domain accepted a message after a hold: a hold that follows is not longer.
func (s Holds) MarkAccepted(ctx context.Context, now time.Time, k HoldKey) error {
	a := args{"relay": k.Relay, "domain": addr.Domain(sanitizeText(k.Domain)), "now": now.Unix()}
	if _, err := s.exec(ctx, nil, "mark_hold_accepted", a); err != nil {
		return fmt.Errorf("marking a hold: %w", err)
	}
	return nil
}
