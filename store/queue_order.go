package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Blocker is why an action does not change a message.
type Blocker string

// Why a message is not retried or dropped.
const (
	NotKnown           Blocker = "no such message"
	HeldByAnnouncement Blocker = "held by its announcement"
	Leased             Blocker = "a daemon is sending it"
	AlreadySettled     Blocker = "already settled"
	Superseded         Blocker = "a newer edition has its posts"
	Covered            Blocker = "its posts are already covered"
)

// ActionResult is the result of an action for one message.
type ActionResult struct {
	Key      string
	Member   forum.MemberID
	State    string  // before the action
	Obstacle Blocker // empty: success
}

// candidate is a message before an action.
type candidate struct {
	ActionResult
	settled             int64
	superseded, covered bool
}

// Retry requeues messages for immediate delivery: those that wait, were rejected or are uncertain. The outcome of their latest
// attempt is kept, and attempts are counted on. An edition is only requeued while it is the member's newest and none of its posts
// are covered. The results are in the order of keys.
func (s Queue) Retry(ctx context.Context, now time.Time, keys []string) ([]ActionResult, error) {
	list, err := s.applyAction(ctx, "queue_retry", args{"now": now.Unix()}, keys, func(c candidate) Blocker {
		switch {
		case c.State == StateQueued:
			return ""
		case c.State == StateHeld:
			return HeldByAnnouncement
		case c.State == StateLeased:
			return Leased
		case c.State != StateRefused && c.State != StateUncertain:
			return AlreadySettled
		case c.superseded:
			return Superseded
		case c.covered:
			return Covered
		}
		return ""
	})
	if err != nil {
		return nil, fmt.Errorf("requeueing %d messages: %w", len(keys), err)
	}
	return list, nil
}

// Drop settles waiting messages as skipped, with a reason. The posts of a dropped edition count as covered. The results are in
// the order of keys.
func (s Queue) Drop(ctx context.Context, now time.Time, keys []string, reason string) ([]ActionResult, error) {
	a := args{"now": now.Unix(), "reason": sanitizeText(reason)}
	list, err := s.applyAction(ctx, "queue_drop", a, keys, func(c candidate) Blocker {
		switch c.State {
		case StateQueued, StateHeld:
			return ""
		case StateLeased:
			return Leased
		}
		return AlreadySettled
	})
	if err != nil {
		return nil, fmt.Errorf("dropping %d messages: %w", len(keys), err)
	}
	return list, nil
}

type actionRow struct {
	Key   string `json:"key"`
	State string `json:"state"`
}

// applyAction runs query on the messages for which judge returns no blocker. The lock keeps editions from being planned and settled
// messages from changing. A waiting message may be claimed by a daemon in between; then its result is Leased.
func (s Queue) applyAction(ctx context.Context, query string, a args, keys []string, judge func(candidate) Blocker) (list []ActionResult, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		known, err := s.loadCandidates(ctx, tx, keys)
		if err != nil {
			return err
		}
		var chosen []actionRow
		var finished []outcomeRow // outcomes to archive, because the next attempt replaces them
		list = make([]ActionResult, len(keys))
		for i, key := range keys {
			c, found := known[key]
			if !found {
				list[i] = ActionResult{Key: key, Obstacle: NotKnown}
				continue
			}
			c.Obstacle = judge(c)
			if list[i] = c.ActionResult; c.Obstacle != "" {
				continue
			}
			chosen = append(chosen, actionRow{key, c.State})
			if c.settled != 0 {
				finished = append(finished, outcomeRow{key, c.settled})
			}
		}
		done, err := s.execute(ctx, tx, query, a, chosen, finished)
		for i, v := range list {
			if v.Obstacle == "" && !done[v.Key] {
				list[i].Obstacle = Leased
			}
		}
		return err
	})
	return list, err
}

func (s Queue) loadCandidates(ctx context.Context, tx *sqlx.Tx, keys []string) (map[string]candidate, error) {
	known := make(map[string]candidate, len(keys))
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "action_candidates", args{"keys": text}, func(scan scanFunc) error {
		var c candidate
		var kind string
		err := scan(&c.Key, &kind, &c.Member, &c.State, &c.settled, &c.superseded, &c.covered)
		known[c.Key] = c
		return err
	})
	return known, err
}

// execute returns which of the chosen messages were changed.
func (s Queue) execute(ctx context.Context, tx *sqlx.Tx, query string, a args, chosen []actionRow, finished []outcomeRow) (map[string]bool, error) {
	done := make(map[string]bool, len(chosen))
	if err := Outbox(s).archiveOutcomes(ctx, tx, finished); err != nil {
		return nil, err
	}
	if len(chosen) == 0 {
		return done, nil
	}
	text, err := marshalRows(chosen)
	if err != nil {
		return nil, err
	}
	a["rows"] = text
	err = s.query(ctx, tx, query, a, func(scan scanFunc) error {
		var key string
		err := scan(&key)
		done[key] = true
		return err
	})
	return done, err
}
