package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"postrider/forum"
)

// Message is a row of the outbox with everything that is known about it.
type Message struct {
	Row
	State      string
	InFlight   bool      // the owner of the lease is sending it, or about to
	NotBefore  time.Time // of a waiting message
	Expires    time.Time // when it expires if it still waits; zero: never
	Address    string    // recipient of the latest attempt; empty: no attempt
	Lease      string    // owner of the lease; empty: none
	LeaseUntil time.Time // zero: no lease
	Settled    time.Time // zero: not settled yet
	Last       Outcome   // of the latest attempt, with At = Settled; empty Result: no attempt
}

// Expired reports whether the next round gives the message up, because no relay accepted it in time.
func (m Message) Expired(now time.Time) bool {
	return m.State == StateQueued && m.UncertainCount == 0 && !m.Expires.IsZero() && !m.Expires.After(now)
}

// Covers reports whether a digest was sent or skipped, so that no later one covers its sightings. A digest that was to be repeated, but
// had nothing left to bring, is uncertain and covers them, too.
func (m Message) Covers() bool {
	return m.State == StateAccepted || m.State == StateSkipped || m.State == StateUncertain && m.Last.Result == StateSkipped
}

// MessageStates are all states of a message, the unsettled ones first.
var MessageStates = []string{"queued", "leased", "held", "accepted", "refused", "uncertain", "skipped", "merged", "expired"}

// OpenStates are the states of unsettled messages.
var OpenStates = MessageStates[:3]

// DroppedByHand is the reason of messages that an administrator or an operator drops.
const DroppedByHand = "dropped by the administrator"

// QueueFilter selects messages of the outbox.
type QueueFilter struct {
	States []string
	Kind   string         // empty: any
	Member forum.MemberID // 0: any
	Domain string         // of the address of the latest attempt; empty: any, including untried messages
	Reason string         // part of the reason or of the relay's reply, case-insensitive; empty: any
	Since  time.Time      // settled since then, or planned since then if not settled; zero: any time
	Skip   int
	Limit  int
}

// List returns messages: first the waiting ones by the time when they may be sent, then the settled ones, latest first.
func (s Queue) List(ctx context.Context, f QueueFilter) ([]Message, error) {
	if !isStorable(f.Domain) || !isStorable(f.Reason) {
		return nil, nil
	}
	states, err := marshalRows(f.States)
	if err != nil {
		return nil, err
	}
	a := args{"states": states, "kind": f.Kind, "member": int64(f.Member), "skip": f.Skip, "most": f.Limit, "domain": "", "reason": "", "since": int64(0)}
	if f.Domain != "" {
		a["domain"] = "%@" + escapeLike(f.Domain)
	}
	if f.Reason != "" {
		a["reason"] = "%" + escapeLike(f.Reason) + "%"
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

// isStorable reports whether the store can hold a text. PostgreSQL rejects any other, even in a search.
func isStorable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// escapeLike lowercases a text and escapes it for LIKE.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text))
}

// Message returns the message with a key and the outcomes of its attempts, oldest first.
func (s Queue) Message(ctx context.Context, key string) (m Message, history []Outcome, known bool, err error) {
	if !isStorable(key) {
		return m, nil, false, nil
	}
	list, err := s.mails(ctx, "queue_message", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading message %s: %w", key, err)
	}
	if len(list) == 0 {
		return m, nil, false, nil
	}
	history, err = s.queryOutcomes(ctx, "queue_history", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading the outcomes of message %s: %w", key, err)
	}
	return list[0], history, true, nil
}

func (s Queue) mails(ctx context.Context, query string, a args) (list []Message, err error) {
	err = s.query(ctx, nil, query, a, func(scan scanFunc) error {
		var m Message
		var created, notBefore, expires, lease int64
		var settled sql.NullInt64
		err := scan(&m.Key, &m.Kind, &m.Member, &m.From, &m.Until, &m.Attempt, &m.UncertainCount, &created,
			&m.State, &m.InFlight, &notBefore, &expires, &m.Lease, &lease, &settled,
			&m.Last.Result, &m.Last.Code, &m.Last.Enhanced, &m.Last.Reply, &m.Last.QueueID, &m.Last.Reason, &m.Last.Posts, &m.Last.Bytes, &m.Address)
		m.Created, m.LeaseUntil = time.Unix(created, 0).UTC(), timeOrZero(lease)
		m.Settled = timeOrZero(settled.Int64)
		if m.Settled.IsZero() {
			m.Expires = timeOrZero(expires)
		}
		if m.State == StateQueued || m.State == StateHeld {
			m.NotBefore = timeOrZero(notBefore)
		}
		m.Last.Key, m.Last.Kind, m.Last.Attempt, m.Last.At = m.Key, m.Kind, m.Attempt, m.Settled
		list = append(list, m)
		return err
	})
	return list, err
}

// timeOrZero converts Unix seconds; 0 becomes the zero time.
func timeOrZero(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// Waiting returns how many queued messages may be sent now.
func (s Queue) Waiting(ctx context.Context, now time.Time) (mails int, err error) {
	err = s.query(ctx, nil, "count_waiting", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&mails) })
	if err != nil {
		return 0, fmt.Errorf("counting waiting messages: %w", err)
	}
	return mails, nil
}

// Keys returns the keys of all messages in a state. An empty kind matches all.
func (s Queue) Keys(ctx context.Context, state, kind string) (keys []string, err error) {
	err = s.query(ctx, nil, "queue_keys", args{"state": state, "kind": kind}, func(scan scanFunc) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing messages in state %s: %w", state, err)
	}
	return keys, nil
}
