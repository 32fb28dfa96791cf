package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Entry says who did what, and when. It holds no address.
type Entry struct {
	At     time.Time
	Actor  string // "cli: ray"; "postrider" where the daemon did it by itself
	Action string // "start"
	Object string // "announcement/7"
	Detail string
}

// Audit writes an entry.
func (s *Store) Audit(ctx context.Context, e Entry) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error { return s.audit(ctx, tx, e) })
	if err != nil {
		return fmt.Errorf("writing who did what: %w", err)
	}
	return nil
}

func (s *Store) audit(ctx context.Context, tx *sqlx.Tx, e Entry) error {
	id, err := s.number(ctx, tx, "audit")
	if err != nil {
		return err
	}
	a := args{"id": id, "now": e.At.Unix(), "actor": clean(e.Actor), "action": e.Action, "object": e.Object, "detail": clean(e.Detail)}
	_, err = s.exec(ctx, tx, "write_audit", a)
	return err
}

// AuditOf is what was done to an object, the oldest first.
func (s *Store) AuditOf(ctx context.Context, object string) (list []Entry, err error) {
	err = s.query(ctx, nil, "audit_of", args{"object": object}, func(scan scan) error {
		var e Entry
		var at int64
		err := scan(&at, &e.Actor, &e.Action, &e.Object, &e.Detail)
		e.At = moment(at)
		list = append(list, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was done to %s: %w", object, err)
	}
	return list, nil
}

// number gives the next number of a counter, and holds the counter until the transaction ends.
func (s *Store) number(ctx context.Context, tx *sqlx.Tx, counter string) (n int64, err error) {
	err = s.query(ctx, tx, "give_number", args{"name": counter}, func(scan scan) error { return scan(&n) })
	return n, err
}
