package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/bounce"
	"postrider/digest"
	"postrider/forum"
)

// Settlement is what became of a claimed mail.
type Settlement struct {
	Key          string
	State        string    // accepted skipped: the member has it behind him; refused uncertain; queued: to be tried again
	NotBefore    time.Time // of a mail that is queued again
	CountAttempt bool
	Result       string // what the attempt came to; "uncertain": a relay may have the mail
	Reason       string
	Code         int // SMTP reply code; 0: none
	Enhanced     string
	Reply        string
	QueueID      string
	Member       forum.MemberID // not kept: the row names him
	Address      string         // where it was handed over to; empty: it was not
	At           time.Time
	Posts, Bytes int
	Omitted      []digest.Omitted      // posts that the mail went without, and that are done with
	Deferred     []digest.DeferredPost // posts that the mail went without, and that a later edition is to bring
	Held         bool                  // an alert that waits for the end of quiet hours, with all others of its member
}

type settleRow struct {
	Key       string `json:"key"`
	State     string `json:"state"`
	NotBefore int64  `json:"not_before"`
	Counts    int    `json:"counts"`
	Settled   *int64 `json:"settled"`
	Reason    string `json:"reason"`
	Result    string `json:"result"`
	Code      int    `json:"code"`
	Enhanced  string `json:"enhanced"`
	Reply     string `json:"reply"`
	QueueID   string `json:"queue_id"`
	Address   string `json:"address"`
	Posts     int    `json:"posts"`
	Bytes     int    `json:"bytes"`
}

type outcomeRow struct {
	Key string `json:"key"`
	At  int64  `json:"at"`
}

func (x Settlement) row() settleRow {
	r := settleRow{
		Key: x.Key, State: x.State, Result: x.Result, Reason: sanitizeText(x.Reason), Code: x.Code,
		Enhanced: sanitizeText(x.Enhanced), Reply: sanitizeText(x.Reply), QueueID: sanitizeText(x.QueueID), Address: strings.ToLower(sanitizeText(x.Address)), Posts: x.Posts, Bytes: x.Bytes,
	}
	if x.CountAttempt {
		r.Counts = 1
	}
	if x.State == StateQueued {
		r.NotBefore = x.NotBefore.Unix()
	} else {
		r.Settled = unixOrNull(x.At)
	}
	return r
}

// Settle writes down what became of claimed mails, in one statement; in a transaction of two if some are to
// be tried again. Mails that owner has no lease of any more are passed over.
func (s Outbox) Settle(ctx context.Context, owner string, settlements []Settlement) error {
	b, err := newBatch(settlements)
	if err != nil {
		return err
	}
	if b.single() {
		err = retrySerialization(func() error { return s.settleIn(ctx, nil, owner, b) })
	} else {
		err = s.inTx(ctx, func(tx *sqlx.Tx) error { return s.settleIn(ctx, tx, owner, b) })
	}
	if err != nil {
		return fmt.Errorf("settling %d mails: %w", len(settlements), err)
	}
	return nil
}

// batch is settlements as a statement takes them.
type batch struct {
	rows  string       // empty: there are none
	again []outcomeRow // those of mails that are to be tried again
	rest  []Settlement // those that say something of single posts
}

// single tells that one statement settles all.
func (b batch) single() bool { return len(b.again)+len(b.rest) == 0 }

func newBatch(settlements []Settlement) (batch, error) {
	if len(settlements) == 0 {
		return batch{}, nil
	}
	var b batch
	list := make([]settleRow, len(settlements))
	for i, x := range settlements {
		if list[i] = x.row(); x.State == StateQueued {
			b.again = append(b.again, outcomeRow{x.Key, x.At.Unix()})
		}
		if x.hasPostChanges() {
			b.rest = append(b.rest, x)
		}
	}
	var err error
	b.rows, err = marshalRows(list)
	return b, err
}

// settleIn settles a batch, keeps what came of those of its mails that are to be tried again, and writes down what
// becomes of posts that mails went without.
func (s Outbox) settleIn(ctx context.Context, tx *sqlx.Tx, owner string, b batch) error {
	if b.rows == "" {
		return nil
	}
	ours := make(map[string]bool)
	err := s.query(ctx, tx, "settle", args{"owner": owner, "rows": b.rows}, func(scan scanFunc) error {
		if b.single() {
			return nil
		}
		var key string
		err := scan(&key)
		ours[key] = true
		return err
	})
	if err != nil {
		return err
	}
	var kept []outcomeRow
	for _, r := range b.again {
		if ours[r.Key] {
			kept = append(kept, r)
		}
	}
	if err := s.archiveOutcomes(ctx, tx, kept); err != nil || len(b.rest) == 0 {
		return err
	}
	return Deferred(s).settlePosts(ctx, tx, ours, b.rest)
}

// archiveOutcomes copies what the newest attempts came to, before the next ones take their place.
func (s Outbox) archiveOutcomes(ctx context.Context, tx *sqlx.Tx, list []outcomeRow) error {
	if len(list) == 0 {
		return nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "keep_outcomes", args{"rows": text})
	return err
}

// Count is how many mails of a kind are in a state.
type Count struct {
	Kind  string
	State string
	Mails int
}

// Counts counts the outbox.
func (s Queue) Counts(ctx context.Context) ([]Count, error) {
	var list []Count
	err := s.query(ctx, nil, "counts", nil, func(scan scanFunc) error {
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
func (s Queue) Outcomes(ctx context.Context, member forum.MemberID, since time.Time) ([]Outcome, error) {
	list, err := s.queryOutcomes(ctx, "outcomes", args{"member": int64(member), "since": since.Unix()})
	if err != nil {
		return nil, fmt.Errorf("reading outcomes: %w", err)
	}
	return list, nil
}

func (s Queue) queryOutcomes(ctx context.Context, query string, a args) (list []Outcome, err error) {
	err = s.query(ctx, nil, query, a, func(scan scanFunc) error {
		var o Outcome
		var at int64
		err := scan(&o.Key, &o.Kind, &o.Attempt, &at, &o.Result, &o.Code, &o.Enhanced, &o.Reply, &o.QueueID, &o.Reason, &o.Posts, &o.Bytes)
		o.At = time.Unix(at, 0).UTC()
		list = append(list, o)
		return err
	})
	return list, err
}

// retention is how long what is over is kept, so that it can be explained.
const retention = 90 * 24 * time.Hour

// sightingRetention is how long it is kept that posts were seen: a mail can be laid anew as long as it is kept, and a monthly digest
// tells of what was seen a month before it.
const sightingRetention = retention + 31*24*time.Hour

// runRetention is how long it is kept what single rounds did.
const runRetention = 31 * 24 * time.Hour

// Prune forgets what is older than 90 days: mails that are settled with their outcomes, what members are owed, and subjects
// of threads that no alert is left of; and, a month later, sightings that every member who gets digests has behind him.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	before := args{"before": now.Add(-retention).Unix()}
	err := s.Outbox.pruneOutbox(ctx, before)
	for _, query := range []string{"prune_owed", "prune_refusals", "prune_volume"} {
		if err == nil {
			_, err = s.exec(ctx, nil, query, before)
		}
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_audit", args{"action": FailedLogin, "before": before["before"]})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_sightings", args{"before": now.Add(-sightingRetention).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_runs", args{"before": now.Add(-runRetention).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_holds", args{"before": now.Add(-holdMemory).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_tally", args{"minute": minute(now.Add(-countRetention))})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_health", args{"before": now.Add(-bounce.Reset).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_subjects", nil)
	}
	if err != nil {
		return fmt.Errorf("forgetting what is old: %w", err)
	}
	return nil
}

// pruneOutbox lets the members' rows know what their mails cover before it forgets these. What is settled
// in between is not old yet.
func (s Outbox) pruneOutbox(ctx context.Context, before args) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		if _, err := s.exec(ctx, tx, "fold_marks", nil); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, "prune_outbox", before)
		return err
	})
}
