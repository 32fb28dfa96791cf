package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Blocker is why a mail stays as it is.
type Blocker string

// Why a mail is not queued again or dropped.
const (
	NotKnown           Blocker = "there is no such mail"
	HeldByAnnouncement Blocker = "its announcement holds it back"
	Leased             Blocker = "a daemon is at work on it"
	AlreadySettled     Blocker = "it is settled"
	Superseded         Blocker = "a newer edition has its posts"
	Covered            Blocker = "its posts are covered already"
)

// ActionResult is what an order came to for one mail.
type ActionResult struct {
	Key      string
	Member   forum.MemberID
	State    string  // before
	Obstacle Blocker // empty: it was done
}

// candidate is a mail that an order is for, as it stands.
type candidate struct {
	ActionResult
	settled             int64
	superseded, covered bool
}

// Retry queues mails again at once: such as wait, and such as were refused or are uncertain. What their last
// attempt came to is kept. An edition is queued again only while it is the member's newest and nothing of it is
// covered. Attempts go on being counted. The verdicts are in the order of keys.
func (s Queue) Retry(ctx context.Context, now time.Time, keys []string) ([]ActionResult, error) {
	list, err := s.applyAction(ctx, "queue_retry", args{"now": now.Unix()}, keys, func(c candidate) Blocker {
		switch {
		case c.State == StateQueued:
			return ""
		case c.State == StateHeld:
			return HeldByAnnouncement
		case c.State == "leased":
			return Leased
		case c.State != "refused" && c.State != "uncertain":
			return AlreadySettled
		case c.superseded:
			return Superseded
		case c.covered:
			return Covered
		}
		return ""
	})
	if err != nil {
		return nil, fmt.Errorf("queueing %d mails again: %w", len(keys), err)
	}
	return list, nil
}

// Drop settles mails that wait as skipped, with a reason: of an edition, the posts count as covered. The verdicts
// are in the order of keys.
func (s Queue) Drop(ctx context.Context, now time.Time, keys []string, reason string) ([]ActionResult, error) {
	a := args{"now": now.Unix(), "reason": sanitizeText(reason)}
	list, err := s.applyAction(ctx, "queue_drop", a, keys, func(c candidate) Blocker {
		switch c.State {
		case StateQueued, StateHeld:
			return ""
		case "leased":
			return Leased
		}
		return AlreadySettled
	})
	if err != nil {
		return nil, fmt.Errorf("dropping %d mails: %w", len(keys), err)
	}
	return list, nil
}

type orderRow struct {
	Key   string `json:"key"`
	State string `json:"state"`
}

// applyAction does what query does to those of the mails that judge lets pass. No edition is planned meanwhile, and
// nothing that is settled changes; what waits may be claimed by a daemon in between, and is then left to it.
func (s Queue) applyAction(ctx context.Context, query string, a args, keys []string, judge func(candidate) Blocker) (list []ActionResult, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		known, err := s.loadCandidates(ctx, tx, keys)
		if err != nil {
			return err
		}
		var chosen []orderRow
		var over []outcomeRow // what these came to makes room for what comes next
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
			chosen = append(chosen, orderRow{key, c.State})
			if c.settled != 0 {
				over = append(over, outcomeRow{key, c.settled})
			}
		}
		done, err := s.execute(ctx, tx, query, a, chosen, over)
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
	err = s.query(ctx, tx, "queue_look", args{"keys": text}, func(scan scanFunc) error {
		var c candidate
		var kind string
		err := scan(&c.Key, &kind, &c.Member, &c.State, &c.settled, &c.superseded, &c.covered)
		known[c.Key] = c
		return err
	})
	return known, err
}

// execute says which of the chosen it was done to.
func (s Queue) execute(ctx context.Context, tx *sqlx.Tx, query string, a args, chosen []orderRow, over []outcomeRow) (map[string]bool, error) {
	done := make(map[string]bool, len(chosen))
	if err := Outbox(s).archiveOutcomes(ctx, tx, over); err != nil {
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
