package daemon

import (
	"time"

	"postrider/mail"
	"postrider/store"
)

// Observer is told what a daemon does, for whoever counts that. It must be safe for concurrent use, and quick.
type Observer interface {
	// RoundFinished tells that the steps of a tick have ended, in a fault or not.
	RoundFinished(tick string, r Report, err error)
	// ScanFinished tells that the forum was looked at for new posts, by the daemon's clock.
	ScanFinished(at time.Time)
	// MessageSettled tells that something has become of an attempt to send a mail of a kind.
	MessageSettled(kind string, o OutcomeKind)
}

// OutcomeKind is what has become of an attempt to send a mail.
type OutcomeKind string

// The outcomes.
const (
	WasAccepted      OutcomeKind = "accepted"
	WasRefused       OutcomeKind = "rejected"
	WasSkipped       OutcomeKind = "skipped"   // there was nothing to send, or its member may not be mailed
	WasHeld          OutcomeKind = "held"      // its member wants it later
	OutcomeUncertain OutcomeKind = "uncertain" // the line broke after the final dot: it may have arrived
	OutcomeRetry     OutcomeKind = "retry"     // to be tried again
	WasExpired       OutcomeKind = "expired"   // no relay has taken it in time
)

// Outcomes are all of them.
var Outcomes = []OutcomeKind{WasAccepted, WasRefused, WasSkipped, WasHeld, OutcomeUncertain, OutcomeRetry, WasExpired}

// Kinds are those of all mails.
var Kinds = []string{store.KindAlert, store.KindAnnouncement, store.KindDigest}

// outcome tells what a settlement says.
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

// nopObserver is a daemon whom nobody watches.
type nopObserver struct{}

func (nopObserver) RoundFinished(string, Report, error) {}
func (nopObserver) ScanFinished(time.Time)              {}
func (nopObserver) MessageSettled(string, OutcomeKind)  {}

// Relays tells of each relay, by the name of its table in the configuration, whether mails go to it; they do not while it is left
// alone because it could not be reached.
func (d *Daemon) Relays() map[string]bool {
	up := make(map[string]bool, len(d.relays.list))
	for _, way := range d.relays.list {
		up[way.configName()] = way.closed()
	}
	return up
}
