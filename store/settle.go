package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Settlement is what became of a claimed mail.
type Settlement struct {
	Key          string
	Member       forum.MemberID
	State        string    // accepted refused uncertain skipped, or queued: to be tried again
	Covers       int64     // the member's mark rises to it; 0: it stays
	NotBefore    time.Time // of a mail that is queued again
	CountAttempt bool
	Result       string // what the attempt came to; "uncertain": a relay may have the mail
	Reason       string
	Code         int // SMTP reply code; 0: none
	Enhanced     string
	Reply        string
	QueueID      string
	At           time.Time
	Posts, Bytes int
}

const (
	stateQueued = "queued"
)

type settleRow struct {
	Key       string         `json:"key"`
	Member    forum.MemberID `json:"member"`
	State     string         `json:"state"`
	Covers    int64          `json:"covers"`
	NotBefore int64          `json:"not_before"`
	Counts    int            `json:"counts"`
	Settled   *int64         `json:"settled"`
	At        int64          `json:"at"`
	Result    string         `json:"result"`
	Reason    string         `json:"reason"`
	Code      int            `json:"code"`
	Enhanced  string         `json:"enhanced"`
	Reply     string         `json:"reply"`
	QueueID   string         `json:"queue_id"`
	Posts     int            `json:"posts"`
	Bytes     int            `json:"bytes"`
}

func (x Settlement) row() settleRow {
	r := settleRow{
		Key: x.Key, Member: x.Member, State: x.State, Covers: x.Covers,
		At: x.At.Unix(), Result: x.Result, Reason: clean(x.Reason), Code: x.Code, Enhanced: clean(x.Enhanced),
		Reply: clean(x.Reply), QueueID: clean(x.QueueID), Posts: x.Posts, Bytes: x.Bytes,
	}
	if x.CountAttempt {
		r.Counts = 1
	}
	if x.State == stateQueued {
		r.NotBefore = x.NotBefore.Unix()
	} else {
		r.Settled = seconds(x.At)
	}
	return r
}

// Settle writes down what became of claimed mails: their states, the members' marks, and an outcome each,
// in one transaction of three statements. Mails that owner has no lease of any more are passed over.
func (s *Store) Settle(ctx context.Context, owner string, settlements []Settlement) error {
	if len(settlements) == 0 {
		return nil
	}
	list := make([]settleRow, len(settlements))
	for i, x := range settlements {
		list[i] = x.row()
	}
	text, err := rows(list)
	if err != nil {
		return err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		ours := make(map[string]bool, len(list))
		err := s.query(ctx, tx, "settle", args{"owner": owner, "rows": text}, func(scan scan) error {
			var key string
			err := scan(&key)
			ours[key] = true
			return err
		})
		if err != nil {
			return err
		}
		return s.settled(ctx, tx, list, text, ours)
	})
	if err != nil {
		return fmt.Errorf("settling %d mails: %w", len(settlements), err)
	}
	return nil
}

// settled moves marks and writes outcomes for the rows that were ours. text is the list as JSON, which is
// nearly always all of it.
func (s *Store) settled(ctx context.Context, tx *sqlx.Tx, list []settleRow, text string, ours map[string]bool) error {
	if len(ours) == 0 {
		return nil
	}
	if len(ours) < len(list) {
		kept := make([]settleRow, 0, len(ours))
		for _, r := range list {
			if ours[r.Key] {
				kept = append(kept, r)
			}
		}
		var err error
		if text, err = rows(kept); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, tx, "settle_marks", args{"rows": text}); err != nil {
		return err
	}
	_, err := s.exec(ctx, tx, "settle_outcomes", args{"rows": text})
	return err
}

// Count is how many mails of a kind are in a state.
type Count struct {
	Kind  string
	State string
	Mails int
}

// Counts counts the outbox.
func (s *Store) Counts(ctx context.Context) ([]Count, error) {
	var list []Count
	err := s.query(ctx, nil, "counts", nil, func(scan scan) error {
		var c Count
		err := scan(&c.Kind, &c.State, &c.Mails)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting the outbox: %w", err)
	}
	return list, nil
}

// Outcome is what came of one attempt to send a mail.
type Outcome struct {
	Key          string
	Kind         string
	Attempt      int // attempts that had counted by then, this one included
	At           time.Time
	Result       string
	Code         int
	Enhanced     string
	Reply        string
	QueueID      string
	Reason       string
	Posts, Bytes int
}

// Outcomes are a member's since a moment, the oldest first.
func (s *Store) Outcomes(ctx context.Context, member forum.MemberID, since time.Time) ([]Outcome, error) {
	var list []Outcome
	err := s.query(ctx, nil, "outcomes", args{"member": int64(member), "since": since.Unix()}, func(scan scan) error {
		var o Outcome
		var at int64
		err := scan(&o.Key, &o.Kind, &o.Attempt, &at, &o.Result, &o.Code, &o.Enhanced, &o.Reply, &o.QueueID, &o.Reason, &o.Posts, &o.Bytes)
		o.At = time.Unix(at, 0).UTC()
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading outcomes: %w", err)
	}
	return list, nil
}

// keep is how long what is over is kept, so that it can be explained.
const keep = 90 * 24 * time.Hour

// Prune forgets what is older than 90 days: sightings that every member who gets digests has behind him,
// mails that are settled with their outcomes, and alerts.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	for _, query := range []string{"prune_sightings", "prune_outbox", "prune_alerted"} {
		if _, err := s.exec(ctx, nil, query, args{"before": now.Add(-keep).Unix()}); err != nil {
			return fmt.Errorf("forgetting what is old: %w", err)
		}
	}
	return nil
}
