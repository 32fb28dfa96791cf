// Package view shows messages in a browser, rendered again with the current access rights.
package view

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/daemon/audience"
	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Viewer shows members their messages in a browser. It renders each again, from the saved IDs and with the member's current
// access rights: the text is not stored. A digest is rebuilt from its range of sightings and the current watches, so it
// leaves out posts that are no longer watched. It is safe for concurrent use.
type Viewer struct {
	forum     *source.DB
	store     *store.Store
	set       settings.Digest
	builder   *editions.Locked
	selfCheck source.SelfCheckCache
	audience  *audience.Resolver
	renderer  *templates.Renderer
	links     *link.Signer
}

// ErrMessageNotFound is returned for a message that is no longer stored.
var ErrMessageNotFound = errors.New("no such message")

// New returns a Viewer for the messages of a store, rendered with a forum's current state.
func New(f *source.DB, s *store.Store, set settings.Settings, renderer *templates.Renderer, links *link.Signer) *Viewer {
	return &Viewer{
		forum: f, store: s, set: set.Digest, builder: editions.NewLocked(f, s, set),
		audience: audience.New(f, s, set.Digest), renderer: renderer, links: links,
	}
}

// View renders a member's message, by the number in its link. The error is ErrMessageNotFound, forum.ErrNoMember or
// ErrNothingToShow if there is nothing to show.
func (v *Viewer) View(ctx context.Context, now time.Time, member forum.MemberID, number int64) (templates.Content, error) {
	mails, err := v.store.Outbox.MemberMessages(ctx, member, time.Unix(0, 0))
	if err != nil {
		return templates.Content{}, err
	}
	for _, m := range mails {
		if link.Mail(m.Key) == number {
			return v.render(ctx, now, m)
		}
	}
	return templates.Content{}, ErrMessageNotFound
}

func (v *Viewer) render(ctx context.Context, now time.Time, m store.Message) (c templates.Content, err error) {
	b, release, err := v.builder.Acquire(ctx)
	if err != nil {
		return c, err
	}
	defer release()
	if _, err := v.selfCheck.Check(ctx, v.forum); err != nil {
		return c, fmt.Errorf("showing %s: %w", m.Key, err)
	}
	switch m.Kind {
	case store.KindDigest:
		c, err = v.digest(ctx, b, now, m)
	case store.KindAlert:
		c, err = v.alert(ctx, b, now, m)
	case store.KindAnnouncement:
		c, err = v.announcement(ctx, now, m)
	default:
		return c, ErrMessageNotFound
	}
	if err != nil {
		return c, fmt.Errorf("showing %s: %w", m.Key, err)
	}
	return c, nil
}

// sentAt returns when a message was sent, as far as known, so that it shows its original time.
func sentAt(m store.Message) time.Time {
	if m.Settled.IsZero() {
		return m.Created
	}
	return m.Settled
}

// digest renders an edition.
func (v *Viewer) digest(ctx context.Context, b *editions.Builder, now time.Time, m store.Message) (templates.Content, error) {
	d, err := b.Rebuild(ctx, now, editions.RequestOf(m), sentAt(m))
	if err != nil {
		return templates.Content{}, err
	}
	return v.renderer.Digest(d, envelope.DigestFooter(v.links, m.Member), v.set.MaxBytes)
}

// alert renders an alert with its posts.
func (v *Viewer) alert(ctx context.Context, b *editions.Builder, now time.Time, m store.Message) (templates.Content, error) {
	a, err := b.RebuildAlert(ctx, now, m.Member, m.Key, sentAt(m))
	if err != nil {
		return templates.Content{}, err
	}
	return v.renderer.Alert(a, envelope.AlertFooter(v.links, a), v.set.MaxBytes)
}

// announcement renders an announcement. If its audience depends on groups or watched sections, only current members of the
// audience can view it.
func (v *Viewer) announcement(ctx context.Context, now time.Time, m store.Message) (templates.Content, error) {
	id, ok := store.AnnouncementOf(m.Key)
	if !ok {
		return templates.Content{}, ErrMessageNotFound
	}
	a, err := v.store.Announcements.Get(ctx, id)
	if errors.Is(err, store.ErrNoAnnouncement) {
		return templates.Content{}, ErrMessageNotFound
	}
	if err != nil {
		return templates.Content{}, err
	}
	var known []digest.Candidate
	err = v.forum.Read(ctx, func(s *source.Snapshot) error {
		known, err = v.audience.Candidates(ctx, s, &a.Announcement, []forum.MemberID{m.Member}, now)
		return err
	})
	if err != nil {
		return templates.Content{}, err
	}
	if len(known) == 0 {
		return templates.Content{}, forum.ErrNoMember
	}
	c, all := known[0], a.Audience
	closed := digest.Audience{Groups: all.Groups, ExceptGroups: all.ExceptGroups, Sections: all.Sections}
	if !source.MayRead(c.Member) || closed.ExclusionReason(&c) != "" {
		return templates.Content{}, editions.ErrNothingToShow
	}
	printed, err := v.renderer.CompileAnnouncement(&a.Announcement, v.set.MaxBytes)
	if err != nil {
		return templates.Content{}, err
	}
	reader := templates.Recipient{Member: c.Member, Profile: c.Profile, Zone: v.audience.Zone(c.Member)}
	return v.renderer.Announcement(printed, reader, envelope.AnnouncementFooter(v.links, m.Member))
}
