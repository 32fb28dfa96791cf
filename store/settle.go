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

// Settlement is the result of a claimed message.
type Settlement struct {
	Key string
	// State is accepted or skipped (advances the covered sequence), refused, uncertain, or queued (retry). An uncertain message
	// whose Result is skipped advances it, too: it was to be repeated, but nothing is left to bring.
	State        string
	NotBefore    time.Time // of a message that is queued again
	CountAttempt bool
	Result       string // of the attempt; "uncertain": a relay may have the message
	Reason       string
	Code         int // SMTP reply code; 0: none
	Enhanced     string
	Reply        string
	QueueID      string
	Stage        string         // the rejected command, as in Refusal; saved there only
	Member       forum.MemberID // not saved: the row has it
	Address      string         // the recipient of the attempt; empty: none
	Relay        string         // of the attempt: SharedRelay or AnnouncementRelay
	At           time.Time
	Posts, Bytes int
	Brought      []SentPost            // the posts of the copy that the relay has or may have
	Omitted      []digest.Omitted      // posts that the message left out permanently
	Deferred     []digest.DeferredPost // posts that the message left out and that a later edition must bring
	Held         bool                  // the alert waits for the end of quiet hours, together with the member's other alerts
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
	Relay     string `json:"relay"`
	Posts     int    `json:"posts"`
	Bytes     int    `json:"bytes"`
	PostIDs   string `json:"post_ids"`
}

type outcomeRow struct {
	Key string `json:"key"`
	At  int64  `json:"at"`
}

func (x Settlement) row() settleRow {
	r := settleRow{
		Key: x.Key, State: x.State, Result: x.Result, Reason: sanitizeText(x.Reason), Code: x.Code,
		Enhanced: sanitizeText(x.Enhanced), Reply: sanitizeText(x.Reply), QueueID: sanitizeText(x.QueueID), Address: strings.ToLower(sanitizeText(x.Address)), Relay: x.Relay, Posts: x.Posts, Bytes: x.Bytes, PostIDs: x.copyPosts(),
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

// copyPosts returns the posts of the copy that the relay has or may have, as text; empty: it has none.
func (x Settlement) copyPosts() string {
	if x.State != StateAccepted && x.Result != StateUncertain {
		return ""
	}
	return formatCopy(x.Brought)
}

// Settle records the results of claimed messages, in one statement, or in a transaction if some are retried or change single
// posts. It skips messages that owner no longer leases.
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
		return fmt.Errorf("settling %d messages: %w", len(settlements), err)
	}
	return nil
}

// batch holds settlements as parameters of a statement.
type batch struct {
	rows  string       // empty: there are none
	again []outcomeRow // of messages to retry
	rest  []Settlement // those that change the state of single posts
}

// single reports whether one statement settles all.
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

// settleIn settles a batch, archives the outcomes of messages to retry, and records the posts that messages left out.
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

// archiveOutcomes copies the outcomes of the latest attempts before the next attempts replace them.
func (s Outbox) archiveOutcomes(ctx context.Context, tx *sqlx.Tx, list []outcomeRow) error {
	if len(list) == 0 {
		return nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "archive_outcomes", args{"rows": text})
	return err
}

// Count is the number of messages of a kind in a state.
type Count struct {
	Kind     string
	State    string
	Messages int
}

// Counts counts all messages by kind and state.
func (s Queue) Counts(ctx context.Context) ([]Count, error) {
	var list []Count
	err := s.query(ctx, nil, "counts", nil, func(scan scanFunc) error {
		var c Count
		err := scan(&c.Kind, &c.State, &c.Messages)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting the outbox: %w", err)
	}
	return list, nil
}

// Outcome is the result of one attempt to send a message.
type Outcome struct {
	Key          string
	Kind         string
	Attempt      int // counted attempts so far, including this one
	At           time.Time
	Result       string
	Code         int
	Enhanced     string
	Reply        string
	QueueID      string
	Reason       string
	Posts, Bytes int
}

// Said returns the reply without the code in Enhanced, with which most replies begin.
func (o Outcome) Said() string { return withoutCode(o.Reply, o.Enhanced) }

// withoutCode returns a reply without its enhanced status code at the beginning.
func withoutCode(reply, enhanced string) string {
	rest, found := strings.CutPrefix(reply, enhanced)
	if !found || enhanced == "" || rest != "" && rest[0] != ' ' {
		return reply
	}
	return strings.TrimSpace(rest)
}

// Outcomes returns a member's outcomes since a time, oldest first.
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

// retention is how long settled messages are kept, so that "explain" can show them.
const retention = 90 * 24 * time.Hour

// sightingRetention is how long sightings are kept. A stored message can be rendered again, and a monthly digest covers
// sightings up to a month before it.
const sightingRetention = retention + 31*24*time.Hour

// runRetention is how long records of rounds are kept.
const runRetention = 31 * 24 * time.Hour

// Prune deletes what is older than 90 days: settled messages with their outcomes, deferred posts, refusals, and the subjects of
// threads without a remaining alert. A month later it deletes sightings that the digests of all members have covered. Other
// records have shorter retention times.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	before := args{"before": now.Add(-retention).Unix()}
	err := s.Outbox.pruneOutbox(ctx, before)
	for _, query := range []string{"prune_deferred", "prune_refusals", "prune_volume"} {
		if err == nil {
			_, err = s.exec(ctx, nil, query, before)
		}
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_confirmations", args{"before": now.Add(-confirmationRetention).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_audit", args{"action": FailedLogin, "before": before["before"]})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_sightings", args{"before": now.Add(-sightingRetention).Unix()})
	}
	if err == nil {
		_, err = s.exec(ctx, nil, "prune_rounds", args{"before": now.Add(-runRetention).Unix()})
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
	if err != nil {
		return fmt.Errorf("deleting old data: %w", err)
	}
	return nil
}

// pruneOutbox saves the covered sequences to the members' rows before it deletes the messages. A message that is settled in
// between is not old yet.
func (s Outbox) pruneOutbox(ctx context.Context, before args) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		if _, err := s.exec(ctx, tx, "save_covered_sequences", nil); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, "prune_outbox", before)
		return err
	})
}
