package daemon

import (
	"context"
	"slices"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// addDeferred adds the sightings of posts that members are owed to those of a batch.
func (b *Builder) addDeferred(ctx context.Context, sightings []digest.Sighting, owed []store.DeferredPost) ([]digest.Sighting, error) {
	if len(owed) == 0 {
		return sightings, nil
	}
	known := make(map[int64]bool, len(sightings))
	for _, s := range sightings {
		known[s.Seq] = true
	}
	var missing []int64
	for _, o := range owed {
		if !known[o.Seq] {
			known[o.Seq] = true
			missing = append(missing, o.Seq)
		}
	}
	more, err := b.store.Sightings.At(ctx, missing)
	if err != nil {
		return nil, err
	}
	return slices.Concat(sightings, more), nil // the sightings of a batch are kept for the next
}

// addMoveHistory adds to posts that were moved, up to a number, where they were sighted before: who had one there is not told again.
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
			past = append(past, digest.Sighting{Seq: x.Seq, Post: x.Post, Section: x.Section, MovedFrom: x.MovedFrom})
		}
	}
	return slices.Concat(sightings, past), nil
}

// markOtherRoutes tells each reader which posts of the window reach him in another way than by where his mark stands: each post
// has one way to each member at any time. An alert has it, once planned; or an edition owes it; or none of the two.
func (b *Builder) markOtherRoutes(ctx context.Context, asks []EditionRequest, window []digest.Sighting, owed []store.DeferredPost, readers map[forum.MemberID]*digest.Reader) error {
	of := make(map[forum.MemberID]EditionRequest, len(asks))
	ids := make([]forum.MemberID, len(asks))
	for i, a := range asks {
		of[a.Member], ids[i] = a, a.Member
	}
	for _, o := range owed {
		r := readers[o.Member]
		switch {
		case r == nil:
		case of[o.Member].includes(o):
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
	return nil
}

// includes tells whether the edition is the one that is to bring a post. One that is not planned brings what it would be
// planned with.
func (a EditionRequest) includes(o store.DeferredPost) bool {
	if a.Key == "" {
		return o.Edition == "" && !o.NotBefore.After(a.Planned)
	}
	return o.Edition == a.Key
}

// routeReason is how a post reaches a member of which he has a notice, and that no edition owes him.
func routeReason(n store.AlertItemStatus) digest.Reason {
	switch {
	case n.LeftOut == string(digest.AlreadyRead):
		return digest.AlreadyRead
	case n.LeftOut != "":
		return digest.ReasonInOtherEdition
	case n.State == "":
		return digest.ReasonAlertPending
	case n.State == store.StateAccepted:
		return digest.AlreadyAlerted
	}
	return digest.ReasonDeferred // with the edition that is planned next
}

// idRange is the first and the last post of a window, by number.
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
