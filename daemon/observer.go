package daemon

import (
	"time"

	"postrider/mail"
	"postrider/store"
)

// Observer receives events of a daemon, for example to count them. It must be fast and safe for concurrent use.
type Observer interface {
	// RoundFinished is called after the steps of a tick, with their error if they failed.
	RoundFinished(tick string, r Report, err error)
	// ScanFinished is called after a scan for new posts, with the time of the daemon's clock.
	ScanFinished(at time.Time)
	// MessageSettled is called after each attempt to send a message.
	MessageSettled(kind string, o OutcomeKind)
}

// OutcomeKind is the kind of result of an attempt to send a message.
type OutcomeKind string

// The outcomes.
const (
	WasAccepted      OutcomeKind = "accepted"
	WasRefused       OutcomeKind = "rejected"
	WasSkipped       OutcomeKind = "skipped"   // nothing to send, or the member must not be emailed
	WasHeld          OutcomeKind = "held"      // delayed by preference of the member
	OutcomeUncertain OutcomeKind = "uncertain" // the connection broke after the final dot: it may have been delivered
	OutcomeRetry     OutcomeKind = "retry"     // will be tried again
	WasExpired       OutcomeKind = "expired"   // no relay accepted it in time
)

// Outcomes lists all outcome kinds.
var Outcomes = []OutcomeKind{WasAccepted, WasRefused, WasSkipped, WasHeld, OutcomeUncertain, OutcomeRetry, WasExpired}

// Kinds lists all kinds of messages.
var Kinds = []string{store.KindAlert, store.KindAnnouncement, store.KindDigest}

// outcome returns the outcome kind of a settlement.
func outcome(s store.Settlement) OutcomeKind {
	switch {
	case s.State == store.StateSkipped:
		return WasSkipped
	case s.Result == resultDeferred:
		return WasHeld
	case s.State == store.StateAccepted:
		return WasAccepted
	case s.State == store.StateRefused:
		return WasRefused
	case s.Result == string(mail.Uncertain):
		return OutcomeUncertain
	}
	return OutcomeRetry
}

// nopObserver ignores all events.
type nopObserver struct{}

func (nopObserver) RoundFinished(string, Report, error) {}
func (nopObserver) ScanFinished(time.Time)              {}
func (nopObserver) MessageSettled(string, OutcomeKind)  {}

// Relays reports whether each relay is in use, by the name of its configuration table. A relay is not in use while its
// circuit breaker is open.
func (d *Daemon) Relays() map[string]bool {
	up := make(map[string]bool, len(d.relays.list))
	for _, way := range d.relays.list {
		up[way.configName()] = way.closed()
	}
	return up
}
