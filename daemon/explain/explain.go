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
	"postrider/internal/addr"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Service explains why a member did or did not get a post. Nothing is stored for that: it reads the forum and the store
// again, using the saved IDs, and applies the same rules as for sending. So past messages are evaluated with current
// permissions, watches and post states. It is safe for concurrent use.
type Service struct {
	mu       sync.Mutex // guards builder
	forum    *source.DB
	store    *store.Store
	builder  *editions.Builder
	press    *templates.Renderer
	links    *link.Signer
	calendar calendar.Calendar
	set      settings.Settings
}

// New returns a Service for a forum and a store.
func New(f *source.DB, s *store.Store, press *templates.Renderer, links *link.Signer, set settings.Settings) *Service {
	return &Service{
		forum: f, store: s, builder: editions.New(f, s, set.Digest), press: press, links: links, set: set,
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
	Waiting  PostStatus = "waiting"  // in the outbox
	Upcoming PostStatus = "coming"   // in an edition that is not planned yet
	Omitted  PostStatus = "left out" // the member does not get it
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
	Pending     time.Time             // since when it is known but not visible; zero: not pending
	RuleResults []digest.RuleResult   // current results; the last one decides
	Notice      store.AlertItemRecord // no Key: no alert was planned
	Messages    []store.Message       // messages with the post or covering it, in the order of planning
	Alert       digest.Phrase         // why there was no alert; no Key: not applicable
}

// memberFacts is everything known about a member, read once for all requested posts.
type memberFacts struct {
	now               time.Time
	member            forum.Member
	sub               store.Subscriber
	subscribed        bool
	choices           digest.Preferences
	health            store.Health
	messages          []store.Message
	owed              []store.DeferredPost
	head              int64
	holds             []store.DomainHold
	paused            bool // delivery is paused
	sightings         []digest.Sighting
	window            *digest.Window
	reader            digest.Reader
	readersByEdition  map[string]*digest.Reader // by key of the edition
	renderedByEdition map[string]map[forum.PostID]bool
}

// loadMember reads everything about a member.
func (e *Service) loadMember(ctx context.Context, s *source.Snapshot, who string, now time.Time) (*memberFacts, error) {
	member, err := s.FindMember(ctx, who, now)
	if err != nil {
		return nil, err
	}
	f := &memberFacts{now: now, member: member, readersByEdition: make(map[string]*digest.Reader), renderedByEdition: make(map[string]map[forum.PostID]bool)}
	ids := []forum.MemberID{member.ID}
	readers, err := e.builder.Readers(ctx, s, ids, now)
	if err != nil {
		return nil, err
	}
	if err := e.builder.LoadReadMarks(ctx, s, now, readers); err != nil {
		return nil, err
	}
	f.reader = *readers[member.ID]
	f.choices = f.reader.Choices
	return f, e.loadStoreState(ctx, f)
}

// loadStoreState reads what the store has about a member.
func (e *Service) loadStoreState(ctx context.Context, f *memberFacts) (err error) {
	from := e.store
	ids := []forum.MemberID{f.member.ID}
	subs, err := from.Subscribers.Get(ctx, ids)
	if err != nil {
		return err
	}
	f.sub, f.subscribed = subs[f.member.ID]
	f.subscribed = f.subscribed && !f.sub.Gone
	if f.health, _, err = from.Suppressions.AddressHealth(ctx, f.member.Email); err != nil {
		return err
	}
	if f.messages, err = from.Outbox.MemberMessages(ctx, f.member.ID, f.now.Add(-retention)); err != nil {
		return err
	}
	if f.owed, err = from.Deferred.OfMembers(ctx, ids); err != nil {
		return err
	}
	if f.head, err = from.Sightings.LastSeq(ctx); err != nil {
		return err
	}
	if f.holds, err = from.Holds.Active(ctx, f.now); err != nil {
		return err
	}
	_, f.paused, err = from.Queue.Paused(ctx)
	return err
}

// blockers returns the reasons that block all messages of a kind to the member, in the order of the checks.
func (e *Service) blockers(f *memberFacts, kind string) (list []digest.Reason) {
	add := func(blocked bool, why digest.Reason) {
		if blocked {
			list = append(list, why)
		}
	}
	asked := map[string]bool{
		store.KindDigest: f.choices.Schedule != nil, store.KindAlert: f.choices.Alerts != "", store.KindAnnouncement: f.choices.Announcements != nil,
	}
	add(f.choices.NoEmailReason(f.member.NoMail, asked[kind]) != "", digest.Reason(f.member.NoMail))
	add(kind == store.KindDigest && e.calendar.Schedule(f.sub).Cadence == digest.Off, digest.ReasonDigestsOff)
	add(kind == store.KindAlert && !e.set.Alerts.Enabled, digest.ReasonAlertsSetOff)
	add(kind == store.KindAlert && f.choices.Alerts == digest.NoAlerts, digest.ReasonAlertsOff)
	add(f.choices.PausedUntil.After(f.now), digest.ReasonPaused)
	add(f.health.Suppressed(f.now), digest.ReasonSuppressed)
	add(!e.set.Delivery.Allows(f.member.Email), digest.ReasonNotAllowListed)
	add(!e.set.Delivery.InShare(e.links.Percentile(int64(f.member.ID))), digest.ReasonNotInShare)
	return list
}

// delayReasons returns why messages that could be sent are waiting.
func (e *Service) delayReasons(f *memberFacts) (list []digest.Phrase) {
	if f.paused {
		list = append(list, digest.NewPhrase("delivery_paused"))
	}
	for _, h := range f.holds {
		if h.Domain == addr.Domain(f.member.Email) {
			list = append(list, digest.NewPhrase("domain_on_hold", "domain", h.Domain, "time", h.Until.Format(time.RFC3339), "reason", digest.Reason(h.Reason)))
		}
	}
	return list
}
