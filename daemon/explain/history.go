package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/store"
)

// addMessages adds the messages that brought the post or could have brought it.
func (f *memberFacts) addMessages(x *Post) {
	for _, m := range f.messages {
		if m.State == store.StateMerged {
			continue
		}
		if m.Kind == store.KindAlert && m.Key == x.Notice.Key || m.Kind == store.KindDigest && (f.covers(m, x) || f.recorded(m, x)) {
			x.Messages = append(x.Messages, m)
		}
	}
}

// recorded reports whether the store has the post among those of a digest. The forum may have given its ID to another post later,
// whose sighting is newer.
func (f *memberFacts) recorded(m store.Message, x *Post) bool {
	before := func(s store.SightingRecord) bool { return s.Seq <= m.Until }
	return slices.Contains(f.brought[m.Key], x.Post) && (len(x.Seen) == 0 || slices.ContainsFunc(x.Seen, before))
}

// covers reports whether a post is in the range of a digest, or was deferred to it.
func (f *memberFacts) covers(m store.Message, x *Post) bool {
	for _, s := range x.Seen {
		if s.Seq > m.From && s.Seq <= m.Until {
			return true
		}
	}
	is := func(o store.DeferredPost) bool { return o.Post == x.Post && o.Edition == m.Key }
	return slices.ContainsFunc(f.deferred, is) || slices.ContainsFunc(f.ended, is)
}

// explainSent finds the message that brought the post.
func (e *Service) explainSent(ctx context.Context, f *memberFacts, x *Post) (found bool, err error) {
	for _, m := range x.Messages {
		if m.State != store.StateAccepted {
			continue
		}
		if found, err = e.broughtPost(ctx, f, m, x); err != nil {
			return false, err
		}
		if found {
			x.Verdict, x.Mail, x.At, x.Reason = Sent, m.Key, m.Settled, mediumOf(m, x)
			return true, e.checkFolded(ctx, f, m, x)
		}
	}
	return false, nil
}

// broughtPost reports whether a message that was sent had the post. Digests that were sent before the store recorded their posts are
// evaluated with the current state of the forum.
func (e *Service) broughtPost(ctx context.Context, f *memberFacts, m store.Message, x *Post) (bool, error) {
	if m.Kind == store.KindAlert {
		return x.Notice.LeftOut == "", nil
	}
	if _, known := f.brought[m.Key]; known {
		return f.recorded(m, x), nil
	}
	_, why, err := e.trace(ctx, f, editions.RequestOf(m), x.Post)
	return why == "", err
}

func mediumOf(m store.Message, x *Post) digest.Phrase {
	if m.Kind == store.KindAlert {
		return digest.NewPhrase("in_alert", "cause", x.Notice.Cause.Word())
	}
	return digest.NewPhrase("in_digest")
}

// checkFolded checks whether a digest has room for the post.
func (e *Service) checkFolded(ctx context.Context, f *memberFacts, m store.Message, x *Post) error {
	if m.Kind != store.KindDigest {
		return nil
	}
	b, err := e.edition(ctx, f, editions.RequestOf(m))
	if err != nil {
		return err
	}
	shown, in := b.posts[x.Post]
	x.Folded = in && !shown
	return nil
}

// explainWaiting finds the message in the outbox that would bring the post.
func (e *Service) explainWaiting(ctx context.Context, f *memberFacts, x *Post) (found bool, err error) {
	if e.addressBlocked(f, f.now) != "" {
		return false, nil
	}
	for _, m := range x.Messages {
		if !pending(m) || m.Expired(f.now) {
			continue
		}
		in := false
		if m.Kind == store.KindAlert {
			alert, built := f.rehearsal.Overlay.Alert(f.member.ID, x.Post)
			in = built && alert.LeftOut == ""
		} else {
			b, err := e.edition(ctx, f, editions.RequestOf(m))
			if err != nil {
				return false, err
			}
			shown, has := b.posts[x.Post]
			in, x.Folded = has, has && !shown
		}
		if in {
			x.Verdict, x.Mail, x.At, x.Reason = Waiting, m.Key, m.NotBefore, mediumOf(m, x)
			if why := e.delayReasons(f); len(why) > 0 && m.Kind == store.KindDigest {
				x.Reason = digest.NewPhrase("in_waiting_digest", "reason", why[0])
			}
			return true, nil
		}
	}
	return false, nil
}

// pending reports whether a message is not settled yet.
func pending(m store.Message) bool { return m.Settled.IsZero() }

// lastDecision returns the latest digest that covered the post and was sent or skipped, so that no later one covers it.
func lastDecision(x *Post) *store.Message {
	for _, m := range slices.Backward(x.Messages) {
		if m.Kind == store.KindDigest && (m.State == store.StateAccepted || m.State == store.StateSkipped) {
			return &m
		}
	}
	return nil
}

// describeOutcome describes the outcome of a message.
func describeOutcome(m store.Message) digest.Phrase {
	reason := digest.Reason(m.Last.Reason)
	if m.Last.Code != 0 {
		reason = digest.Reason(fmt.Sprintf("%d %s", m.Last.Code, cmp.Or(m.Last.Reply, m.Last.Reason)))
	}
	state := digest.Word{Table: "message_state", Key: m.State}
	if reason == "" {
		return digest.NewPhrase("outcome", "key", m.Key, "state", state)
	}
	return digest.NewPhrase("outcome_because", "key", m.Key, "state", state, "reason", reason)
}
