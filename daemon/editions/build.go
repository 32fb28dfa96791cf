// Package editions builds digests and alerts for many members at a time.
//
// It reads a window of posts and the members' rights, watches and preferences once for a batch. It selects the posts of
// each member by the rules of package digest, and attaches their contents. It writes nothing.
package editions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/daemon/calendar"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// contentCacheSize is how many posts' contents stay cached between batches, at about 2 KB each.
const contentCacheSize = 1 << 14

// wholeShare is which part of the cache also keeps whole posts. They may have 20 KB and more.
const wholeShare = 16

// Builder builds the editions of a batch from the current state of the forum: access rights, post states, watches and
// addresses. It reads everything once per batch. It is not safe for concurrent use.
type Builder struct {
	forum     *source.DB
	store     *store.Store
	set       settings.Digest
	alerts    settings.Alerts
	notify    settings.Notify
	zones     *calendar.Zones
	sightings *sightingCache
	cache     *lru.Cache[forum.PostID, cachedContent]
	whole     *lru.Cache[forum.PostID, cachedContent] // whole posts
}

// cachedContent is the content of a post, valid while the forum has the same version of the post.
type cachedContent struct {
	version string
	content *forum.Content
}

// New returns a Builder that reads from a forum and a store.
func New(f *source.DB, s *store.Store, set settings.Settings) *Builder {
	return newWithCache(f, s, set, contentCacheSize)
}

func newWithCache(f *source.DB, s *store.Store, set settings.Settings, contents int) *Builder {
	cache := func(size int) *lru.Cache[forum.PostID, cachedContent] {
		kept, err := lru.New[forum.PostID, cachedContent](size)
		if err != nil {
			panic(err) // only for a size below one
		}
		return kept
	}
	return &Builder{
		forum: f, store: s, set: set.Digest, alerts: set.Alerts, notify: set.Notify,
		zones: calendar.NewZones(set.Digest.Zone), sightings: &sightingCache{store: s.Sightings}, cache: cache(contents), whole: cache(contents / wholeShare),
	}
}

// Clone returns a builder for concurrent use. Both share the cache of contents.
func (b *Builder) Clone() *Builder {
	other := *b
	other.sightings = &sightingCache{store: b.store.Sightings}
	return &other
}

// Request names an edition to build: a member and the sightings that it covers, After < seq <= Until.
type Request struct {
	Key          string // in the outbox; empty: not planned
	Member       forum.MemberID
	After, Until int64
	Planned      time.Time
	Repeated     bool // copies of it may have arrived
}

// at returns when the edition is built: one that is not planned yet is built when it is due.
func (a Request) at(now time.Time) time.Time {
	if a.Key == "" && a.Planned.After(now) {
		return a.Planned
	}
	return now
}

// Edition is the result of building an edition.
type Edition struct {
	Digest     *digest.Digest
	Skip       string                // why there is nothing to send; empty: send Digest
	Deferred   []digest.DeferredPost // posts deferred to a later edition
	NotBefore  time.Time             // earliest time to send it; zero: now
	HoldReason string                // why it is delayed; empty: the member paused their email
	TextOnly   bool                  // plain text only
}

// Build builds one edition per request, in the same order. An error means that the forum or the store could not be read.
// In that case nothing may be sent.
func (b *Builder) Build(ctx context.Context, now time.Time, requests []Request) ([]Edition, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	after, until := requests[0].After, requests[0].Until
	ids := make([]forum.MemberID, len(requests))
	for i, a := range requests {
		ids[i], after, until = a.Member, min(after, a.After), max(until, a.Until)
	}
	sightings, err := b.sightings.between(ctx, after, until)
	if err != nil {
		return nil, err
	}
	deferred, err := b.deferredFor(ctx, requests, ids)
	if err != nil {
		return nil, err
	}
	if sightings, err = b.addDeferred(ctx, sightings, deferred); err != nil {
		return nil, err
	}
	if sightings, err = b.addMoveHistory(ctx, sightings, until); err != nil {
		return nil, err
	}
	editions := make([]Edition, len(requests))
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		window, err := b.Window(ctx, s, sightings)
		if err != nil {
			return err
		}
		readers, err := b.Readers(ctx, s, ids, now)
		if err != nil {
			return err
		}
		if err := b.LoadReadMarks(ctx, s, now, readers); err != nil {
			return err
		}
		if err := b.MarkOtherRoutes(ctx, requests, sightings, deferred, readers); err != nil {
			return err
		}
		if err := b.loadEarlierCopies(ctx, requests, readers); err != nil {
			return err
		}
		for i, a := range requests {
			if editions[i] = delayEdition(readers[a.Member], a, a.at(now)); editions[i].NotBefore.IsZero() {
				editions[i] = b.selectEdition(window, readers[a.Member], a)
			}
		}
		if err := b.dropBrought(ctx, window, requests, readers, sightings, editions); err != nil {
			return err
		}
		return b.attachContents(ctx, s, editions, readers, now)
	})
	if err != nil {
		return nil, fmt.Errorf("building editions: %w", err)
	}
	return editions, nil
}

// delayEdition delays an edition that was planned before its member paused their email, or before a weekend on which they want none.
// The edition that is due at the end of a pause replaces it. A digest that the member asked for comes on weekends, too, and one that is not
// planned yet is counted as if it came now.
func delayEdition(r *digest.Reader, a Request, now time.Time) Edition {
	if r == nil {
		return Edition{}
	}
	if end := r.Choices.PausedUntil; end.After(now) {
		if slot, ok := r.Schedule.Next(r.Zone, end.Add(-1)); ok {
			end = slot.At
		}
		return Edition{NotBefore: end}
	}
	if r.Choices.WantsWeekendsOff() && a.Key != "" && !store.AskedFor(a.Key) {
		if end, weekend := digest.WeekendEnd(r.Zone, r.Schedule.Hour, now); weekend {
			return Edition{NotBefore: end, HoldReason: digest.ReasonWeekend}
		}
	}
	return Edition{}
}

// selectEdition selects the posts of one edition.
func (b *Builder) selectEdition(window *digest.Window, r *digest.Reader, a Request) Edition {
	switch {
	case r == nil:
		return Edition{Skip: digest.ReasonMemberDeleted}
	case r.Choices.NoEmailReason(r.Member, forum.Digests) != "":
		return Edition{Skip: r.Choices.NoEmailReason(r.Member, forum.Digests)}
	case r.Choices.Schedule != nil && r.Choices.Schedule.Cadence == digest.Off:
		return Edition{Skip: digest.ReasonDigestsOff}
	}
	r.After, r.Until, r.At = a.After, a.Until, a.Planned
	e := Edition{Digest: window.Select(*r), Deferred: window.Deferred(*r), TextOnly: r.Choices.Format == digest.Text}
	e.Digest.WantedExcerpt = cmp.Or(r.Choices.Excerpt, b.set.DefaultExcerpt())
	if e.Digest.Empty() {
		e.Digest, e.Skip = nil, nothingNewReason(r)
	}
	return e
}

// nothingNewReason returns why the edition of a reader is empty.
func nothingNewReason(r *digest.Reader) string {
	if len(r.Watches.Sections)+len(r.Watches.Threads) == 0 {
		return digest.ReasonNotSubscribed
	}
	return digest.ReasonNothingNew
}

// Window reads the current state of the sighted posts and their threads.
func (b *Builder) Window(ctx context.Context, s *source.Snapshot, sightings []digest.Sighting) (*digest.Window, error) {
	window, _, err := b.loadWindow(ctx, s, sightings)
	return window, err
}

func (b *Builder) loadWindow(ctx context.Context, s *source.Snapshot, sightings []digest.Sighting) (*digest.Window, []forum.Post, error) {
	ids := make([]forum.PostID, len(sightings))
	for i, sighting := range sightings {
		ids[i] = sighting.Post
	}
	slices.Sort(ids)
	posts, err := s.Posts(ctx, slices.Compact(ids))
	if err != nil {
		return nil, nil, err
	}
	in := make([]forum.ThreadID, len(posts))
	for i, p := range posts {
		in[i] = p.Thread
	}
	slices.Sort(in)
	threads, err := s.Threads(ctx, slices.Compact(in))
	if err != nil {
		return nil, nil, err
	}
	sections, err := s.Sections(ctx)
	if err != nil {
		return nil, nil, err
	}
	places, err := b.sightings.placesOf(ctx, sightings)
	if err != nil {
		return nil, nil, err
	}
	return digest.NewWindow(sections, threads, posts, sightings, places), posts, nil
}
