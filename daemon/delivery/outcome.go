package delivery

import (
	"postrider/mail"
	"postrider/store"
)

// OutcomeKind is the kind of result of an attempt to send a message.
type OutcomeKind string

// The outcomes.
const (
	OutcomeAccepted  OutcomeKind = "accepted"
	OutcomeRefused   OutcomeKind = "rejected"
	OutcomeSkipped   OutcomeKind = "skipped"   // nothing to send, or the member must not be emailed
	OutcomeHeld      OutcomeKind = "held"      // delayed by preference of the member
	OutcomeUncertain OutcomeKind = "uncertain" // the connection broke after the final dot: it may have been delivered
	OutcomeRetry     OutcomeKind = "retry"     // will be tried again
	OutcomeExpired   OutcomeKind = "expired"   // no relay accepted it in time
)

// Outcomes lists all outcome kinds.
var Outcomes = []OutcomeKind{OutcomeAccepted, OutcomeRefused, OutcomeSkipped, OutcomeHeld, OutcomeUncertain, OutcomeRetry, OutcomeExpired}

// outcome returns the outcome kind of a settlement.
func outcome(s store.Settlement) OutcomeKind {
	switch {
	case s.State == store.StateSkipped:
		return OutcomeSkipped
	case s.Result == resultDeferred:
		return OutcomeHeld
	case s.State == store.StateAccepted:
		return OutcomeAccepted
	case s.State == store.StateRefused:
		return OutcomeRefused
	case s.State == store.StateUncertain || s.Result == string(mail.Uncertain):
		return OutcomeUncertain
	}
	return OutcomeRetry
}
