package explain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// Posts explains posts for one member, found by ID or name.
func (e *Service) Posts(ctx context.Context, now time.Time, who string, posts []forum.PostID) (forum.Member, []Post, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, err := e.loadMember(ctx, who, now)
	stories := make([]Post, len(posts))
	if err == nil {
		err = e.loadPostFacts(ctx, f, stories, posts)
	}
	for i := 0; i < len(stories) && err == nil; i++ {
		err = e.explainPost(ctx, f, &stories[i])
	}
	if err != nil {
		return forum.Member{}, nil, fmt.Errorf("explaining: %w", err)
	}
	return f.member, stories, nil
}

// loadPostFacts reads what the store and the forum have about the posts.
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
	places, err := e.places(ctx, seen)
	if err != nil {
		return err
	}
	byPost := make(map[forum.PostID][]store.SightingRecord)
	known := make(map[forum.PostID]bool)
	for _, x := range seen {
		byPost[x.Post], known[x.Post] = append(byPost[x.Post], x), true
		f.sightings = append(f.sightings, x.Sighting())
	}
	for _, x := range f.rehearsal.Overlay.SightingsOf(posts) {
		known[x.Post] = true
		f.sightings = append(f.sightings, x)
	}
	for i, post := range posts {
		stories[i] = Post{Post: post, Seen: byPost[post], Places: places, Pending: pending[post], Notice: notices[post]}
		if !known[post] { // to evaluate its rules, as if it were sighted
			f.sightings = append(f.sightings, digest.Sighting{Seq: f.next.Until + 1, Post: post})
		}
	}
	return e.forum.Read(ctx, func(s *source.Snapshot) error {
		f.window, err = e.builder.Window(ctx, s, f.sightings)
		return err
	})
}

// places reads the places of sightings that stand for several sections.
func (e *Service) places(ctx context.Context, seen []store.SightingRecord) (forum.Places, error) {
	var ids []forum.SectionID
	for _, x := range seen {
		for _, id := range []forum.SectionID{x.Section, x.MovedFrom} {
			if id < 0 {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return e.store.Sightings.Places(ctx, ids)
}

// trace evaluates the rules for a post in an edition.
func (e *Service) trace(ctx context.Context, f *memberFacts, a editions.Request, post forum.PostID) ([]digest.RuleResult, digest.Reason, error) {
	r := f.reader
	r.Deferred, r.OtherRoute = nil, nil
	r.After, r.Until, r.At = a.After, a.Until, a.Planned
	deferred := f.deferred
	if a.Key == "" {
		deferred = f.upcoming
	}
	if err := e.builder.MarkOtherRoutes(ctx, []editions.Request{a}, f.sightings, deferred, map[forum.MemberID]*digest.Reader{a.Member: &r}); err != nil {
		return nil, "", err
	}
	steps, why, known := f.window.Trace(r, post)
	if !known {
		why = digest.ReasonDeleted
	}
	return steps, why, nil
}

// explainPost determines how a post reaches the member, or why it does not. Past events take precedence over predictions.
func (e *Service) explainPost(ctx context.Context, f *memberFacts, x *Post) error {
	f.addMessages(x)
	a := f.next.Request
	a.Until++ // for a post that is not sighted
	if o, _ := f.deferredPost(x.Post); o.NotBefore.After(a.Planned) {
		a.Planned = o.NotBefore
	}
	steps, why, err := e.trace(ctx, f, a, x.Post)
	if err != nil {
		return err
	}
	x.RuleResults = steps
	found, err := e.explainSent(ctx, f, x)
	if !found && err == nil {
		found, err = e.explainWaiting(ctx, f, x)
	}
	if err != nil {
		return err
	}
	if !found && !e.explainUpcoming(f, x, why) && !f.explainUnclear(x) {
		e.explainOmitted(f, x, why)
	}
	if x.Mail == "" || x.Mail != x.Notice.Key {
		x.Alert = e.whyNoAlert(f, x)
	}
	return nil
}

// deferredPost returns the post if it was deferred to a later edition.
func (f *memberFacts) deferredPost(post forum.PostID) (o store.DeferredPost, found bool) {
	i := slices.IndexFunc(f.upcoming, func(o store.DeferredPost) bool { return o.Post == post })
	if i < 0 {
		return o, false
	}
	return f.upcoming[i], true
}

// explainUpcoming determines whether the next alert or a later edition would bring the post. why is the rule against the latter.
func (e *Service) explainUpcoming(f *memberFacts, x *Post, why digest.Reason) bool {
	alert, built := f.rehearsal.Overlay.Alert(f.member.ID, x.Post)
	if built && alert.Key == "" && alert.LeftOut == "" && e.addressBlocked(f, f.now) == "" {
		x.Verdict, x.Reason = Upcoming, digest.NewPhrase("in_next_alert", "cause", alert.Cause.Word())
		return true
	}
	if f.brings(x.Post) {
		x.Verdict, x.Reason, x.At = Upcoming, digest.NewPhrase("in_next_digest"), f.next.Planned
		x.Folded = !f.built[""].posts[x.Post]
		return true
	}
	if f.blocked() != "" {
		return false
	}
	switch o, deferred := f.deferredPost(x.Post); {
	case why == "" && o.NotBefore.After(f.next.Planned):
		x.Verdict, x.Reason, x.At = Upcoming, digest.NewPhrase("in_later_digest", "reason", o.Reason), o.NotBefore
	case (why == digest.HeldForWeek || why == digest.HeldForMonth) && (deferred || f.ahead(x)):
		x.Verdict, x.Reason, x.At = Upcoming, why.Phrase(), f.window.HeldUntil(f.reader, x.Post)
	default:
		return false
	}
	return true
}

// blocked returns why the member would get no digest, whatever is in it.
func (f *memberFacts) blocked() digest.Reason {
	if f.next.skip == digest.ReasonNothingNew {
		return ""
	}
	return f.next.skip
}

// ahead reports whether the next edition covers the post, or it was deferred to a later one.
func (f *memberFacts) ahead(x *Post) bool {
	if _, deferred := f.deferredPost(x.Post); deferred {
		return true
	}
	return slices.ContainsFunc(f.sightings, func(s digest.Sighting) bool {
		return s.Post == x.Post && s.Seq > f.next.After && s.Seq <= f.next.Until
	})
}

// explainOmitted determines why the member does not get the post. why is the rule against it now.
func (e *Service) explainOmitted(f *memberFacts, x *Post, why digest.Reason) {
	x.Verdict = Omitted
	decided := lastDecision(x)
	blocked := f.blocked()
	switch {
	case digest.Reason(x.Notice.LeftOut) == digest.AlreadyRead:
		x.Reason = digest.AlreadyRead.Phrase()
	case decided != nil && !f.ahead(x):
		x.Reason = describeDecision(*decided, why)
	case why != "" && !isRoute(why):
		x.Reason = why.Phrase()
	case !x.Pending.IsZero():
		x.Reason = digest.NewPhrase("not_sighted_hidden")
	case !f.sighted(x.Post) && f.imported(x.Post):
		x.Reason = digest.NewPhrase("not_sighted_imported")
	case !f.sighted(x.Post):
		x.Reason = digest.NewPhrase("never_sighted")
	case blocked != "":
		x.Reason = blocked.Phrase()
	case f.unsubscribed:
		x.Reason = digest.Reason(digest.ReasonNoSubscriptions).Phrase()
	case !f.ahead(x):
		x.Reason = digest.NewPhrase("before_first_digest")
	default:
		x.Reason = why.Phrase()
	}
}

// sighted reports whether the post is sighted, or would be by the next scan.
func (f *memberFacts) sighted(post forum.PostID) bool {
	return slices.ContainsFunc(f.sightings, func(s digest.Sighting) bool { return s.Post == post && s.Seq <= f.next.Until })
}

// imported reports whether a post that is not sighted was imported or copied. The rehearsal has scanned the forum, so every other
// visible post is sighted, unless it is too old.
func (f *memberFacts) imported(post forum.PostID) bool {
	at := f.window.PostedAt(post)
	return !at.IsZero() && !at.Before(f.rehearsal.Overlay.Oldest) && !at.After(f.now)
}

// isRoute reports whether a rule left the post out because another message was responsible for it.
func isRoute(why digest.Reason) bool {
	switch why {
	case digest.ReasonInOtherEdition, digest.ReasonDeferred, digest.ReasonAlertPending, digest.AlreadyAlerted:
		return true
	}
	return false
}

// describeDecision describes why a digest that was sent or skipped did not bring the post. why is the rule against it now.
func describeDecision(m store.Message, why digest.Reason) digest.Phrase {
	empty := m.Last.Reason == digest.ReasonNothingNew
	switch {
	case m.State != store.StateAccepted && !empty:
		return describeOutcome(m)
	case why != "" && !isRoute(why):
		return digest.NewPhrase("digest_omitted", "key", m.Key, "reason", why)
	}
	return digest.NewPhrase("digest_omitted_then", "key", m.Key)
}
