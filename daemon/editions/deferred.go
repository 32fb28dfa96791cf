package editions

import (
	"context"
	"slices"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// deferredFor returns the deferred posts of members. For editions that are not planned, these are the posts that planning would assign
// to them.
func (b *Builder) deferredFor(ctx context.Context, requests []Request, ids []forum.MemberID) ([]store.DeferredPost, error) {
	if slices.ContainsFunc(requests, func(a Request) bool { return a.Key == "" }) {
		return b.UpcomingDeferred(ctx, requests)
	}
	return b.store.Deferred.OfMembers(ctx, ids)
}

// UpcomingDeferred returns the deferred posts that planning would assign to the next editions of members.
func (b *Builder) UpcomingDeferred(ctx context.Context, requests []Request) ([]store.DeferredPost, error) {
	ids := make([]forum.MemberID, len(requests))
	after := make(map[forum.MemberID]int64, len(requests))
	for i, a := range requests {
		ids[i], after[a.Member] = a.Member, a.After
	}
	deferred, err := b.store.Deferred.Upcoming(ctx, ids, func(member forum.MemberID) int64 { return after[member] })
	if err != nil || b.sightings.overlay == nil {
		return deferred, err
	}
	for _, id := range ids {
		deferred = append(deferred, b.sightings.overlay.deferred[id]...)
	}
	return deferred, nil
}

// addDeferred adds the sightings of deferred posts to those of a batch.
func (b *Builder) addDeferred(ctx context.Context, sightings []digest.Sighting, deferred []store.DeferredPost) ([]digest.Sighting, error) {
	if len(deferred) == 0 {
		return sightings, nil
	}
	known := make(map[int64]bool, len(sightings))
	for _, s := range sightings {
		known[s.Seq] = true
	}
	var missing []int64
	for _, o := range deferred {
		if !known[o.Seq] {
			known[o.Seq] = true
			missing = append(missing, o.Seq)
		}
	}
	more, err := b.store.Sightings.At(ctx, missing)
	if err != nil {
		return nil, err
	}
	return slices.Concat(sightings, more), nil // a copy, because the sightings of a batch are cached
}

// addMoveHistory adds the earlier sightings of moved posts, up to a sequence number, so that members who already got such a
// post do not get it again.
func (b *Builder) addMoveHistory(ctx context.Context, sightings []digest.Sighting, until int64) ([]digest.Sighting, error) {
	known := make(map[int64]bool)
	var moved []forum.PostID
	for _, s := range sightings {
		if s.MovedFrom != 0 {
			moved = append(moved, s.Post)
		}
	}
	if len(moved) == 0 {
		return sightings, nil
	}
	for _, s := range sightings {
		known[s.Seq] = true
	}
	seen, err := b.store.Sightings.Records(ctx, moved)
	if err != nil {
		return nil, err
	}
	var past []digest.Sighting
	for _, x := range seen {
		if x.Seq <= until && !known[x.Seq] {
			past = append(past, x.Sighting())
		}
	}
	return slices.Concat(sightings, past), nil
}

// MarkOtherRoutes marks the posts of the window that reach a reader independently of the covered sequence. At any time a
// post has exactly one route to a member: a planned alert, an edition that it is deferred to, or the covered sequence.
func (b *Builder) MarkOtherRoutes(ctx context.Context, requests []Request, window []digest.Sighting, deferred []store.DeferredPost, readers map[forum.MemberID]*digest.Reader) error {
	of := make(map[forum.MemberID]Request, len(requests))
	ids := make([]forum.MemberID, len(requests))
	for i, a := range requests {
		of[a.Member], ids[i] = a, a.Member
	}
	for _, o := range deferred {
		r := readers[o.Member]
		switch {
		case r == nil:
		case of[o.Member].Includes(o):
			setDeferred(r, o.Post, o.Cause)
		default:
			markOmitted(r, o.Post, digest.ReasonDeferred)
		}
	}
	first, last, ok := idRange(window)
	if !ok {
		return nil
	}
	notified, err := b.store.Alerts.ItemStatuses(ctx, ids, first, last)
	if err != nil {
		return err
	}
	for _, n := range notified {
		if r := readers[n.Member]; r != nil && r.OtherRoute[n.Post] == "" && !isDeferred(r, n.Post) {
			markOmitted(r, n.Post, routeReason(n))
		}
	}
	b.markUpcomingAlerts(requests, readers)
	return nil
}

// markUpcomingAlerts marks the posts that an alert would bring before the edition.
func (b *Builder) markUpcomingAlerts(requests []Request, readers map[forum.MemberID]*digest.Reader) {
	if b.sightings.overlay == nil {
		return
	}
	for _, a := range requests {
		r := readers[a.Member]
		if r == nil || a.Key != "" {
			continue
		}
		for post, alert := range b.sightings.overlay.alerts[a.Member] {
			switch {
			case isDeferred(r, post):
			case alert.LeftOut == digest.AlreadyRead:
				markOmitted(r, post, digest.AlreadyRead)
			case r.OtherRoute[post] == "":
				markOmitted(r, post, digest.ReasonAlertPending)
			}
		}
	}
}

// Includes reports whether a post is deferred to this edition. An edition that is not planned includes the posts that it
// would have if it were planned.
func (a Request) Includes(o store.DeferredPost) bool {
	if a.Key == "" {
		return o.Edition == "" && !o.NotBefore.After(a.Planned)
	}
	return o.Edition == a.Key
}

// routeReason returns how a post with an alert item reaches the member, if it is not deferred to an edition.
func routeReason(n store.AlertItemStatus) digest.Reason {
	switch {
	case n.LeftOut == string(digest.AlreadyRead):
		return digest.AlreadyRead
	case n.LeftOut != "":
		return digest.ReasonInOtherEdition // it was sent or skipped
	case n.State == "":
		return digest.ReasonAlertPending
	case n.State == store.StateAccepted:
		return digest.AlreadyAlerted
	}
	return digest.ReasonDeferred // to the edition that is planned next
}

// idRange returns the lowest and the highest post ID of a window.
func idRange(window []digest.Sighting) (first, last forum.PostID, ok bool) {
	for i, s := range window {
		if i == 0 || s.Post < first {
			first = s.Post
		}
		last = max(last, s.Post)
	}
	return first, last, len(window) > 0
}

func setDeferred(r *digest.Reader, post forum.PostID, cause digest.AlertCause) {
	if r.Deferred == nil {
		r.Deferred = make(map[forum.PostID]digest.AlertCause)
	}
	r.Deferred[post] = cause
}

func isDeferred(r *digest.Reader, post forum.PostID) bool {
	_, yes := r.Deferred[post]
	return yes
}

func markOmitted(r *digest.Reader, post forum.PostID, why digest.Reason) {
	if r.OtherRoute == nil {
		r.OtherRoute = make(map[forum.PostID]digest.Reason)
	}
	r.OtherRoute[post] = why
}
