package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Explainer answers why a member got a post or did not. Nothing of what it tells was written down for that: it asks the forum and
// the store anew, by the ids that are kept, and judges by the rules by which mails are made. So it tells of past mails
// what they would hold today. It is safe for concurrent use.
type Explainer struct {
	mu       sync.Mutex // builders are not
	builder  *Builder
	press    *templates.Renderer
	links    *link.Signer
	calendar scheduler
	set      Settings
}

// NewExplainer explains what a forum and a store tell, as the owner has set.
func NewExplainer(f *source.DB, s *store.Store, press *templates.Renderer, links *link.Signer, set Settings) *Explainer {
	b := NewBuilder(f, s, set.Digest)
	return &Explainer{builder: b, press: press, links: links, set: set, calendar: scheduler{set.Digest, b.zones}}
}

// retention is how long the store knows of mails that are settled.
const retention = 90 * 24 * time.Hour

// PostStatus is what becomes of a post for a member.
type PostStatus string

// The verdicts.
const (
	Sent     PostStatus = "sent"
	Waiting  PostStatus = "waiting"  // in the outbox
	Upcoming PostStatus = "coming"   // with an edition that is not planned yet
	Omitted  PostStatus = "left out" // he does not get it
)

// PostExplanation is what there is to tell of one post and one member.
type PostExplanation struct {
	Post    forum.PostID
	Verdict PostStatus
	Reason  string    // why he does not get it, or by what he does
	Mail    string    // key of the mail that brought it, or will; empty: none is planned
	At      time.Time // when that mail went or may go, or the edition is due; zero: not known
	// Folded: the mail has no room for the post and tells of it by a number or its thread's title alone.
	Folded      bool
	Seen        []store.SightingRecord
	Pending     time.Time             // since when it is known and was not visible; zero: it is not pending
	RuleResults []digest.RuleResult   // what the rules say now, the last one deciding
	Notice      store.AlertItemRecord // no Key: he was never to be told of it at once
	Mails       []store.Mail          // that told of it or cover it, in the order in which they were planned
	Alert       string                // why he was not told of it at once, where he was not
}

// memberFacts is all that is known of a member, read once for all the posts that are asked for.
type memberFacts struct {
	now               time.Time
	member            forum.Member
	sub               store.Subscriber
	subscribed        bool
	choices           digest.Preferences
	health            store.Health
	mails             []store.Mail
	owed              []store.DeferredPost
	head              int64
	holds             []store.DomainHold
	paused            bool // delivery, by the owner
	sightings         []digest.Sighting
	window            *digest.Window
	reader            digest.Reader
	readersByEdition  map[string]*digest.Reader // the reader as of each edition, by key
	renderedByEdition map[string]map[forum.PostID]bool
}

// loadMember reads what is known of a member.
func (e *Explainer) loadMember(ctx context.Context, s *source.Snapshot, who string, now time.Time) (*memberFacts, error) {
	member, err := FindMember(ctx, s, who, now)
	if err != nil {
		return nil, err
	}
	f := &memberFacts{now: now, member: member, readersByEdition: make(map[string]*digest.Reader), renderedByEdition: make(map[string]map[forum.PostID]bool)}
	ids := []forum.MemberID{member.ID}
	readers, err := e.builder.readers(ctx, s, ids, now)
	if err != nil {
		return nil, err
	}
	if err := e.builder.loadReadMarks(ctx, s, now, readers); err != nil {
		return nil, err
	}
	f.reader = *readers[member.ID]
	f.choices = f.reader.Choices
	return f, e.loadStoreState(ctx, f)
}

// loadStoreState reads what the store knows of a member.
func (e *Explainer) loadStoreState(ctx context.Context, f *memberFacts) (err error) {
	from := e.builder.store
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
	if f.mails, err = from.Outbox.MemberMessages(ctx, f.member.ID, f.now.Add(-retention)); err != nil {
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

// blockers are what keeps all mail of a kind from the member, in the order in which they are met.
func (e *Explainer) blockers(f *memberFacts, kind string) (list []string) {
	add := func(stands bool, why string) {
		if stands {
			list = append(list, why)
		}
	}
	asked := map[string]bool{
		store.KindDigest: f.choices.Schedule != nil, store.KindAlert: f.choices.Alerts != "", store.KindAnnouncement: f.choices.Announcements != nil,
	}
	add(f.choices.NoEmailReason(f.member.NoMail, asked[kind]) != "", f.member.NoMail)
	add(kind == store.KindDigest && e.calendar.schedule(f.sub).Cadence == digest.Off, reasonDigestsOff)
	add(kind == store.KindAlert && !e.set.Alerts.Enabled, "alerts are off: [alerts] enabled")
	add(kind == store.KindAlert && f.choices.Alerts == digest.NoAlerts, reasonAlertsOff)
	add(f.choices.PausedUntil.After(f.now), reasonPaused)
	add(f.health.Suppressed(f.now), reasonSuppressed)
	add(!e.set.Delivery.allows(f.member.Email), reasonNotAllowListed)
	return list
}

// delayReasons are what keeps mails waiting that would go else.
func (e *Explainer) delayReasons(f *memberFacts) (list []string) {
	if f.paused {
		list = append(list, "delivery is paused by the administrator")
	}
	for _, h := range f.holds {
		if h.Domain == store.Domain(f.member.Email) {
			list = append(list, fmt.Sprintf("%s is held until %s: %s", h.Domain, h.Until.Format(time.RFC3339), h.Reason))
		}
	}
	return list
}
