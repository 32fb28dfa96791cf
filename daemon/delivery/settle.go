package delivery

import (
	"cmp"
	"math/rand/v2"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

const (
	// maxCrashRetries is how often a message is repeated because the daemon died while it was in flight. Most of these were
	// never sent, so repeating them only once would lose some. Its posts come again in another message once it is given up, and
	// a daemon that is often killed interrupts the same messages again, because they are the first ones after a start. But a
	// message that crashes the daemon must end at some point.
	maxCrashRetries = 20
	// connectionRetryDelay is how long a message waits after a connection error, which does not count as an attempt.
	connectionRetryDelay = 30 * time.Second
	// maxRelayHints is how often a relay may ask for an earlier retry than our own schedule. After that its hints are ignored,
	// for example if it answers "in a minute" all day.
	maxRelayHints = 3
)

// retryDelays are the times between attempts. RFC 5321, 4.5.4.1 asks for growing intervals. A random 20 % spreads the
// messages of a batch.
var retryDelays = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour,
}

// retryDelay returns how long a message waits after a temporary rejection and this many counted attempts. hint is the delay
// that the relay asked for, or 0. The result is never shorter than the hint, but slightly longer, in case clocks differ.
func retryDelay(attempt int, hint time.Duration) time.Duration {
	w := retryDelays[min(attempt, len(retryDelays)-1)]
	own := w + time.Duration((rand.Float64()-0.5)*0.4*float64(w))
	if hint == 0 {
		return own
	}
	hint += hint/50 + time.Duration(rand.Float64()*0.1*float64(hint))
	if attempt < maxRelayHints {
		return hint
	}
	return max(hint, own)
}

// skippedSettlement settles a message without anything to send. If it was to be repeated, it stays uncertain: the relay may have an
// earlier copy, although nothing is left to bring now.
func (d *Service) skippedSettlement(row store.Row, reason string) store.Settlement {
	s := store.Settlement{Key: row.Key, State: store.StateSkipped, Result: store.StateSkipped, Reason: reason, At: d.Now()}
	if row.UncertainCount > 0 {
		s.State = store.StateUncertain
	}
	return s
}

// deferredSettlement settles a message that is delayed: an alert in quiet hours, one on a weekend that is off, a digest or an announcement while email is
// paused, or a message above the daily limit.
func (d *Service) deferredSettlement(row store.Row, m Draft) store.Settlement {
	s := store.Settlement{
		Key: row.Key, State: store.StateQueued, NotBefore: m.NotBefore,
		Result: resultDeferred, Reason: digest.ReasonPaused, At: d.Now(),
	}
	switch row.Kind {
	case store.KindAlert:
		s.Held, s.Reason = true, "quiet hours"
	case store.KindAnnouncement:
		s.Reason = string(digest.EmailPaused)
	}
	s.Reason = cmp.Or(m.HoldReason, s.Reason)
	return s
}

// resultDeferred is the result of an attempt in quiet hours or during a pause.
const resultDeferred = "held"

// addOmissions adds the omitted and deferred posts to the settlement of a message that was sent or skipped.
func (m Draft) addOmissions(s *store.Settlement) {
	if s.State == store.StateAccepted || s.Result == store.StateSkipped {
		s.Omitted, s.Deferred = m.Omitted, m.Deferred
	}
}

// renderFailed settles a message that could not be built. Its posts are not covered.
func (d *Service) renderFailed(row store.Row, err error) store.Settlement {
	d.Log.Error("cannot build message", "key", row.Key, "member", row.Member, "err", err)
	return store.Settlement{
		Key: row.Key, State: store.StateRefused, CountAttempt: true,
		Result: store.StateRefused, Reason: err.Error(), At: d.Now(),
	}
}

// settlement returns the settlement for the relay's reply. Of sent messages, only accepted ones advance the member's covered
// sequence.
func (d *Service) settlement(row store.Row, out mail.Outcome, posts, bytes int) store.Settlement {
	now := d.Now()
	s := store.Settlement{
		Key: row.Key, Result: string(out.Result), At: now,
		Code: out.Code, Enhanced: out.Enhanced, Reply: out.Reply, QueueID: out.QueueID, Stage: commands[out.Stage],
		Posts: posts, Bytes: bytes, CountAttempt: true,
	}
	if out.Err != nil {
		s.Reason = out.Err.Error()
	}
	switch out.RelayLimit() { // says nothing about this message
	case mail.RelayRate:
		s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(paceRetry)
		return s
	case mail.RelayQuota:
		s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(connectionRetryDelay)
		return s
	}
	switch out.Result {
	case mail.Accepted:
		s.State = store.StateAccepted
	case mail.Refused:
		s.State = store.StateRefused
		if out.Stage == mail.Sender { // the relay rejects our sender, not this member
			s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(connectionRetryDelay)
		}
	case mail.NotSent:
		s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(connectionRetryDelay)
	case mail.Uncertain:
		s.State, s.NotBefore = store.StateQueued, now.Add(d.settings.Delivery.UncertainWait)
		if !d.settings.Delivery.RetriesUncertain() || row.UncertainCount > 0 { // already repeated once
			s.State = store.StateUncertain
			s.Reason += d.logGivenUp(row.Kind, row.Key, row.Member)
		}
	case mail.TempFail:
		s.State, s.NotBefore = store.StateQueued, now.Add(retryDelay(row.Attempt, out.Retry))
	}
	return s
}

// logGivenUp logs an uncertain message that is not repeated, and returns the consequence as text.
func (d *Service) logGivenUp(kind, key string, member forum.MemberID) string {
	if kind == store.KindDigest {
		return "; dropped, the next edition covers its posts"
	}
	d.Log.Warn("uncertain message not retried, it may have been delivered", "key", key, "member", member)
	return "; not retried, it may have been delivered"
}
