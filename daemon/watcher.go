package daemon

import (
	"strings"
	"time"

	"postrider/mail"
	"postrider/store"
)

// Watcher is told what a daemon does, for whoever counts that. It must be safe for concurrent use, and quick.
type Watcher interface {
	// Ran tells that the steps of a tick have ended, in a fault or not.
	Ran(tick string, r Report, err error)
	// Gathered tells that the forum was looked at for new posts, by the daemon's clock.
	Gathered(at time.Time)
	// Settled tells that something has become of an attempt to send a mail of a kind.
	Settled(kind string, o Outcome)
}

// Outcome is what has become of an attempt to send a mail.
type Outcome string

// The outcomes.
const (
	WasAccepted Outcome = "accepted"
	WasRefused  Outcome = "refused"
	WasSkipped  Outcome = "skipped"   // there was nothing to send, or its member may not be mailed
	WasHeld     Outcome = "held"      // its member wants it later
	WasDoubtful Outcome = "uncertain" // the line broke after the final dot: it may have arrived
	WasPutOff   Outcome = "retry"     // to be tried again
	WasExpired  Outcome = "expired"   // no relay has taken it in time
)

// Outcomes are all of them.
var Outcomes = []Outcome{WasAccepted, WasRefused, WasSkipped, WasHeld, WasDoubtful, WasPutOff, WasExpired}

// Kinds are those of all mails.
var Kinds = []string{KindAlert, KindAnnouncement, KindDigest}

// outcome tells what a settlement says.
func outcome(s store.Settlement) Outcome {
	switch {
	case s.State == stateSkipped:
		return WasSkipped
	case s.Result == resultHeld:
		return WasHeld
	case s.State == stateAccepted:
		return WasAccepted
	case s.State == stateRefused:
		return WasRefused
	case s.Result == string(mail.Uncertain):
		return WasDoubtful
	}
	return WasPutOff
}

// kindOf is the kind of the mail with a key: "digest/42/2026-05-04", "announce/7/42".
func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, "/")
	if kind == "announce" {
		return KindAnnouncement
	}
	return kind
}

// unwatched is a daemon whom nobody watches.
type unwatched struct{}

func (unwatched) Ran(string, Report, error) {}
func (unwatched) Gathered(time.Time)        {}
func (unwatched) Settled(string, Outcome)   {}

// Relays tells of each relay, by the name of its table in the configuration, whether mails go to it; they do not while it is left
// alone because it could not be reached.
func (d *Daemon) Relays() map[string]bool {
	up := make(map[string]bool, len(d.relays.list))
	for _, way := range d.relays.list {
		up[way.title()] = way.well()
	}
	return up
}
