package daemon

import (
	"cmp"
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

// keptContents is how many posts' contents stay in memory between batches: about 2 KB each.
const keptContents = 1 << 14

// Builder builds the editions of a batch, reading everything anew from the forum: rights, states,
// watches and addresses as they are now. What is read is read once for the whole batch. It is not safe for
// concurrent use.
type Builder struct {
	forum *source.DB
	store *store.Store
	set   DigestConfig
	zones *zones
	seen  *sighted
	kept  *lru.Cache[forum.PostID, keptContent]
}

// keptContent is a post's content, good as long as the forum tells the same version of the post.
type keptContent struct {
	version string
	content *forum.Content
}

// NewBuilder builds from a forum and a store, as the owner has set.
func NewBuilder(f *source.DB, s *store.Store, set DigestConfig) *Builder {
	return newBuilder(f, s, set, keptContents)
}

func newBuilder(f *source.DB, s *store.Store, set DigestConfig, contents int) *Builder {
	kept, err := lru.New[forum.PostID, keptContent](contents)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Builder{forum: f, store: s, set: set, zones: newZones(set.Zone), seen: &sighted{store: s}, kept: kept}
}

// beside is a builder that may work at the same time. They share what they read of posts.
func (b *Builder) beside() *Builder {
	other := *b
	other.seen = &sighted{store: b.store}
	return &other
}

// Ask names an edition to build: a member and the sightings that it covers, After < seq <= Until.
type Ask struct {
	Key          string // in the outbox; empty: it is not planned
	Member       forum.MemberID
	After, Until int64
	Planned      time.Time
}

// Edition is an edition as built.
type Edition struct {
	Digest *digest.Digest
	Skip   string         // why there is nothing to send; empty: Digest is to be sent
	Owes   []digest.Owing // what it leaves to a later one
	Hold   time.Time      // when it may go at the earliest; zero: now
	Text   bool           // its member reads text alone
}

// The reasons for which an edition is skipped, besides those of forum.Member.NoMail.
const (
	skipGone  = "member is gone"
	skipEmpty = "nothing new"
	skipEnded = "digests turned off by the member"
)

// Build builds one edition for each ask, in their order. An error means that the forum or the store
// could not be read: then nothing may be sent.
func (b *Builder) Build(ctx context.Context, now time.Time, asks []Ask) ([]Edition, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	after, until := asks[0].After, asks[0].Until
	ids := make([]forum.MemberID, len(asks))
	for i, a := range asks {
		ids[i], after, until = a.Member, min(after, a.After), max(until, a.Until)
	}
	sightings, err := b.seen.between(ctx, after, until)
	if err != nil {
		return nil, err
	}
	owed, err := b.store.Owed(ctx, ids)
	if err != nil {
		return nil, err
	}
	if sightings, err = b.withOwed(ctx, sightings, owed); err != nil {
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
		if err := b.readSoFar(ctx, s, now, readers); err != nil {
			return err
		}
		if err := b.elsewhere(ctx, asks, sightings, owed, readers); err != nil {
			return err
		}
		for i, a := range asks {
			if editions[i] = paused(readers[a.Member], now); editions[i].Hold.IsZero() {
				editions[i] = choose(window, readers[a.Member], a)
			}
		}
		return b.fill(ctx, s, editions, now)
	})
	if err != nil {
		return nil, fmt.Errorf("building editions: %w", err)
	}
	return editions, nil
}

// paused holds an edition that was planned before its member wanted a break. By the time that it may go, his next one is
// due, and takes its place.
func paused(r *digest.Reader, now time.Time) Edition {
	if r == nil || !r.Choices.PausedUntil.After(now) {
		return Edition{}
	}
	end := r.Choices.PausedUntil
	if slot, ok := r.Schedule.Next(r.Zone, end.Add(-1)); ok {
		end = slot.At
	}
	return Edition{Hold: end}
}

// choose picks what is in one edition.
func choose(window *digest.Window, r *digest.Reader, a Ask) Edition {
	switch {
	case r == nil:
		return Edition{Skip: skipGone}
	case r.Choices.Refusal(r.Member.NoMail, r.Choices.Schedule != nil) != "":
		return Edition{Skip: r.Member.NoMail}
	case r.Choices.Schedule != nil && r.Choices.Schedule.Cadence == digest.Off:
		return Edition{Skip: skipEnded}
	}
	r.After, r.Until, r.At = a.After, a.Until, a.Planned
	e := Edition{Digest: window.Select(*r), Owes: window.Held(*r), Text: r.Choices.Format == digest.Text}
	e.Digest.Length = r.Choices.Excerpt
	if e.Digest.Empty() {
		e.Digest, e.Skip = nil, skipEmpty
	}
	return e
}

// window reads how the sighted posts and their threads stand now.
func (b *Builder) window(ctx context.Context, s *source.Snapshot, sightings []digest.Sighting) (*digest.Window, error) {
	window, _, err := b.windowOf(ctx, s, sightings)
	return window, err
}

func (b *Builder) windowOf(ctx context.Context, s *source.Snapshot, sightings []digest.Sighting) (*digest.Window, []forum.Post, error) {
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

// readers reads everything that decides what the members' editions may hold.
func (b *Builder) readers(ctx context.Context, s *source.Snapshot, ids []forum.MemberID, now time.Time) (map[forum.MemberID]*digest.Reader, error) {
	members, err := s.Members(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	classes := make([]forum.Class, len(members))
	for i, m := range members {
		classes[i] = m.Class
	}
	slices.Sort(classes)
	access, err := s.Access(ctx, slices.Compact(classes))
	if err != nil {
		return nil, err
	}
	watches, err := s.Watches(ctx, ids)
	if err != nil {
		return nil, err
	}
	ignores, err := s.Ignores(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := b.store.Preferences(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading preferences: %w", err)
	}
	wishes, err := b.store.Wishes(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading wishes: %w", err)
	}
	readers := make(map[forum.MemberID]*digest.Reader, len(members))
	for _, m := range members {
		c := choices[m.ID]
		m.Zone, m.Locale = cmp.Or(c.Zone, m.Zone), cmp.Or(c.Locale, m.Locale)
		readers[m.ID] = &digest.Reader{
			Member: m, Access: access[m.Class], Watches: watches[m.ID], Ignores: ignores[m.ID],
			Choices: c, Wishes: wishes[m.ID], Schedule: b.schedule(c), Zone: b.zones.of(m.Zone),
		}
	}
	return readers, nil
}

// schedule is that of a member's digests. What he wants weekly comes on the site's weekday unless he has one of his own.
func (b *Builder) schedule(c digest.Choices) digest.Schedule {
	s := b.set.Schedule()
	if own := c.Schedule; own != nil {
		s.Cadence, s.Hour, s.Every = own.Cadence, own.Hour, own.Every
		switch own.Cadence {
		case digest.Weekly:
			s.Weekday = own.Weekday
		case digest.Monthly:
			s.Day = own.Day
		}
	}
	return s
}

// readSoFar adds what the members have read on the site, for those to whom that is no news.
func (b *Builder) readSoFar(ctx context.Context, s *source.Snapshot, now time.Time, readers map[forum.MemberID]*digest.Reader) error {
	var ids []forum.MemberID
	for id, r := range readers {
		if only := r.Choices.UnreadOnly; only == nil && b.set.SkipRead || only != nil && *only {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	marks, err := s.ReadMarks(ctx, ids, now)
	if err != nil {
		return err
	}
	for id, r := range readers {
		if m, ok := marks[id]; ok {
			r.Read = &m
		}
	}
	return nil
}

// fill gives the chosen posts their contents and ranks them.
func (b *Builder) fill(ctx context.Context, s *source.Snapshot, editions []Edition, now time.Time) error {
	need := newNeed(editions)
	contents, err := b.contents(ctx, s, need.posts)
	if err != nil {
		return err
	}
	part, err := s.TookPart(ctx, need.members, need.threadIDs())
	if err != nil {
		return err
	}
	for i := range editions {
		d := editions[i].Digest
		if d == nil {
			continue
		}
		d.Zone = b.zones.of(d.Member.Zone)
		if d.Member.Locale == "" {
			d.Member.Locale = b.set.Locale
		}
		d.Fill(contents, part[d.Member.ID])
		d.From, d.Until = d.Oldest(), now
		if d.Empty() {
			editions[i] = Edition{Skip: skipEmpty, Owes: editions[i].Owes}
		}
	}
	return nil
}

// need is what the editions of a batch need in all.
type need struct {
	members []forum.MemberID
	threads map[forum.ThreadID]bool
	posts   map[forum.PostID]string // with their versions
}

func newNeed(editions []Edition) need {
	n := need{threads: make(map[forum.ThreadID]bool), posts: make(map[forum.PostID]string)}
	for _, e := range editions {
		if e.Digest == nil {
			continue
		}
		n.members = append(n.members, e.Digest.Member.ID)
		for _, g := range e.Digest.Groups {
			for _, t := range g.Threads {
				n.threads[t.ID] = true
				for _, p := range t.Posts {
					n.posts[p.ID] = p.Version
				}
			}
		}
	}
	return n
}

func (n need) threadIDs() []forum.ThreadID {
	ids := make([]forum.ThreadID, 0, len(n.threads))
	for id := range n.threads {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// contents gives the contents of posts, reading only those that are not kept in this version.
func (b *Builder) contents(ctx context.Context, s *source.Snapshot, posts map[forum.PostID]string) (map[forum.PostID]*forum.Content, error) {
	found := make(map[forum.PostID]*forum.Content, len(posts))
	var missing []forum.PostID
	for id, version := range posts {
		if kept, ok := b.kept.Get(id); ok && kept.version == version {
			found[id] = kept.content
		} else {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	read, err := s.Contents(ctx, missing)
	if err != nil {
		return nil, err
	}
	for id, content := range read {
		// Only the excerpt is ever printed: a post of a megabyte must not stay in memory whole.
		content.Body = content.Body.Excerpt(slices.Max(b.set.Lengths()))
		b.kept.Add(id, keptContent{posts[id], content})
		found[id] = content
	}
	return found, nil
}
