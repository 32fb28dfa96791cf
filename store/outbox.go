package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Plan is a message to put into the outbox.
type Plan struct {
	Key      string // "digest/42/2026-05-04"; empty: plan nothing, only update the due time
	Kind     string
	Member   forum.MemberID
	Until    int64     // covers sightings up to this one
	NextDue  time.Time // of a digest: when the member's next digest is due; zero: never
	Priority int       // lower is sent first
}

type planRow struct {
	Key      string         `json:"key"`
	Kind     string         `json:"kind"`
	Member   forum.MemberID `json:"member"`
	Until    int64          `json:"until"`
	Next     *int64         `json:"next"`
	Priority int            `json:"priority"`
	Expires  int64          `json:"expires"`
}

// Plan puts messages into the outbox and advances the due times of digests, in one transaction. It returns how many rows are
// new. An existing key changes nothing. A new edition replaces an older one that waits. If an edition is in delivery, the
// member is skipped and stays due.
func (s Outbox) Plan(ctx context.Context, now time.Time, plans []Plan) (planned int, err error) {
	if len(plans) == 0 {
		return 0, nil
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		planned = 0
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		due, err := s.advanceDue(ctx, tx, now, plans)
		if err != nil {
			return err
		}
		var list []planRow
		var digests []planRow
		for _, p := range plans {
			row := planRow{p.Key, p.Kind, p.Member, p.Until, nil, p.Priority, expires(p.Kind, now)}
			switch {
			case p.Key == "" || p.Kind == KindDigest && !due[p.Member]:
				continue
			case p.Kind == KindDigest:
				digests = append(digests, row)
			}
			list = append(list, row)
		}
		// Merge first: then an edition that another daemon claims in between is seen as leased.
		if err := s.mergeIntoNewer(ctx, tx, now, digests); err != nil {
			return err
		}
		if planned, digests, err = s.insert(ctx, tx, now, list); err != nil {
			return err
		}
		return Deferred(s).assignDeferred(ctx, tx, now, digests)
	})
	if err != nil {
		return 0, fmt.Errorf("planning %d messages: %w", len(plans), err)
	}
	return planned, nil
}

// PlanNow puts a digest into the outbox that the member asked for, whenever the next one is due. planned is false if the key
// already exists, or an edition of the member is in delivery.
func (s Outbox) PlanNow(ctx context.Context, now time.Time, p Plan) (planned bool, err error) {
	list := []planRow{{p.Key, p.Kind, p.Member, p.Until, nil, p.Priority, expires(p.Kind, now)}}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		if err := s.mergeIntoNewer(ctx, tx, now, list); err != nil {
			return err
		}
		n, digests, err := s.insert(ctx, tx, now, list)
		if err != nil {
			return err
		}
		planned = n > 0
		return Deferred(s).assignDeferred(ctx, tx, now, digests)
	})
	if err != nil {
		return false, fmt.Errorf("planning an immediate digest: %w", err)
	}
	return planned, nil
}

// advanceDue advances due times and returns which members were actually due.
func (s Outbox) advanceDue(ctx context.Context, tx *sqlx.Tx, now time.Time, plans []Plan) (map[forum.MemberID]bool, error) {
	due := make(map[forum.MemberID]bool, len(plans))
	var list []planRow
	for _, p := range plans {
		if p.Kind == KindDigest {
			list = append(list, planRow{Member: p.Member, Next: unixOrNull(p.NextDue)})
		}
	}
	if len(list) == 0 {
		return due, nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "plan_due", args{"now": now.Unix(), "rows": text}, func(scan scanFunc) error {
		var id forum.MemberID
		err := scan(&id)
		due[id] = true
		return err
	})
	return due, err
}

func (s Outbox) mergeIntoNewer(ctx context.Context, tx *sqlx.Tx, now time.Time, digests []planRow) error {
	if len(digests) == 0 {
		return nil
	}
	text, err := marshalRows(digests)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "plan_merge", args{"now": now.Unix(), "rows": text})
	return err
}

// insert returns how many rows are new, and the digests among them.
func (s Outbox) insert(ctx context.Context, tx *sqlx.Tx, now time.Time, list []planRow) (planned int, digests []planRow, err error) {
	if len(list) == 0 {
		return 0, nil, nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return 0, nil, err
	}
	err = s.query(ctx, tx, "plan_insert", args{"now": now.Unix(), "rows": text}, func(scan scanFunc) error {
		var r planRow
		err := scan(&r.Key, &r.Kind, &r.Member)
		if planned++; r.Kind == KindDigest {
			digests = append(digests, r)
		}
		return err
	})
	return planned, digests, err
}

// Row is a claimed message.
type Row struct {
	Key            string
	Kind           string
	Member         forum.MemberID
	From           int64 // covers sightings after this one
	Until          int64 // up to this one
	Attempt        int   // counted attempts so far
	UncertainCount int   // how often it was uncertain
	Created        time.Time
}

// PriorityRange selects messages by priority, both ends included.
type PriorityRange struct {
	First, Last int
	Except      int // in between; 0: none
}

// AllPriorities selects every message.
var AllPriorities = PriorityRange{Last: math.MaxInt32}

// Includes reports whether messages of a priority are selected.
func (p PriorityRange) Includes(priority int) bool {
	return p.First <= priority && priority <= p.Last && (priority != p.Except || p.Except == 0)
}

// Claim leases up to limit messages of the given priorities to owner.
func (s Outbox) Claim(ctx context.Context, now time.Time, owner string, lease time.Duration, priorities PriorityRange, limit int) ([]Row, error) {
	if err := s.ensureInstance(ctx); err != nil {
		return nil, err
	}
	queued, err := s.queuedPriorities(ctx, priorities)
	if err != nil {
		return nil, fmt.Errorf("claiming messages: %w", err)
	}
	var claimed []Row
	for _, priority := range queued {
		if len(claimed) >= limit {
			break
		}
		a := args{"now": now.Unix(), "owner": owner, "lease": now.Add(lease).Unix(), "priority": priority, "most": limit - len(claimed)}
		more, err := s.claimPriority(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("claiming messages: %w", err)
		}
		claimed = append(claimed, more...)
	}
	return claimed, nil
}

// queuedPriorities lists the priorities of queued messages, highest first.
func (s Outbox) queuedPriorities(ctx context.Context, priorities PriorityRange) (list []int, err error) {
	a := args{"first": priorities.First, "last": priorities.Last}
	err = s.query(ctx, nil, "queued_priorities", a, func(scan scanFunc) error {
		var priority int
		err := scan(&priority)
		if priorities.Includes(priority) {
			list = append(list, priority)
		}
		return err
	})
	return list, err
}

// claimPriority claims messages of one priority.
func (s Outbox) claimPriority(ctx context.Context, a args) ([]Row, error) {
	type ranked struct {
		Row
		notBefore int64
	}
	var list []ranked
	err := s.query(ctx, nil, "claim", a, func(scan scanFunc) error {
		var r ranked
		var created int64
		err := scan(&r.Key, &r.Kind, &r.Member, &r.From, &r.Until, &r.Attempt, &r.UncertainCount, &created, &r.notBefore)
		r.Created = time.Unix(created, 0).UTC()
		list = append(list, r)
		return err
	})
	slices.SortFunc(list, func(a, b ranked) int { // RETURNING has no order
		return cmp.Or(cmp.Compare(a.notBefore, b.notBefore), cmp.Compare(b.From, a.From), cmp.Compare(a.Key, b.Key))
	})
	claimed := make([]Row, len(list))
	for i, r := range list {
		claimed[i] = r.Row
	}
	return claimed, err
}

// askedSuffix ends the keys of digests that members asked for.
const askedSuffix = "-now"

// AskedKey returns the key of a digest that a member asks for at a time, in their zone: one an hour.
func AskedKey(member forum.MemberID, at time.Time) string {
	return fmt.Sprintf("%s/%d/%s%s", KindDigest, member, at.Format("2006-01-02T15"), askedSuffix)
}

// AskedFor reports whether a key is that of a digest that the member asked for.
func AskedFor(key string) bool { return strings.HasSuffix(key, askedSuffix) }
