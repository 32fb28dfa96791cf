package explain

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
)

// next is the member's next edition, as if it were planned when it is due and nothing changed before.
type next struct {
	editions.Request
	due  time.Time     // zero: never
	skip digest.Reason // why it would not be sent; empty: it would
}

// builtEdition is an edition as it would be sent now.
type builtEdition struct {
	editions.Edition
	posts map[forum.PostID]bool // its posts: whether there is room for them
}

// loadNext determines the next edition, and whether it would be sent.
func (e *Service) loadNext(ctx context.Context, f *memberFacts) error {
	sub := f.rehearsal.Subscriber
	n := next{due: sub.Due}
	n.Member, n.Until, n.Planned = f.member.ID, f.rehearsal.Overlay.Until(), f.now
	if n.due.After(f.now) {
		n.Planned = n.due
	}
	waiting, err := e.store.Outbox.WaitingEditions(ctx, []forum.MemberID{f.member.ID})
	if err != nil {
		return err
	}
	n.After = waiting[f.member.ID].CoveredBefore(f.now, n.Planned, sub.CoveredSeq)
	f.next = n
	if f.upcoming, err = e.builder.UpcomingDeferred(ctx, []editions.Request{n.Request}); err != nil {
		return err
	}
	if off := e.digestsOff(f); off != "" {
		f.next.skip = off
		return nil
	}
	if !f.rehearsal.Watches {
		f.next.skip = digest.ReasonNotSubscribed
		return nil
	}
	b, err := e.edition(ctx, f, n.Request)
	if err != nil {
		return err
	}
	if f.next.skip = digest.Reason(b.Skip); b.Digest != nil {
		f.next.skip = e.addressBlocked(f, n.Planned)
	}
	return nil
}

// brings reports whether the next edition would bring a post.
func (f *memberFacts) brings(post forum.PostID) bool {
	_, in := f.built[""].posts[post]
	return in && f.next.skip == ""
}

// edition builds an edition that is not sent yet, once for all posts.
func (e *Service) edition(ctx context.Context, f *memberFacts, a editions.Request) (builtEdition, error) {
	if b, known := f.built[a.Key]; known {
		return b, nil
	}
	at := f.now
	if a.Key == "" {
		at = a.Planned
	}
	list, err := e.builder.Build(ctx, at, []editions.Request{a})
	if err == nil && !list[0].NotBefore.IsZero() { // paused: as at the end of the pause
		list, err = e.builder.Build(ctx, list[0].NotBefore, []editions.Request{a})
	}
	if err != nil {
		return builtEdition{}, err
	}
	b := builtEdition{Edition: list[0], posts: make(map[forum.PostID]bool)}
	if b.Digest != nil {
		footer := envelope.WithViewLink(envelope.DigestFooter(e.links, f.member.ID), e.links, f.member.ID, a.Key)
		if _, err := e.press.Digest(b.Digest, footer, e.set.Digest.MaxBytes); err != nil {
			return b, fmt.Errorf("rendering: %w", err)
		}
		for _, g := range b.Digest.Groups {
			for _, t := range g.Threads {
				for _, p := range t.Posts {
					b.posts[p.ID] = p.Fits && t.Fits
				}
			}
		}
	}
	f.built[a.Key] = b
	return b, nil
}
