package editions

import (
	"cmp"
	"context"
	"errors"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// ErrNothingToShow is returned for a message of which the member may no longer read anything.
var ErrNothingToShow = errors.New("no post of the message may be shown")

// Rebuild builds an edition again, long after it was sent, with what the member may read now. It includes posts that they
// have read since. sent is when it was sent.
func (b *Builder) Rebuild(ctx context.Context, now time.Time, a Request, sent time.Time) (*digest.Digest, error) {
	sightings, deferred, err := b.rangeOf(ctx, a)
	if err != nil {
		return nil, err
	}
	var d *digest.Digest
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		readers, err := b.Readers(ctx, s, []forum.MemberID{a.Member}, now)
		if err != nil {
			return err
		}
		r, err := readable(readers, a.Member)
		if err != nil {
			return err
		}
		window, err := b.Window(ctx, s, sightings)
		if err != nil {
			return err
		}
		if err := b.MarkOtherRoutes(ctx, []Request{a}, sightings, deferred, readers); err != nil {
			return err
		}
		r.After, r.Until, r.At = a.After, a.Until, a.Planned
		edition := []Edition{{Digest: window.Select(*r)}}
		edition[0].Digest.WantedExcerpt = cmp.Or(r.Choices.Excerpt, b.set.DefaultExcerpt())
		err = b.attachContents(ctx, s, edition, readers, sent)
		d = edition[0].Digest
		return err
	})
	if err == nil && d == nil {
		err = ErrNothingToShow
	}
	return d, err
}

// rangeOf reads the sightings of an edition and the posts that were or are deferred to it.
func (b *Builder) rangeOf(ctx context.Context, a Request) ([]digest.Sighting, []store.DeferredPost, error) {
	sightings, err := b.sightings.between(ctx, a.After, a.Until)
	if err != nil {
		return nil, nil, err
	}
	deferred, err := b.store.Deferred.OfMembers(ctx, []forum.MemberID{a.Member})
	if err != nil {
		return nil, nil, err
	}
	brought, err := b.store.Deferred.Delivered(ctx, a.Member, a.Key)
	if err != nil {
		return nil, nil, err
	}
	deferred = append(deferred, brought...)
	sightings, err = b.addDeferred(ctx, sightings, deferred)
	return sightings, deferred, err
}

// RebuildAlert builds an alert again, long after it was sent, with the posts that the member may read now. key identifies
// it; sent is when it was sent.
func (b *Builder) RebuildAlert(ctx context.Context, now time.Time, member forum.MemberID, key string, sent time.Time) (*digest.Alert, error) {
	items, err := b.store.Alerts.Items(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	requests := []AlertRequest{{Member: member, Items: items[key]}}
	var a *digest.Alert
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		x, err := b.loadAlertInputs(ctx, s, requests, now)
		if err != nil {
			return err
		}
		r, err := readable(x.readers, member)
		if err != nil {
			return err
		}
		d, _ := x.window.Alert(withItemWatches(*r, requests[0].Items), requests[0].Items, x.contents)
		if d.Empty() {
			return ErrNothingToShow
		}
		d.WantedExcerpt = b.alerts.Excerpt
		a = &digest.Alert{Digest: *d}
		built := []AlertResult{{Alert: a, Zone: r.Zone, Choices: r.Choices}}
		if err := b.fillAlerts(ctx, s, built, x.contents, sent); err != nil {
			return err
		}
		return b.addContext(ctx, s, built, x.readers, x.before, now)
	})
	return a, err
}

// withItemWatches returns the reader with the watches that caused the alert items, regardless of current watches,
// overrides and read marks.
func withItemWatches(r digest.Reader, items []digest.AlertItem) digest.Reader {
	r.Read, r.Overrides = nil, digest.Overrides{}
	r.Watches = forum.Watches{Threads: make(map[forum.ThreadID]forum.Watch), Sections: make(map[forum.SectionID]forum.Watch)}
	for _, n := range items {
		switch n.Cause {
		case digest.ThreadWatched:
			r.Watches.Threads[n.Thread] = forum.Watch{Mail: forum.AllPosts}
		case digest.SectionWatched:
			r.Watches.Sections[n.Section] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
		}
	}
	return r
}

// readable returns the reader of a message if they may read the forum at all.
func readable(readers map[forum.MemberID]*digest.Reader, id forum.MemberID) (*digest.Reader, error) {
	r := readers[id]
	switch {
	case r == nil:
		return nil, forum.ErrNoMember
	case !source.MayRead(r.Member):
		return nil, ErrNothingToShow
	}
	return r, nil
}
