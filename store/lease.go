package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// InFlight is a message that is about to be sent.
type InFlight struct {
	Key   string
	Posts []SentPost
}

type inFlightRow struct {
	Key   string `json:"key"`
	Posts string `json:"posts"`
}

// MarkInFlight records that owner is about to send the messages in next. It returns those that owner still leases; only these may
// be sent. It settles earlier messages in the same transaction, so it costs little. If owner dies, its messages in flight
// become uncertain, and its other messages are simply queued again.
func (s Outbox) MarkInFlight(ctx context.Context, owner string, settled []Settlement, next []InFlight) (ours []string, err error) {
	if len(next) == 0 {
		return nil, s.Settle(ctx, owner, settled)
	}
	batch, err := newBatch(settled)
	if err != nil {
		return nil, err
	}
	rows := make([]inFlightRow, len(next))
	for i, m := range next {
		rows[i] = inFlightRow{m.Key, formatCopy(m.Posts)}
	}
	text, err := marshalRows(rows)
	if err != nil {
		return nil, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		ours = ours[:0]
		if err := s.settleIn(ctx, tx, owner, batch); err != nil {
			return err
		}
		return s.query(ctx, tx, "mark_in_flight", args{"owner": owner, "rows": text}, func(scan scanFunc) error {
			var key string
			err := scan(&key)
			ours = append(ours, key)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("settling %d messages and marking %d in flight: %w", len(settled), len(next), err)
	}
	return ours, nil
}

// Renew extends the leases of owner to a full period from now.
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

// Release queues the given messages again if owner leases them and they are not in flight. Settle those in flight first.
func (s Outbox) Release(ctx context.Context, owner string, keys []string) error {
	text, err := marshalRows(keys)
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, nil, "release", args{"owner": owner, "keys": text}); err != nil {
		return fmt.Errorf("releasing leases: %w", err)
	}
	return nil
}

// Abandon ends all leases of owner: it has stopped, and another one takes over. Messages in flight become uncertain.
func (s Outbox) Abandon(ctx context.Context, owner string) error {
	if _, err := s.exec(ctx, nil, "expire_leases", args{"owner": owner}); err != nil {
		return fmt.Errorf("ending leases: %w", err)
	}
	return nil
}

// ReleaseClaimed queues again all messages of the given priorities that owner leases. It is for an owner that does not know
// what it has claimed, because the answer of the store was lost. Nothing of it may be in flight or wait to be settled.
func (s Outbox) ReleaseClaimed(ctx context.Context, owner string, priorities PriorityRange) error {
	a := args{"owner": owner, "first": priorities.First, "last": priorities.Last, "except": priorities.Except}
	if _, err := s.exec(ctx, nil, "release_claimed", a); err != nil {
		return fmt.Errorf("releasing claimed messages: %w", err)
	}
	return nil
}

// DeferredMessage is a leased message that is queued again unsent, to be sent later.
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

// Postpone queues again messages that owner leased and does not send now. This does not count as an attempt: the result of the
// latest attempt is kept.
func (s Outbox) Postpone(ctx context.Context, owner string, list []DeferredMessage) error {
	postponed := make([]postponedRow, len(list))
	for i, p := range list {
		postponed[i] = postponedRow{p.Key, p.NotBefore.Unix(), sanitizeText(p.Reason)}
	}
	if _, err := execWith(ctx, s.database, nil, "postpone", postponed, args{"owner": owner}); err != nil {
		return fmt.Errorf("postponing %d messages: %w", len(list), err)
	}
	return nil
}

// UncertainPolicy decides about messages whose owner died while they were in flight: a relay may or may not have them.
type UncertainPolicy struct {
	Most  int       // retry a message that was uncertain up to this often before; otherwise settle it as uncertain
	Again time.Time // when to retry it, with the same Message-ID
}

// crashReason is recorded for messages that become uncertain.
const crashReason = "the daemon stopped while sending, or could not save the result"

// UncertainMessage is a message that became uncertain.
type UncertainMessage struct {
	Key    string
	Kind   string
	Member forum.MemberID
	Final  bool // it was settled as uncertain and is not retried
}

// ReclaimExpired ends the leases that expired and those of dead daemons. Messages in flight become uncertain, all others are
// simply queued again. It returns the uncertain ones.
func (s Outbox) ReclaimExpired(ctx context.Context, now time.Time, d UncertainPolicy) (list []UncertainMessage, err error) {
	a := args{"now": now.Unix()}
	lapsed := 0
	err = s.query(ctx, nil, "count_expired_leases", a, func(scan scanFunc) error { return scan(&lapsed) })
	if err == nil && lapsed > 0 {
		err = s.inTx(ctx, func(tx *sqlx.Tx) error {
			if _, err := s.exec(ctx, tx, "reclaim_leases", a); err != nil {
				return err
			}
			list, err = s.resolveUncertain(ctx, tx, now, d)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("reclaiming expired leases: %w", err)
	}
	return list, nil
}

// resolveUncertain queues or settles the uncertain messages, and archives the outcome of those that are retried.
func (s Outbox) resolveUncertain(ctx context.Context, tx *sqlx.Tx, now time.Time, d UncertainPolicy) (list []UncertainMessage, err error) {
	var again []outcomeRow
	a := args{"now": now.Unix(), "again": d.Again.Unix(), "most": d.Most, "reason": crashReason}
	err = s.query(ctx, tx, "resolve_uncertain", a, func(scan scanFunc) error {
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
