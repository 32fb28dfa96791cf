package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// contentCacheSize is how many posts' contents stay in memory between batches: about 2 KB each.
const contentCacheSize = 1 << 14

// Builder builds the editions of a batch, reading everything anew from the forum: rights, states,
// watches and addresses as they are now. What is read is read once for the whole batch. It is not safe for
// concurrent use.
type Builder struct {
	forum     *source.DB
	store     *store.Store
	set       DigestConfig
	zones     *zoneCache
	sightings *sightingCache
	cache     *lru.Cache[forum.PostID, cachedContent]
}

// cachedContent is a post's content, good as long as the forum tells the same version of the post.
type cachedContent struct {
	version string
	content *forum.Content
}

// NewBuilder builds from a forum and a store, as the owner has set.
func NewBuilder(f *source.DB, s *store.Store, set DigestConfig) *Builder {
	return newBuilder(f, s, set, contentCacheSize)
}

func newBuilder(f *source.DB, s *store.Store, set DigestConfig, contents int) *Builder {
	kept, err := lru.New[forum.PostID, cachedContent](contents)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Builder{forum: f, store: s, set: set, zones: newZones(set.Zone), sightings: &sightingCache{store: s}, cache: kept}
}

// clone is a builder that may work at the same time. They share what they read of posts.
func (b *Builder) clone() *Builder {
	other := *b
	other.sightings = &sightingCache{store: b.store}
	return &other
}

// EditionRequest names an edition to build: a member and the sightings that it covers, After < seq <= Until.
type EditionRequest struct {
	Key          string // in the outbox; empty: it is not planned
	Member       forum.MemberID
	After, Until int64
	Planned      time.Time
}

// Edition is an edition as built.
type Edition struct {
	Digest    *digest.Digest
	Skip      string                // why there is nothing to send; empty: Digest is to be sent
	Deferred  []digest.DeferredPost // what it leaves to a later one
	NotBefore time.Time             // when it may go at the earliest; zero: now
	TextOnly  bool                  // its member reads text alone
}

// Build builds one edition for each ask, in their order. An error means that the forum or the store
// could not be read: then nothing may be sent.
func (b *Builder) Build(ctx context.Context, now time.Time, asks []EditionRequest) ([]Edition, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	after, until := asks[0].After, asks[0].Until
	ids := make([]forum.MemberID, len(asks))
	for i, a := range asks {
		ids[i], after, until = a.Member, min(after, a.After), max(until, a.Until)
	}
	sightings, err := b.sightings.between(ctx, after, until)
	if err != nil {
		return nil, err
	}
	owed, err := b.store.Deferred.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	if sightings, err = b.addDeferred(ctx, sightings, owed); err != nil {
		return nil, err
	}
	if sightings, err = b.addMoveHistory(ctx, sightings, until); err != nil {
		return nil, err
	}
	editions := make([]Edition, len(asks))
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		window, err := b.window(ctx, s, sightings)
		if err != nil {
			return err
		}
		readers, err := b.readers(ctx, s, ids, now)
		if err != nil {
			return err
		}
		if err := b.loadReadMarks(ctx, s, now, readers); err != nil {
			return err
		}
		if err := b.markOtherRoutes(ctx, asks, sightings, owed, readers); err != nil {
			return err
		}
		for i, a := range asks {
			if editions[i] = delayForPause(readers[a.Member], now); editions[i].NotBefore.IsZero() {
				editions[i] = selectEdition(window, readers[a.Member], a)
			}
		}
		return b.attachContents(ctx, s, editions, now)
	})
	if err != nil {
		return nil, fmt.Errorf("building editions: %w", err)
	}
	return editions, nil
}

// delayForPause holds an edition that was planned before its member wanted a break. By the time that it may go, his next one is
// due, and takes its place.
func delayForPause(r *digest.Reader, now time.Time) Edition {
	if r == nil || !r.Choices.PausedUntil.After(now) {
		return Edition{}
	}
	end := r.Choices.PausedUntil
	if slot, ok := r.Schedule.Next(r.Zone, end.Add(-1)); ok {
		end = slot.At
	}
	return Edition{NotBefore: end}
}

// selectEdition picks what is in one edition.
func selectEdition(window *digest.Window, r *digest.Reader, a EditionRequest) Edition {
	switch {
	case r == nil:
		return Edition{Skip: reasonMemberDeleted}
	case r.Choices.NoEmailReason(r.Member.NoMail, r.Choices.Schedule != nil) != "":
		return Edition{Skip: r.Member.NoMail}
	case r.Choices.Schedule != nil && r.Choices.Schedule.Cadence == digest.Off:
		return Edition{Skip: reasonDigestsOff}
	}
	r.After, r.Until, r.At = a.After, a.Until, a.Planned
	e := Edition{Digest: window.Select(*r), Deferred: window.Deferred(*r), TextOnly: r.Choices.Format == digest.Text}
	e.Digest.WantedExcerpt = r.Choices.Excerpt
	if e.Digest.Empty() {
		e.Digest, e.Skip = nil, reasonNothingNew
	}
	return e
}

// window reads how the sighted posts and their threads stand now.
func (b *Builder) window(ctx context.Context, s *source.Snapshot, sightings []digest.Sighting) (*digest.Window, error) {
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
	return digest.NewWindow(sections, threads, posts, sightings), posts, nil
}
