package daemon

import (
	"time"

	"postrider/daemon/delivery"
	"postrider/store"
)

// Observer receives events of a daemon, for example to count them. It must be fast and safe for concurrent use.
type Observer interface {
	// RoundFinished is called after the steps of a tick, with their error if they failed.
	RoundFinished(tick string, r Report, err error)
	// ScanFinished is called after a scan for new posts, with the time of the daemon's clock.
	ScanFinished(at time.Time)
	// MessageSettled is called after each attempt to send a message.
	MessageSettled(kind string, o delivery.OutcomeKind)
}

// Kinds lists all kinds of messages.
var Kinds = []string{store.KindAlert, store.KindAnnouncement, store.KindConfirmation, store.KindDigest}

// nopObserver ignores all events.
type nopObserver struct{}

func (nopObserver) RoundFinished(string, Report, error)         {}
func (nopObserver) ScanFinished(time.Time)                      {}
func (nopObserver) MessageSettled(string, delivery.OutcomeKind) {}
