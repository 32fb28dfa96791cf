package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// addMessages adds the messages that brought the post or could have brought it.
func (f *memberFacts) addMessages(x *Post) {
	for _, m := range f.messages {
		if m.State == store.StateMerged {
			continue
		}
		_, recorded := inCopies(f.copies[m.Key], m, x)
		if recorded || m.Kind == store.KindAlert && m.Key == x.Notice.Key || m.Kind == store.KindDigest && f.covers(m, x) {
			x.Messages = append(x.Messages, m)
		}
	}
}

// inCopies returns the post in the last of some copies of a message that have it. The forum may have given its ID to another post
// later, whose sighting is newer.
func inCopies(copies [][]store.SentPost, m store.Message, x *Post) (p store.SentPost, found bool) {
	before := func(s store.SightingRecord) bool { return s.Seq <= m.Until }
	if len(x.Seen) > 0 && !slices.ContainsFunc(x.Seen, before) {
		return p, false
	}
	for _, posts := range slices.Backward(copies) {
		if i := slices.IndexFunc(posts, func(p store.SentPost) bool { return p.Post == x.Post }); i >= 0 {
			return posts[i], true
		}
	}
	return p, false
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
		if x.Folded, found, err = e.broughtPost(ctx, f, m, x); err != nil {
			return false, err
		}
		if found {
			x.Verdict, x.Mail, x.At, x.Reason = Sent, m.Key, m.Settled, mediumOf(m, x)
			return true, nil
		}
	}
	return false, nil
}

// broughtPost reports whether the last copy of a message that was sent had the post, and whether it had no room for it. Messages that
// were sent before the store recorded their posts are evaluated with the current state of the forum.
func (e *Service) broughtPost(ctx context.Context, f *memberFacts, m store.Message, x *Post) (folded, found bool, err error) {
	if copies := f.copies[m.Key]; len(copies) > 0 {
		p, found := inCopies(copies[len(copies)-1:], m, x)
		return p.Folded, found, nil
	}
	if m.Kind == store.KindAlert {
		return false, x.Notice.LeftOut == "", nil
	}
	if _, why, err := e.trace(ctx, f, editions.RequestOf(m), x.Post); err != nil || why != "" {
		return false, false, err
	}
	b, err := e.edition(ctx, f, editions.RequestOf(m))
	shown, in := b.posts[x.Post]
	return in && !shown, true, err
}

// explainUnclear finds a message with the post that a relay may or may not have. It may be an earlier copy of one that was repeated
// without the post, because the member may not read it any more.
func (f *memberFacts) explainUnclear(x *Post) bool {
	for _, m := range slices.Backward(x.Messages) {
		if p, found := inCopies(f.copies[m.Key], m, x); found {
			x.Verdict, x.Mail, x.At, x.Reason, x.Folded = Unclear, m.Key, m.Settled, digest.NewPhrase("in_uncertain_copy"), p.Folded
			return true
		}
	}
	return false
}

func mediumOf(m store.Message, x *Post) digest.Phrase {
	if m.Kind == store.KindAlert {
		return digest.NewPhrase("in_alert", "cause", x.Notice.Cause.Word())
	}
	return digest.NewPhrase("in_digest")
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
			if isHeldForRepeat(b, x.Post) {
				x.Verdict, x.Reason = Upcoming, digest.NewPhrase("in_later_digest", "reason", digest.HeldForRepeat)
				return true, nil
			}
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

// isHeldForRepeat reports whether an edition leaves a post to the next one, because a copy may have arrived without it.
func isHeldForRepeat(b builtEdition, post forum.PostID) bool {
	return slices.ContainsFunc(b.Deferred, func(o digest.DeferredPost) bool { return o.Post == post && o.Reason == digest.HeldForRepeat })
}

// pending reports whether a message is not settled yet.
func pending(m store.Message) bool { return m.Settled.IsZero() }

// lastDecision returns the latest digest that covered the post and was sent or skipped, so that no later one covers it.
func lastDecision(x *Post) *store.Message {
	for _, m := range slices.Backward(x.Messages) {
		if m.Kind == store.KindDigest && m.Covers() {
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
