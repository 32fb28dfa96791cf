package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Mail is a row of the outbox with all that is known of it.
type Mail struct {
	Row
	State      string
	Handed     bool      // whoever holds it is handing it over, or about to
	NotBefore  time.Time // of a mail that waits
	Expires    time.Time // when its time is over, if it waits still; zero: never
	Address    string    // where the newest attempt handed it over to; empty: there was none
	Lease      string    // who holds it; empty: nobody
	LeaseUntil time.Time // zero: no lease
	Settled    time.Time // zero: something is still to become of it
	Last       Outcome   // what the newest attempt came to; no Result: there was none. Its At is Settled
}

// MailStates are those that a mail may be in: first what something is still to become of.
var MailStates = []string{"queued", "leased", "held", "accepted", "refused", "uncertain", "skipped", "merged"}

// OpenStates are those of mails that something is still to become of.
var OpenStates = MailStates[:3]

// DroppedByHand is the reason that mails are given which the administrator drops.
const DroppedByHand = "dropped by the administrator"

// QueueFilter chooses mails of the outbox.
type QueueFilter struct {
	States []string
	Kind   string         // empty: every kind
	Member forum.MemberID // 0: of everybody
	Domain string         // of the address of the last attempt; empty: any, and mails that nobody has tried yet
	Reason string         // a part of the reason, or of what the relay said, in letters of any size; empty: any
	Since  time.Time      // settled since, or planned if something is still to become of it; zero: ever
	Skip   int            // so many of the first
	Limit  int
}

// Queue lists mails: those that wait in the order of their time, then those that are settled, the latest first.
func (s *Store) Queue(ctx context.Context, f QueueFilter) ([]Mail, error) {
	states, err := rows(f.States)
	if err != nil {
		return nil, err
	}
	a := args{"states": states, "kind": f.Kind, "member": int64(f.Member), "skip": f.Skip, "most": f.Limit, "domain": "", "reason": "", "since": int64(0)}
	if f.Domain != "" {
		a["domain"] = "%@" + literal(f.Domain)
	}
	if f.Reason != "" {
		a["reason"] = "%" + literal(f.Reason) + "%"
	}
	if !f.Since.IsZero() {
		a["since"] = f.Since.Unix()
	}
	list, err := s.mails(ctx, "queue", a)
	if err != nil {
		return nil, fmt.Errorf("listing the outbox: %w", err)
	}
	return list, nil
}

// literal makes a text mean itself in LIKE, in small letters.
func literal(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text))
}

// Mail is the row with a key, and what came of every attempt to send it, the oldest first.
func (s *Store) Mail(ctx context.Context, key string) (m Mail, history []Outcome, known bool, err error) {
	list, err := s.mails(ctx, "queue_mail", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading mail %s: %w", key, err)
	}
	if len(list) == 0 {
		return m, nil, false, nil
	}
	history, err = s.history(ctx, "queue_history", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading what became of mail %s: %w", key, err)
	}
	return list[0], history, true, nil
}

func (s *Store) mails(ctx context.Context, query string, a args) (list []Mail, err error) {
	err = s.query(ctx, nil, query, a, func(scan scan) error {
		var m Mail
		var created, notBefore, expires, lease int64
		var settled sql.NullInt64
		err := scan(&m.Key, &m.Kind, &m.Member, &m.From, &m.Until, &m.Attempt, &m.Doubts, &created,
			&m.State, &m.Handed, &notBefore, &expires, &m.Lease, &lease, &settled,
			&m.Last.Result, &m.Last.Code, &m.Last.Enhanced, &m.Last.Reply, &m.Last.QueueID, &m.Last.Reason, &m.Last.Posts, &m.Last.Bytes, &m.Address)
		m.Created, m.LeaseUntil = time.Unix(created, 0).UTC(), moment(lease)
		m.Settled = moment(settled.Int64)
		if m.Settled.IsZero() {
			m.Expires = moment(expires)
		}
		if m.State == stateQueued || m.State == stateHeld {
			m.NotBefore = moment(notBefore)
		}
		m.Last.Key, m.Last.Kind, m.Last.Attempt, m.Last.At = m.Key, m.Kind, m.Attempt, m.Settled
		list = append(list, m)
		return err
	})
	return list, err
}

// moment reads a time of which 0 means that there is none.
func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// Waiting is how many mails may go out at a moment and wait for their turn.
func (s *Store) Waiting(ctx context.Context, now time.Time) (mails int, err error) {
	err = s.query(ctx, nil, "waiting", args{"now": now.Unix()}, func(scan scan) error { return scan(&mails) })
	if err != nil {
		return 0, fmt.Errorf("counting what waits: %w", err)
	}
	return mails, nil
}

// QueueKeys are the keys of all mails of a state; of every kind if kind is empty.
func (s *Store) QueueKeys(ctx context.Context, state, kind string) (keys []string, err error) {
	err = s.query(ctx, nil, "queue_keys", args{"state": state, "kind": kind}, func(scan scan) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing mails that are %s: %w", state, err)
	}
	return keys, nil
}

// Obstacle is why a mail stays as it is.
type Obstacle string

// Why a mail is not queued again or dropped.
const (
	NotKnown   Obstacle = "there is no such mail"
	HeldBack   Obstacle = "its announcement holds it back"
	AtWork     Obstacle = "a daemon is at work on it"
	Over       Obstacle = "it is settled"
	Superseded Obstacle = "a newer edition has its posts"
	Covered    Obstacle = "its posts are covered already"
)

// Verdict is what an order came to for one mail.
type Verdict struct {
	Key      string
	Member   forum.MemberID
	State    string   // before
	Obstacle Obstacle // empty: it was done
}

// candidate is a mail that an order is for, as it stands.
type candidate struct {
	Verdict
	settled             int64
	superseded, covered bool
}

// RetryNow queues mails again at once: such as wait, and such as were refused or are uncertain. What their last
// attempt came to is kept. An edition is queued again only while it is the member's newest and nothing of it is
// covered. Attempts go on being counted. The verdicts are in the order of keys.
func (s *Store) RetryNow(ctx context.Context, now time.Time, keys []string) ([]Verdict, error) {
	list, err := s.order(ctx, "queue_retry", args{"now": now.Unix()}, keys, func(c candidate) Obstacle {
		switch {
		case c.State == stateQueued:
			return ""
		case c.State == stateHeld:
			return HeldBack
		case c.State == "leased":
			return AtWork
		case c.State != "refused" && c.State != "uncertain":
			return Over
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
func (s *Store) Drop(ctx context.Context, now time.Time, keys []string, reason string) ([]Verdict, error) {
	a := args{"now": now.Unix(), "reason": clean(reason)}
	list, err := s.order(ctx, "queue_drop", a, keys, func(c candidate) Obstacle {
		switch c.State {
		case stateQueued, stateHeld:
			return ""
		case "leased":
			return AtWork
		}
		return Over
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

// order does what query does to those of the mails that judge lets pass. No edition is planned meanwhile, and
// nothing that is settled changes; what waits may be claimed by a daemon in between, and is then left to it.
func (s *Store) order(ctx context.Context, query string, a args, keys []string, judge func(candidate) Obstacle) (list []Verdict, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.turn(ctx, tx, memberTurn); err != nil {
			return err
		}
		known, err := s.look(ctx, tx, keys)
		if err != nil {
			return err
		}
		var chosen []orderRow
		var over []outcomeRow // what these came to makes room for what comes next
		list = make([]Verdict, len(keys))
		for i, key := range keys {
			c, found := known[key]
			if !found {
				list[i] = Verdict{Key: key, Obstacle: NotKnown}
				continue
			}
			c.Obstacle = judge(c)
			if list[i] = c.Verdict; c.Obstacle != "" {
				continue
			}
			chosen = append(chosen, orderRow{key, c.State})
			if c.settled != 0 {
				over = append(over, outcomeRow{key, c.settled})
			}
		}
		done, err := s.carryOut(ctx, tx, query, a, chosen, over)
		for i, v := range list {
			if v.Obstacle == "" && !done[v.Key] {
				list[i].Obstacle = AtWork
			}
		}
		return err
	})
	return list, err
}

func (s *Store) look(ctx context.Context, tx *sqlx.Tx, keys []string) (map[string]candidate, error) {
	known := make(map[string]candidate, len(keys))
	text, err := rows(keys)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "queue_look", args{"keys": text}, func(scan scan) error {
		var c candidate
		var kind string
		err := scan(&c.Key, &kind, &c.Member, &c.State, &c.settled, &c.superseded, &c.covered)
		known[c.Key] = c
		return err
	})
	return known, err
}

// carryOut says which of the chosen it was done to.
func (s *Store) carryOut(ctx context.Context, tx *sqlx.Tx, query string, a args, chosen []orderRow, over []outcomeRow) (map[string]bool, error) {
	done := make(map[string]bool, len(chosen))
	if err := s.keepOutcomes(ctx, tx, over); err != nil {
		return nil, err
	}
	if len(chosen) == 0 {
		return done, nil
	}
	text, err := rows(chosen)
	if err != nil {
		return nil, err
	}
	a["rows"] = text
	err = s.query(ctx, tx, query, a, func(scan scan) error {
		var key string
		err := scan(&key)
		done[key] = true
		return err
	})
	return done, err
}

// Pause is the order to hand nothing over.
type Pause struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

const pauseKey = "paused"

// Pause stops delivery for all daemons that share the store, until Resume. One that stands keeps its time, and its
// reason unless there is a new one. It gives the one that stands now.
func (s *Store) Pause(ctx context.Context, now time.Time, reason string) (Pause, error) {
	p, paused, err := s.Paused(ctx)
	if err != nil {
		return Pause{}, err
	}
	if !paused {
		p.Since = now.UTC().Truncate(time.Second)
	}
	if reason != "" {
		p.Reason = clean(reason)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Pause{}, fmt.Errorf("pausing delivery: %w", err)
	}
	return p, s.Remember(ctx, pauseKey, string(text))
}

// Paused says whether delivery is paused.
func (s *Store) Paused(ctx context.Context) (p Pause, paused bool, err error) {
	text, paused, err := s.Recall(ctx, pauseKey)
	if err != nil || !paused {
		return Pause{}, false, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Pause{}, true, fmt.Errorf("reading since when delivery is paused: %w", err)
	}
	return p, true, nil
}

// Resume lets delivery go on, and says whether it was paused.
func (s *Store) Resume(ctx context.Context) (paused bool, err error) {
	n, err := s.exec(ctx, nil, "forget", args{"key": pauseKey})
	if err != nil {
		return false, fmt.Errorf("resuming delivery: %w", err)
	}
	return n > 0, nil
}
