package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// MarkInFlight notes that owner is about to hand mails over, and says which of them it still holds: these, and no
// others, may be handed over. It is done in one transaction with the settlement of what went before, so that
// it costs little. Should owner die, they are in doubt, and all else that it held just waits on.
func (s Outbox) MarkInFlight(ctx context.Context, owner string, settled []Settlement, next []string) (ours []string, err error) {
	if len(next) == 0 {
		return nil, s.Settle(ctx, owner, settled)
	}
	batch, err := newBatch(settled)
	if err != nil {
		return nil, err
	}
	text, err := marshalRows(next)
	if err != nil {
		return nil, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		ours = ours[:0]
		if err := s.settleIn(ctx, tx, owner, batch); err != nil {
			return err
		}
		return s.query(ctx, tx, "intend", args{"owner": owner, "keys": text}, func(scan scanFunc) error {
			var key string
			err := scan(&key)
			ours = append(ours, key)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("settling %d mails and noting %d that are next: %w", len(settled), len(next), err)
	}
	return ours, nil
}

// Renew makes the leases of owner last from now on.
func (s Outbox) Renew(ctx context.Context, now time.Time, owner string, lease time.Duration) error {
	err := s.ensureInstance(ctx)
	if err == nil {
		_, err = s.exec(ctx, nil, "renew", args{"owner": owner, "lease": now.Add(lease).Unix()})
	}
	if err != nil {
		return fmt.Errorf("renewing leases: %w", err)
	}
	return nil
}

// Release gives back those of some mails that owner has leased and not handed over. What was handed over is settled before.
func (s Outbox) Release(ctx context.Context, owner string, keys []string) error {
	text, err := marshalRows(keys)
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, nil, "release", args{"owner": owner, "keys": text}); err != nil {
		return fmt.Errorf("giving leases back: %w", err)
	}
	return nil
}

// DeferredMessage is a mail that is given back unsent, to go later.
type DeferredMessage struct {
	Key       string
	NotBefore time.Time
	Reason    string
}

type postponedRow struct {
	Key       string `json:"key"`
	NotBefore int64  `json:"not_before"`
	Reason    string `json:"reason"`
}

// Postpone gives back what owner has leased and does not hand over now. It is no attempt: what came of the last one stays.
func (s Outbox) Postpone(ctx context.Context, owner string, list []DeferredMessage) error {
	postponed := make([]postponedRow, len(list))
	for i, p := range list {
		postponed[i] = postponedRow{p.Key, p.NotBefore.Unix(), sanitizeText(p.Reason)}
	}
	if _, err := execWith(ctx, s.database, nil, "postpone", postponed, args{"owner": owner}); err != nil {
		return fmt.Errorf("putting %d mails off: %w", len(list), err)
	}
	return nil
}

// UncertainPolicy says what becomes of mails whose owner died when it was about to hand them over: a relay may have them or not.
type UncertainPolicy struct {
	Most  int       // how often a mail may have been in doubt before and go out again all the same; else it is settled as uncertain
	Again time.Time // when it goes out again, with the same Message-ID
}

// crashReason is what is known of a mail in doubt.
const crashReason = "the daemon ended while it was handing over, or could not write down what came of it"

// UncertainMessage is a mail that came into doubt.
type UncertainMessage struct {
	Key    string
	Kind   string
	Member forum.MemberID
	Final  bool // it was settled as uncertain, and does not go out again
}

// ReclaimExpired takes back the leases that ran out, and those of dead daemons. Mails that it intended to hand over come into
// doubt, all others just wait on. It gives those in doubt.
func (s Outbox) ReclaimExpired(ctx context.Context, now time.Time, d UncertainPolicy) (list []UncertainMessage, err error) {
	a := args{"now": now.Unix()}
	lapsed := 0
	err = s.query(ctx, nil, "lapsed", a, func(scan scanFunc) error { return scan(&lapsed) })
	if err == nil && lapsed > 0 {
		err = s.inTx(ctx, func(tx *sqlx.Tx) error {
			if _, err := s.exec(ctx, tx, "take_back", a); err != nil {
				return err
			}
			list, err = s.resolveUncertain(ctx, tx, now, d)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("taking back leases that ran out: %w", err)
	}
	return list, nil
}

// resolveUncertain keeps, of mails that go out again, that they were in doubt.
func (s Outbox) resolveUncertain(ctx context.Context, tx *sqlx.Tx, now time.Time, d UncertainPolicy) (list []UncertainMessage, err error) {
	var again []outcomeRow
	a := args{"now": now.Unix(), "again": d.Again.Unix(), "most": d.Most, "reason": crashReason}
	err = s.query(ctx, tx, "doubt", a, func(scan scanFunc) error {
		var m UncertainMessage
		var state string
		err := scan(&m.Key, &m.Kind, &m.Member, &state)
		if m.Final = state != StateQueued; !m.Final {
			again = append(again, outcomeRow{m.Key, now.Unix()})
		}
		list = append(list, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, s.archiveOutcomes(ctx, tx, again)
}
