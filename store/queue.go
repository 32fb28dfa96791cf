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

// Mail is a row of the outbox with all that is known of it.
type Mail struct {
	Row
	State      string
	InFlight   bool      // whoever holds it is handing it over, or about to
	NotBefore  time.Time // of a mail that waits
	Expires    time.Time // when its time is over, if it waits still; zero: never
	Address    string    // where the newest attempt handed it over to; empty: there was none
	Lease      string    // who holds it; empty: nobody
	LeaseUntil time.Time // zero: no lease
	Settled    time.Time // zero: something is still to become of it
	Last       Outcome   // what the newest attempt came to; no Result: there was none. Its At is Settled
}

// MailStates are those that a mail may be in: first what something is still to become of.
var MailStates = []string{"queued", "leased", "held", "accepted", "refused", "uncertain", "skipped", "merged", "expired"}

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

// List lists mails: those that wait in the order of their time, then those that are settled, the latest first.
func (s Queue) List(ctx context.Context, f QueueFilter) ([]Mail, error) {
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

// isStorable tells whether there can be such a text in the store. PostgreSQL does not even look for any other.
func isStorable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// escapeLike makes a text mean itself in LIKE, in small letters.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text))
}

// Message is the row with a key, and what came of every attempt to send it, the oldest first.
func (s Queue) Message(ctx context.Context, key string) (m Mail, history []Outcome, known bool, err error) {
	if !isStorable(key) {
		return m, nil, false, nil
	}
	list, err := s.mails(ctx, "queue_mail", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading mail %s: %w", key, err)
	}
	if len(list) == 0 {
		return m, nil, false, nil
	}
	history, err = s.queryOutcomes(ctx, "queue_history", args{"key": key})
	if err != nil {
		return m, nil, false, fmt.Errorf("reading what became of mail %s: %w", key, err)
	}
	return list[0], history, true, nil
}

func (s Queue) mails(ctx context.Context, query string, a args) (list []Mail, err error) {
	err = s.query(ctx, nil, query, a, func(scan scanFunc) error {
		var m Mail
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

// timeOrZero reads a time of which 0 means that there is none.
func timeOrZero(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// Waiting is how many mails may go out at a moment and wait for their turn.
func (s Queue) Waiting(ctx context.Context, now time.Time) (mails int, err error) {
	err = s.query(ctx, nil, "waiting", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&mails) })
	if err != nil {
		return 0, fmt.Errorf("counting what waits: %w", err)
	}
	return mails, nil
}

// Keys are the keys of all mails of a state; of every kind if kind is empty.
func (s Queue) Keys(ctx context.Context, state, kind string) (keys []string, err error) {
	err = s.query(ctx, nil, "queue_keys", args{"state": state, "kind": kind}, func(scan scanFunc) error {
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
