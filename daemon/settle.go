package daemon

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
	// maxCrashRetries is how often a mail goes out again because the daemon died when it was about to hand it over. Most
	// of those were not handed over at all, so that to repeat them but once would lose some. A mail that kills its
	// daemon must come to an end, though.
	maxCrashRetries = 5
	// connectionRetryDelay is how long a message waits after a fault of the connection, which costs no attempt.
	connectionRetryDelay = 30 * time.Second
	// maxRelayHints is how often a relay may call us back sooner than we would come by ourselves. One that says "in a minute"
	// for a day is not heard any more.
	maxRelayHints = 3
)

// retryDelays are the times between attempts (RFC 5321, 4.5.4.1 wants them to grow), with 20 % of chance so
// that a batch does not come back as one.
var retryDelays = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour,
}

// retryDelay is how long a mail waits that the relay wants later, after so many attempts that counted. told is when it would have us
// come back, 0 if it did not say: not sooner than that, and a little later, so that we are not early by its clock.
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

func (d *Daemon) skippedSettlement(row store.Row, reason string) store.Settlement {
	return store.Settlement{
		Key: row.Key, State: store.StateSkipped,
		Result: store.StateSkipped, Reason: reason, At: d.Now(),
	}
}

// deferredSettlement settles a mail that its member wants later: an alert in his quiet hours, a digest or an announcement while he
// has paused his mail; or one that is too much for today.
func (d *Daemon) deferredSettlement(row store.Row, m messageDraft) store.Settlement {
	s := store.Settlement{
		Key: row.Key, State: store.StateQueued, NotBefore: m.notBefore,
		Result: resultDeferred, Reason: reasonPaused, At: d.Now(),
	}
	switch row.Kind {
	case store.KindAlert:
		s.Held, s.Reason = true, "quiet hours"
	case store.KindAnnouncement:
		s.Reason = string(digest.EmailPaused)
	}
	s.Reason = cmp.Or(m.holdReason, s.Reason)
	return s
}

// resultDeferred is what an attempt came to that fell into quiet hours or a break.
const resultDeferred = "held"

// addOmissions adds what the mail goes without, once something has become of it for good.
func (m messageDraft) addOmissions(s *store.Settlement) {
	if s.State == store.StateAccepted || s.State == store.StateSkipped {
		s.Omitted, s.Deferred = m.omitted, m.deferred
	}
}

// renderFailed settles an edition that could not even be made. Its posts are not covered.
func (d *Daemon) renderFailed(row store.Row, err error) store.Settlement {
	d.Log.Error("mail could not be made", "key", row.Key, "member", row.Member, "err", err)
	return store.Settlement{
		Key: row.Key, State: store.StateRefused, CountAttempt: true,
		Result: store.StateRefused, Reason: err.Error(), At: d.Now(),
	}
}

// settlement words what the relay has answered. Of mails that were handed over, only an accepted one moves the
// member's mark.
func (d *Daemon) settlement(row store.Row, out mail.Outcome, posts, bytes int) store.Settlement {
	now := d.Now()
	s := store.Settlement{
		Key: row.Key, Result: string(out.Result), At: now,
		Code: out.Code, Enhanced: out.Enhanced, Reply: out.Reply, QueueID: out.QueueID,
		Posts: posts, Bytes: bytes, CountAttempt: true,
	}
	if out.Err != nil {
		s.Reason = out.Err.Error()
	}
	switch out.Result {
	case mail.Accepted:
		s.State = store.StateAccepted
	case mail.Refused:
		s.State = store.StateRefused
		if out.Stage == mail.Sender { // it is our sender that the relay does not like, not this member
			s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(connectionRetryDelay)
		}
	case mail.NotSent:
		s.State, s.CountAttempt, s.NotBefore = store.StateQueued, false, now.Add(connectionRetryDelay)
	case mail.Uncertain:
		s.State, s.NotBefore = store.StateQueued, now.Add(d.settings.Delivery.UncertainWait)
		if !d.settings.Delivery.repeats() || row.UncertainCount > 0 { // it was repeated once already
			s.State = store.StateUncertain
			s.Reason += d.logGivenUp(row.Kind, row.Key, row.Member)
		}
	case mail.TempFail:
		s.State, s.NotBefore = store.StateQueued, now.Add(retryDelay(row.Attempt, out.Retry))
	}
	return s
}

// logGivenUp tells of a mail that may have arrived and does not go out again, and words what that means.
func (d *Daemon) logGivenUp(kind, key string, member forum.MemberID) string {
	if kind == store.KindDigest {
		return "; left, the next edition covers its posts"
	}
	d.Log.Warn("mail given up, it may have arrived or not", "key", key, "member", member)
	return "; given up, it may have arrived or not"
}
