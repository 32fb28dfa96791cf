package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// ExplainPosts explains posts to one member, found by number or name.
func (e *Explainer) ExplainPosts(ctx context.Context, now time.Time, who string, posts []forum.PostID) (forum.Member, []PostExplanation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var f *memberFacts
	stories := make([]PostExplanation, len(posts))
	err := e.builder.forum.Read(ctx, func(s *source.Snapshot) (err error) {
		if f, err = e.loadMember(ctx, s, who, now); err != nil {
			return err
		}
		if err := e.loadPostFacts(ctx, f, stories, posts); err != nil {
			return err
		}
		f.window, err = e.builder.window(ctx, s, f.sightings)
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

// loadPostFacts reads what the store knows of the posts.
func (e *Explainer) loadPostFacts(ctx context.Context, f *memberFacts, stories []PostExplanation, posts []forum.PostID) error {
	from := e.builder.store
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
		f.sightings = append(f.sightings, digest.Sighting{Seq: x.Seq, Post: x.Post, Section: x.Section, MovedFrom: x.MovedFrom})
	}
	for i, post := range posts {
		stories[i] = PostExplanation{Post: post, Seen: byPost[post], Pending: pending[post], Notice: notices[post]}
		if len(byPost[post]) == 0 { // as if it were sighted next
			f.sightings = append(f.sightings, digest.Sighting{Seq: f.head + 1, Post: post})
		}
	}
	return nil
}

// next is the edition that the member would get next, were it planned now.
func (f *memberFacts) next() EditionRequest {
	due := f.sub.Due
	if due.Before(f.now) {
		due = f.now
	}
	return EditionRequest{Member: f.member.ID, After: f.sub.CoveredSeq, Until: f.head + 1, Planned: due}
}

// editionOf is a digest of the outbox as something to judge by.
func editionOf(m store.Mail) EditionRequest {
	return EditionRequest{Key: m.Key, Member: m.Member, After: m.From, Until: m.Until, Planned: m.Created}
}

// trace traces a post as an edition would judge it.
func (e *Explainer) trace(ctx context.Context, f *memberFacts, a EditionRequest, post forum.PostID) ([]digest.RuleResult, digest.Reason, error) {
	r := f.readersByEdition[a.Key]
	if r == nil {
		fresh := f.reader
		fresh.Deferred, fresh.OtherRoute = nil, nil
		fresh.After, fresh.Until, fresh.At = a.After, a.Until, a.Planned
		r = &fresh
		if err := e.builder.markOtherRoutes(ctx, []EditionRequest{a}, f.sightings, f.owed, map[forum.MemberID]*digest.Reader{f.member.ID: r}); err != nil {
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

// covers tells whether a post lies in the stretch of an edition, or is owed with it.
func (f *memberFacts) covers(a EditionRequest, x *PostExplanation) bool {
	for _, s := range x.Seen {
		if s.Seq > a.After && s.Seq <= a.Until {
			return true
		}
	}
	return slices.ContainsFunc(f.owed, func(o store.DeferredPost) bool { return o.Post == x.Post && a.includes(o) })
}

// explainPost finds the way of a post to the member, or where it ends. What has happened counts before what would.
func (e *Explainer) explainPost(ctx context.Context, f *memberFacts, x *PostExplanation) (err error) {
	if told := e.explainAlert(f, x); told {
		x.RuleResults, _, err = e.trace(ctx, f, f.next(), x.Post)
		return err
	}
	err = e.explainDigests(ctx, f, x)
	x.Alert = e.whyNoAlert(f, x)
	return err
}

// explainDigests looks for the edition that brought or brings a post.
func (e *Explainer) explainDigests(ctx context.Context, f *memberFacts, x *PostExplanation) error {
	var failed *store.Mail // the newest that covers it and came to nothing
	for _, m := range f.mails {
		a := editionOf(m)
		if m.Kind != store.KindDigest || m.State == store.StateMerged || !f.covers(a, x) {
			continue
		}
		x.Mails = append(x.Mails, m)
		steps, why, err := e.trace(ctx, f, a, x.Post)
		if err != nil {
			return err
		}
		switch x.RuleResults = steps; {
		case why != "":
			x.Verdict, x.Reason = Omitted, string(why)
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

// pending tells whether something is still to become of a mail.
func pending(m store.Mail) bool { return m.Settled.IsZero() }

// setDelivered ends the search at a digest.
func (e *Explainer) setDelivered(ctx context.Context, f *memberFacts, x *PostExplanation, v PostStatus, a EditionRequest, m store.Mail) error {
	x.Verdict, x.Mail, x.Reason = v, m.Key, "with his digest"
	x.At = cmp.Or(m.Settled, m.NotBefore)
	if v == Waiting {
		if why := append(e.blockers(f, store.KindDigest), e.delayReasons(f)...); len(why) > 0 {
			x.Reason += "; " + why[0]
		}
	}
	return e.checkTruncated(ctx, f, x, a)
}

// explainNextDigest tells of a post that no mail has brought: whether the next edition does.
func (e *Explainer) explainNextDigest(ctx context.Context, f *memberFacts, x *PostExplanation, failed *store.Mail) error {
	a := f.next()
	owed, is := f.deferredFor(x.Post)
	ahead := len(x.Seen) == 0 || f.covers(a, x)
	if !ahead && !is && x.Verdict != "" {
		return nil // an edition has judged it, and the next one does not
	}
	steps, why, err := e.trace(ctx, f, a, x.Post)
	if err != nil {
		return err
	}
	x.RuleResults, x.Verdict = steps, Omitted
	switch {
	case why == digest.ReasonDeferred:
		x.Verdict, x.Reason, x.At = Upcoming, "owed to him ("+string(owed.Reason)+"): comes with a later digest", owed.NotBefore
		return nil
	case why == digest.HeldForWeek || why == digest.HeldForMonth:
		x.Verdict, x.Reason, x.At = Upcoming, string(why), f.window.HeldUntil(f.reader, x.Post)
		return nil
	case why != "":
		x.Reason = string(why)
	case len(x.Seen) == 0:
		x.Reason = e.whyNotSighted(x)
	case !f.subscribed:
		x.Reason = reasonNoSubscriptions
	case !ahead && failed != nil:
		x.Reason = describeOutcome(*failed)
	case !ahead:
		x.Reason = "before his digests began, or longer ago than is remembered"
	default:
		return e.setUpcoming(ctx, f, x, a)
	}
	return nil
}

// setUpcoming tells of a post that the next edition holds.
func (e *Explainer) setUpcoming(ctx context.Context, f *memberFacts, x *PostExplanation, a EditionRequest) error {
	if why := e.blockers(f, store.KindDigest); len(why) > 0 {
		x.Reason = why[0]
		return nil
	}
	x.Verdict, x.Reason, x.At = Upcoming, "with his next digest", f.sub.Due
	a.Until = f.head
	return e.checkTruncated(ctx, f, x, a)
}

// whyNotSighted is why a post was never sighted that could be seen now.
func (e *Explainer) whyNotSighted(x *PostExplanation) string {
	if !x.Pending.IsZero() {
		return "not sighted yet: it was not visible when it was met, and the next gather looks again"
	}
	return "never sighted: older than what postrider tells of, or the next gather brings it"
}

// deferredFor tells whether an edition owes a post to the member.
func (f *memberFacts) deferredFor(post forum.PostID) (store.DeferredPost, bool) {
	i := slices.IndexFunc(f.owed, func(o store.DeferredPost) bool { return o.Post == post })
	if i < 0 {
		return store.DeferredPost{}, false
	}
	return f.owed[i], true
}

// checkTruncated looks whether an edition has room for the post. It builds the whole edition, once for all posts.
func (e *Explainer) checkTruncated(ctx context.Context, f *memberFacts, x *PostExplanation, a EditionRequest) error {
	shown, known := f.renderedByEdition[a.Key]
	if !known {
		editions, err := e.builder.Build(ctx, f.now, []EditionRequest{a})
		if err != nil {
			return err
		}
		if d := editions[0].Digest; d != nil {
			if _, err := e.press.Digest(d, withViewLink(digestFooter(e.links, f.member.ID), e.links, f.member.ID, a.Key), e.set.Digest.MaxBytes); err != nil {
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

// describeOutcome words what became of a mail.
func describeOutcome(m store.Mail) string {
	text := fmt.Sprintf("%s was %s", m.Key, m.State)
	if m.Last.Code != 0 {
		text += fmt.Sprintf(": %d %s", m.Last.Code, cmp.Or(m.Last.Reply, m.Last.Reason))
	} else if m.Last.Reason != "" {
		text += ": " + m.Last.Reason
	}
	return text
}
