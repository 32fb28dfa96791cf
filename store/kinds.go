package store

import (
	"strconv"
	"strings"
)

// Kinds of messages in the outbox.
const (
	KindAlert        = "alert"
	KindAnnouncement = "announcement"
	KindConfirmation = "confirmation" // asks the owner of an address to confirm a subscription; has no member
	// KindDigest is the only kind that allows just one unsettled row per member: editions cover ranges of sightings, and the
	// ranges must not overlap.
	KindDigest = "digest"
)

// Priorities of the kinds: lower goes first.
const (
	PriorityConfirmation = 5 // a person waits for it
	PriorityAlert        = 10
	PriorityAnnouncement = 20
	PriorityDigest       = 30
)

// PriorityOf returns the priority of a kind.
func PriorityOf(kind string) int {
	switch kind {
	case KindConfirmation:
		return PriorityConfirmation
	case KindAlert:
		return PriorityAlert
	case KindAnnouncement:
		return PriorityAnnouncement
	}
	return PriorityDigest
}

// KindOf returns the kind of the message with a key: "digest/42/2026-05-04", "announce/7/42".
func KindOf(key string) string {
	kind, _, _ := strings.Cut(key, "/")
	if kind == "announce" {
		return KindAnnouncement
	}
	return kind
}

// AnnouncementOf returns the announcement of a key.
func AnnouncementOf(key string) (id int64, ok bool) {
	rest, ok := strings.CutPrefix(key, "announce/")
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, err == nil
}

// States of an outbox row.
const (
	StateQueued    = "queued"
	StateHeld      = "held"   // waits until its announcement releases it
	StateLeased    = "leased" // by a daemon
	StateAccepted  = "accepted"
	StateRefused   = "refused"
	StateUncertain = "uncertain"
	StateSkipped   = "skipped"
	StateMerged    = "merged" // into a later digest
)
