package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// Posts explains posts for one member, found by ID or name.
func (e *Service) Posts(ctx context.Context, now time.Time, who string, posts []forum.PostID) (forum.Member, []Post, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var f *memberFacts
	stories := make([]Post, len(posts))
	err := e.forum.Read(ctx, func(s *source.Snapshot) (err error) {
		if f, err = e.loadMember(ctx, s, who, now); err != nil {
			return err
		}
		if err := e.loadPostFacts(ctx, f, stories, posts); err != nil {
			return err
		}
		f.window, err = e.builder.Window(ctx, s, f.sightings)
		return err
	})
	for i := 0; i < len(stories) && err == nil; i++ {
		err = e.explainPost(ctx, f, &stories[i])
	}
	if err != nil {
		return forum.Member{}, nil, fmt.Errorf("explaining: %w", err)
	}
	return f.member, stories, nil
}

// loadPostFacts reads what the store has about the posts.
func (e *Service) loadPostFacts(ctx context.Context, f *memberFacts, stories []Post, posts []forum.PostID) error {
	from := e.store
	seen, err := from.Sightings.Records(ctx, posts)
	if err != nil {
		return err
	}
	pending, err := from.Sightings.PendingSince(ctx, posts)
	if err != nil {
		return err
	}
	notices, err := from.Alerts.ItemsOfMember(ctx, f.member.ID, posts)
	if err != nil {
		return err
	}
	byPost := make(map[forum.PostID][]store.SightingRecord)
	for _, x := range seen {
		byPost[x.Post] = append(byPost[x.Post], x)
		f.sightings = append(f.sightings, x.Sighting())
	}
	for i, post := range posts {
		stories[i] = Post{Post: post, Seen: byPost[post], Pending: pending[post], Notice: notices[post]}
		if len(byPost[post]) == 0 { // as if it were the next sighting
			f.sightings = append(f.sightings, digest.Sighting{Seq: f.head + 1, Post: post})
		}
	}
	return nil
}

// next returns the next edition of the member, as if it were planned now.
func (f *memberFacts) next() editions.Request {
	due := f.sub.Due
	if due.Before(f.now) {
		due = f.now
	}
	return editions.Request{Member: f.member.ID, After: f.sub.CoveredSeq, Until: f.head + 1, Planned: due}
}

// trace evaluates the rules for a post in an edition.
func (e *Service) trace(ctx context.Context, f *memberFacts, a editions.Request, post forum.PostID) ([]digest.RuleResult, digest.Reason, error) {
	r := f.readersByEdition[a.Key]
	if r == nil {
		fresh := f.reader
		fresh.Deferred, fresh.OtherRoute = nil, nil
		fresh.After, fresh.Until, fresh.At = a.After, a.Until, a.Planned
		r = &fresh
		if err := e.builder.MarkOtherRoutes(ctx, []editions.Request{a}, f.sightings, f.owed, map[forum.MemberID]*digest.Reader{f.member.ID: r}); err != nil {
			return nil, "", err
		}
		f.readersByEdition[a.Key] = r
	}
	steps, why, known := f.window.Trace(*r, post)
	if !known {
		why = digest.ReasonDeleted
	}
	return steps, why, nil
}

// covers reports whether a post is in the range of an edition, or deferred to it.
func (f *memberFacts) covers(a editions.Request, x *Post) bool {
	for _, s := range x.Seen {
		if s.Seq > a.After && s.Seq <= a.Until {
			return true
		}
	}
	return slices.ContainsFunc(f.owed, func(o store.DeferredPost) bool { return o.Post == x.Post && a.Includes(o) })
}

// explainPost determines how a post reaches the member, or why it does not. Past events take precedence over predictions.
func (e *Service) explainPost(ctx context.Context, f *memberFacts, x *Post) (err error) {
	if told := e.explainAlert(f, x); told {
		x.RuleResults, _, err = e.trace(ctx, f, f.next(), x.Post)
		return err
	}
	err = e.explainDigests(ctx, f, x)
	x.Alert = e.whyNoAlert(f, x)
	return err
}

// explainDigests finds the edition that included or will include a post.
func (e *Service) explainDigests(ctx context.Context, f *memberFacts, x *Post) error {
	var failed *store.Message // the latest that covers it and was not delivered
	for _, m := range f.messages {
		a := editions.RequestOf(m)
		if m.Kind != store.KindDigest || m.State == store.StateMerged || !f.covers(a, x) {
			continue
		}
		x.Messages = append(x.Messages, m)
		steps, why, err := e.trace(ctx, f, a, x.Post)
		if err != nil {
			return err
		}
		switch x.RuleResults = steps; {
		case why != "":
			x.Verdict, x.Reason = Omitted, why.Phrase()
		case m.State == store.StateAccepted:
			return e.setDelivered(ctx, f, x, Sent, a, m)
		case pending(m):
			return e.setDelivered(ctx, f, x, Waiting, a, m)
		default:
			x.Verdict, x.Reason, failed = Omitted, describeOutcome(m), &m
		}
	}
	return e.explainNextDigest(ctx, f, x, failed)
}

// pending reports whether a message is not settled yet.
func pending(m store.Message) bool { return m.Settled.IsZero() }

// setDelivered records that a digest includes the post.
func (e *Service) setDelivered(ctx context.Context, f *memberFacts, x *Post, v PostStatus, a editions.Request, m store.Message) error {
	x.Verdict, x.Mail, x.Reason = v, m.Key, digest.NewPhrase("in_digest")
	x.At = cmp.Or(m.Settled, m.NotBefore)
	if v == Waiting {
		if why := e.blockers(f, store.KindDigest); len(why) > 0 {
			x.Reason = digest.NewPhrase("in_waiting_digest", "reason", why[0])
		} else if why := e.delayReasons(f); len(why) > 0 {
			x.Reason = digest.NewPhrase("in_waiting_digest", "reason", why[0])
		}
	}
	return e.checkTruncated(ctx, f, x, a)
}

// explainNextDigest determines whether the next edition includes a post that was in no message so far.
func (e *Service) explainNextDigest(ctx context.Context, f *memberFacts, x *Post, failed *store.Message) error {
	a := f.next()
	owed, is := f.deferredFor(x.Post)
	ahead := len(x.Seen) == 0 || f.covers(a, x)
	if !ahead && !is && x.Verdict != "" {
		return nil // a past edition decided, and the next one does not cover it
	}
	steps, why, err := e.trace(ctx, f, a, x.Post)
	if err != nil {
		return err
	}
	x.RuleResults, x.Verdict = steps, Omitted
	switch {
	case why == digest.ReasonDeferred:
		x.Verdict, x.Reason, x.At = Upcoming, digest.NewPhrase("in_later_digest", "reason", owed.Reason), owed.NotBefore
		return nil
	case why == digest.HeldForWeek || why == digest.HeldForMonth:
		x.Verdict, x.Reason, x.At = Upcoming, why.Phrase(), f.window.HeldUntil(f.reader, x.Post)
		return nil
	case why != "":
		x.Reason = why.Phrase()
	case len(x.Seen) == 0:
		x.Reason = e.whyNotSighted(x)
	case !f.subscribed:
		x.Reason = digest.Reason(digest.ReasonNoSubscriptions).Phrase()
	case !ahead && failed != nil:
		x.Reason = describeOutcome(*failed)
	case !ahead:
		x.Reason = digest.NewPhrase("before_first_digest")
	default:
		return e.setUpcoming(ctx, f, x, a)
	}
	return nil
}

// setUpcoming records that the next edition includes the post.
func (e *Service) setUpcoming(ctx context.Context, f *memberFacts, x *Post, a editions.Request) error {
	if why := e.blockers(f, store.KindDigest); len(why) > 0 {
		x.Reason = why[0].Phrase()
		return nil
	}
	x.Verdict, x.Reason, x.At = Upcoming, digest.NewPhrase("in_next_digest"), f.sub.Due
	a.Until = f.head
	return e.checkTruncated(ctx, f, x, a)
}

// whyNotSighted returns why a visible post has no sighting.
func (e *Service) whyNotSighted(x *Post) digest.Phrase {
	if !x.Pending.IsZero() {
		return digest.NewPhrase("not_sighted_hidden")
	}
	return digest.NewPhrase("never_sighted")
}

// deferredFor returns the deferred post of the member, if there is one.
func (f *memberFacts) deferredFor(post forum.PostID) (store.DeferredPost, bool) {
	i := slices.IndexFunc(f.owed, func(o store.DeferredPost) bool { return o.Post == post })
	if i < 0 {
		return store.DeferredPost{}, false
	}
	return f.owed[i], true
}

// checkTruncated checks whether an edition has room for the post. It builds the whole edition once for all posts.
func (e *Service) checkTruncated(ctx context.Context, f *memberFacts, x *Post, a editions.Request) error {
	shown, known := f.renderedByEdition[a.Key]
	if !known {
		editions, err := e.builder.Build(ctx, f.now, []editions.Request{a})
		if err != nil {
			return err
		}
		if d := editions[0].Digest; d != nil {
			if _, err := e.press.Digest(d, envelope.WithViewLink(envelope.DigestFooter(e.links, f.member.ID), e.links, f.member.ID, a.Key), e.set.Digest.MaxBytes); err != nil {
				return fmt.Errorf("rendering: %w", err)
			}
			shown = make(map[forum.PostID]bool)
			for _, g := range d.Groups {
				for _, t := range g.Threads {
					for _, p := range t.Posts {
						shown[p.ID] = p.Fits && t.Fits
					}
				}
			}
		}
		f.renderedByEdition[a.Key] = shown
	}
	is, in := shown[x.Post]
	x.Folded = in && !is
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
