package cli

import (
	"time"

	"postrider/store"
)

// queueJSON is the output of queue list --json.
type queueJSON struct {
	Paused   *store.Pause  `json:"paused,omitempty"`
	Blockers []blocker     `json:"blockers"` // reasons why delivery stops
	Messages []messageJSON `json:"messages"`
	More     bool          `json:"more"` // there are more than --limit
	Counts   []countJSON   `json:"counts"`
}

type countJSON struct {
	Kind     string `json:"kind"`
	State    string `json:"state"`
	Messages int    `json:"messages"`
}

type messageJSON struct {
	Key               string       `json:"key"`
	Kind              string       `json:"kind"`
	Member            int64        `json:"member"`
	State             string       `json:"state"`
	Attempts          int          `json:"attempts"`
	PossiblyDelivered bool         `json:"possibly_delivered"` // a relay may already have it
	Uncertain         int          `json:"uncertain_attempts"` // attempts with an uncertain result
	After             int64        `json:"after"`              // covers sightings after this one
	Until             int64        `json:"until"`              // up to this one
	Created           time.Time    `json:"created"`
	NotBefore         time.Time    `json:"not_before,omitzero"`
	Expires           time.Time    `json:"expires,omitzero"`
	Address           string       `json:"address,omitempty"` // of the newest attempt
	Lease             string       `json:"lease,omitempty"`
	LeaseUntil        time.Time    `json:"lease_until,omitzero"`
	Settled           time.Time    `json:"settled,omitzero"`
	Last              *attemptJSON `json:"last,omitempty"`
}

type attemptJSON struct {
	At       time.Time `json:"at,omitzero"`
	Attempts int       `json:"attempts"` // counted up to then
	Result   string    `json:"result"`
	Code     int       `json:"code,omitempty"`
	Enhanced string    `json:"enhanced,omitempty"`
	Reply    string    `json:"reply,omitempty"`
	QueueID  string    `json:"queue_id,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Posts    int       `json:"posts,omitempty"`
	Bytes    int       `json:"bytes,omitempty"`
}

// messageDetailJSON is the output of queue show --json.
type messageDetailJSON struct {
	messageJSON
	History []attemptJSON `json:"history"`
}

func newQueueJSON(mails []store.Message, more bool, counts []store.Count, blockers []blocker, pause store.Pause, paused bool) queueJSON {
	out := queueJSON{Blockers: blockers, Messages: make([]messageJSON, len(mails)), More: more, Counts: make([]countJSON, len(counts))}
	if paused {
		out.Paused = &pause
	}
	for i, m := range mails {
		out.Messages[i] = newMessageJSON(m)
	}
	for i, n := range counts {
		out.Counts[i] = countJSON(n)
	}
	return out
}

func newMessageJSON(m store.Message) messageJSON {
	out := messageJSON{
		Key: m.Key, Kind: m.Kind, Member: int64(m.Member), State: m.State, Attempts: m.Attempt,
		PossiblyDelivered: possiblyDelivered(m), Uncertain: m.UncertainCount,
		After: m.From, Until: m.Until, Created: m.Created, NotBefore: m.NotBefore, Expires: m.Expires, Address: m.Address,
		Lease: m.Lease, LeaseUntil: m.LeaseUntil, Settled: m.Settled,
	}
	if m.Last.Result != "" || m.Last.Reason != "" {
		last := newAttemptJSON(m.Last)
		out.Last = &last
	}
	return out
}

func newMessageDetailJSON(m store.Message, history []store.Outcome) messageDetailJSON {
	out := messageDetailJSON{newMessageJSON(m), make([]attemptJSON, len(history))}
	for i, o := range history {
		out.History[i] = newAttemptJSON(o)
	}
	return out
}

func newAttemptJSON(o store.Outcome) attemptJSON {
	return attemptJSON{o.At, o.Attempt, o.Result, o.Code, o.Enhanced, o.Reply, o.QueueID, o.Reason, o.Posts, o.Bytes}
}
