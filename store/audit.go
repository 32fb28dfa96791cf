package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// FailedLogin is the action of whoever has failed to log in. Such entries are forgotten after a while, and all others stay: what
// strangers do must not fill the store.
const FailedLogin = "fail to log in"

// AuditEntry says who did what, and when. It holds no address.
type AuditEntry struct {
	At     time.Time
	Actor  string // "cli: ray"; "postrider" where the daemon did it by itself
	Action string // "start"
	Object string // "announcement/7"
	Detail string
}

// Record writes entries.
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
		return fmt.Errorf("writing who did what: %w", err)
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

// OfSubject is what was done to an object, the oldest first.
func (s Audit) OfSubject(ctx context.Context, object string) ([]AuditEntry, error) {
	list, err := s.entries(ctx, "audit_of", args{"object": object})
	if err != nil {
		return nil, fmt.Errorf("reading what was done to %s: %w", object, err)
	}
	return list, nil
}

// List is what was done, the latest first: so many entries, without some of the first.
func (s Audit) List(ctx context.Context, skip, most int) ([]AuditEntry, error) {
	list, err := s.entries(ctx, "audit_log", args{"skip": skip, "most": most})
	if err != nil {
		return nil, fmt.Errorf("reading what was done: %w", err)
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

// nextNumber gives the next number of a counter, and holds the counter until the transaction ends.
func (s *database) nextNumber(ctx context.Context, tx *sqlx.Tx, counter string) (n int64, err error) {
	err = s.query(ctx, tx, "give_number", args{"name": counter}, func(scan scanFunc) error { return scan(&n) })
	return n, err
}
