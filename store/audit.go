package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// FailedLogin is the action of a failed login. Prune removes only these entries: strangers must not be able to fill the store.
const FailedLogin = "fail to log in"

// AuditEntry records who did what, and when. It holds no email address.
type AuditEntry struct {
	At     time.Time
	Actor  string // "cli: ray"; "postrider" for the daemon itself
	Action string // "start"
	Object string // "announcement/7"
	Detail string
}

// Record saves entries.
func (s Audit) Record(ctx context.Context, list ...AuditEntry) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		for _, e := range list {
			if err := s.audit(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	return nil
}

func (s *database) audit(ctx context.Context, tx *sqlx.Tx, e AuditEntry) error {
	id, err := s.nextNumber(ctx, tx, "audit")
	if err != nil {
		return err
	}
	a := args{"id": id, "now": e.At.Unix(), "actor": sanitizeText(e.Actor), "action": e.Action, "object": e.Object, "detail": sanitizeText(e.Detail)}
	_, err = s.exec(ctx, tx, "write_audit", a)
	return err
}

// OfSubject returns the entries about an object, oldest first.
func (s Audit) OfSubject(ctx context.Context, object string) ([]AuditEntry, error) {
	list, err := s.entries(ctx, "audit_of", args{"object": object})
	if err != nil {
		return nil, fmt.Errorf("reading the audit log of %s: %w", object, err)
	}
	return list, nil
}

// List returns up to most entries, latest first, after skipping some.
func (s Audit) List(ctx context.Context, skip, most int) ([]AuditEntry, error) {
	list, err := s.entries(ctx, "audit_log", args{"skip": skip, "most": most})
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return list, nil
}

func (s Audit) entries(ctx context.Context, query string, a args) (list []AuditEntry, err error) {
	err = s.query(ctx, nil, query, a, func(scan scanFunc) error {
		var e AuditEntry
		var at int64
		err := scan(&at, &e.Actor, &e.Action, &e.Object, &e.Detail)
		e.At = timeOrZero(at)
		list = append(list, e)
		return err
	})
	return list, err
}

// nextNumber increments a counter and returns its value. The counter stays locked until the transaction ends.
func (s *database) nextNumber(ctx context.Context, tx *sqlx.Tx, counter string) (n int64, err error) {
	err = s.query(ctx, tx, "next_number", args{"name": counter}, func(scan scanFunc) error { return scan(&n) })
	return n, err
}
