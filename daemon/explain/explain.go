// Package explain reports why a member did or did not get a post.
package explain

import (
	"context"
	"sync"
	"time"

	"postrider/daemon/calendar"
	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Service explains why a member did or did not get a post. What happened comes from the store: messages, their posts, and what
// became of them. What would happen comes from the steps that plan messages, run in memory. It is safe for concurrent use.
type Service struct {
	mu       sync.Mutex // guards builder
	forum    *source.DB
	store    *store.Store
	builder  *editions.Builder
	press    *templates.Renderer
	links    *link.Signer
	calendar calendar.Calendar
	set      settings.Settings
	rehearse Rehearse
}

// Rehearse runs the steps of the next round before it plans digests, for one member, in an overlay of the builder. It saves nothing.
type Rehearse func(ctx context.Context, b *editions.Builder, member forum.MemberID, now time.Time) (Rehearsal, error)

// Rehearsal is what the next round would find.
type Rehearsal struct {
	Overlay    *editions.Overlay
	Subscriber store.Subscriber // as the next sync would save it
	Watches    bool             // the member watches anything
}

// New returns a Service for a forum and a store.
func New(f *source.DB, s *store.Store, press *templates.Renderer, links *link.Signer, set settings.Settings, rehearse Rehearse) *Service {
	return &Service{
		forum: f, store: s, builder: editions.New(f, s, set), press: press, links: links, set: set, rehearse: rehearse,
		calendar: calendar.New(set.Digest, calendar.NewZones(set.Digest.Zone)),
	}
}

// retention is how long the store keeps settled messages.
const retention = 90 * 24 * time.Hour

// PostStatus is the status of a post for a member.
type PostStatus string

// The statuses.
const (
	Sent     PostStatus = "sent"
	Waiting  PostStatus = "waiting"   // in the outbox
	Upcoming PostStatus = "coming"    // in a message that is not planned yet
	Unclear  PostStatus = "uncertain" // in a message that a relay may or may not have; no other one brings it
	Omitted  PostStatus = "left out"  // the member does not get it
)

// Post explains the status of one post for one member.
type Post struct {
	Post    forum.PostID
	Verdict PostStatus
	Reason  digest.Phrase // why the member does not get it, or how they do
	Mail    string        // key of the message with the post; empty: none planned
	At      time.Time     // when the message was or will be sent, or the edition is due; zero: unknown
	// Folded means that the message has no room for the post. It is only counted, or only its thread's title is shown.
	Folded      bool
	Seen        []store.SightingRecord
	Places      forum.Places          // of its sightings, if they stand for several sections
	Pending     time.Time             // since when it is known but not visible; zero: not pending
	RuleResults []digest.RuleResult   // current results, whatever happened
	Notice      store.AlertItemRecord // no Key: no alert was planned
	Messages    []store.Message       // messages with the post or covering it, in the order of planning
	Alert       digest.Phrase         // why there was no alert; no Key: not applicable
}

// memberFacts is everything known about a member, read once for all requested posts.
type memberFacts struct {
	now          time.Time
	member       forum.Member
	groups       []forum.GroupID // read only if the configuration lists groups
	reader       digest.Reader
	choices      digest.Preferences
	health       store.Health
	messages     []store.Message
	copies       map[string][][]store.SentPost // of messages that a relay has or may have, by key
	deferred     []store.DeferredPost
	ended        []store.DeferredPost // those of editions that were sent or skipped
	upcoming     []store.DeferredPost // those that a later edition would bring
	unsubscribed bool                 // the store does not know the member as a subscriber
	holds        []store.DomainHold
	paused       bool // delivery is paused
	next         next
	rehearsal    Rehearsal
	sightings    []digest.Sighting
	window       *digest.Window
	built        map[string]builtEdition // by key; empty: the next one
}

// loadMember reads everything about a member.
func (e *Service) loadMember(ctx context.Context, who string, now time.Time) (*memberFacts, error) {
	f := &memberFacts{now: now, built: make(map[string]builtEdition)}
	err := e.forum.Read(ctx, func(s *source.Snapshot) (err error) {
		if f.member, err = s.FindMember(ctx, who, now); err != nil {
			return err
		}
		readers, err := e.builder.Readers(ctx, s, []forum.MemberID{f.member.ID}, now)
		if err != nil {
			return err
		}
		if err := e.builder.LoadReadMarks(ctx, s, now, readers); err != nil {
			return err
		}
		f.reader = *readers[f.member.ID]
		f.choices = f.reader.Choices
		if e.set.Delivery.NeedsGroups() {
			all, err := s.Memberships(ctx, []forum.MemberID{f.member.ID})
			f.groups = all[f.member.ID]
			return err
		}
		return nil
	})
	if err == nil {
		err = e.loadStoreState(ctx, f)
	}
	if err == nil {
		f.rehearsal, err = e.rehearse(ctx, e.builder, f.member.ID, now)
	}
	if err == nil {
		err = e.loadNext(ctx, f)
	}
	return f, err
}

// loadStoreState reads what the store has about a member.
func (e *Service) loadStoreState(ctx context.Context, f *memberFacts) (err error) {
	from, id := e.store, f.member.ID
	subs, err := from.Subscribers.Get(ctx, []forum.MemberID{id})
	if err != nil {
		return err
	}
	sub, known := subs[id]
	f.unsubscribed = !known || sub.Gone
	if f.health, _, err = from.Suppressions.AddressHealth(ctx, f.member.Email); err != nil {
		return err
	}
	if f.messages, err = from.Outbox.MemberMessages(ctx, id, f.now.Add(-retention)); err != nil {
		return err
	}
	if f.copies, err = from.Outbox.Copies(ctx, id, f.now.Add(-retention)); err != nil {
		return err
	}
	if f.deferred, err = from.Deferred.OfMembers(ctx, []forum.MemberID{id}); err != nil {
		return err
	}
	if f.ended, err = from.Deferred.OfEditions(ctx, id); err != nil {
		return err
	}
	if f.holds, err = from.Holds.Active(ctx, f.now); err != nil {
		return err
	}
	_, f.paused, err = from.Queue.Paused(ctx)
	return err
}
