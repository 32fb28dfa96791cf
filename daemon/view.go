package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/daemon/editions"
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
	desk   *MemberService
	herald *Resolver
	press  *templates.Renderer
	links  *link.Signer
	trust  selfCheckCache // guarded by lockBuilder
}

// ErrMessageNotFound is returned for a message that is no longer stored.
var ErrMessageNotFound = errors.New("no such message")

// NewViewer returns a Viewer.
func NewViewer(d *MemberService, press *templates.Renderer, links *link.Signer) *Viewer {
	return &Viewer{desk: d, herald: NewHerald(d.forum, d.store, d.set.Digest), press: press, links: links}
}

// withViewLink adds the "view in browser" link to a footer.
func withViewLink(f templates.Footer, links *link.Signer, member forum.MemberID, key string) templates.Footer {
	f.View = links.URL(link.Claims{Scope: link.View, Member: int64(member), Object: link.Mail(key)})
	return f
}

// View renders a member's message, by the number in its link. The error is ErrMessageNotFound, forum.ErrNoMember or
// ErrNothingToShow if there is nothing to show.
func (v *Viewer) View(ctx context.Context, now time.Time, member forum.MemberID, number int64) (templates.Content, error) {
	mails, err := v.desk.store.Outbox.MemberMessages(ctx, member, time.Unix(0, 0))
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

func (v *Viewer) render(ctx context.Context, now time.Time, m store.Mail) (c templates.Content, err error) {
	done, err := v.desk.lockBuilder(ctx)
	if err != nil {
		return c, err
	}
	defer done()
	if _, err := v.trust.check(ctx, v.desk.forum); err != nil {
		return c, fmt.Errorf("showing %s: %w", m.Key, err)
	}
	switch m.Kind {
	case store.KindDigest:
		c, err = v.digest(ctx, now, m)
	case store.KindAlert:
		c, err = v.alert(ctx, now, m)
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
func sentAt(m store.Mail) time.Time {
	if m.Settled.IsZero() {
		return m.Created
	}
	return m.Settled
}

// digest renders an edition.
func (v *Viewer) digest(ctx context.Context, now time.Time, m store.Mail) (templates.Content, error) {
	d, err := v.desk.builder.Rebuild(ctx, now, editionOf(m), sentAt(m))
	if err != nil {
		return templates.Content{}, err
	}
	return v.press.Digest(d, digestFooter(v.links, m.Member), v.desk.set.Digest.MaxBytes)
}

// alert renders an alert with its posts.
func (v *Viewer) alert(ctx context.Context, now time.Time, m store.Mail) (templates.Content, error) {
	a, err := v.desk.builder.RebuildAlert(ctx, now, v.desk.set.Alerts, m.Member, m.Key, sentAt(m))
	if err != nil {
		return templates.Content{}, err
	}
	return v.press.Alert(a, alertFooter(v.links, a), v.desk.set.Digest.MaxBytes)
}

// announcement renders an announcement. If its audience depends on groups or watched sections, only current members of the
// audience can view it.
func (v *Viewer) announcement(ctx context.Context, now time.Time, m store.Mail) (templates.Content, error) {
	id, ok := store.AnnouncementOf(m.Key)
	if !ok {
		return templates.Content{}, ErrMessageNotFound
	}
	a, err := v.desk.store.Announcements.Get(ctx, id)
	if errors.Is(err, store.ErrNoAnnouncement) {
		return templates.Content{}, ErrMessageNotFound
	}
	if err != nil {
		return templates.Content{}, err
	}
	var known []digest.Candidate
	err = v.desk.forum.Read(ctx, func(s *source.Snapshot) error {
		known, err = v.herald.candidates(ctx, s, &a.Announcement, []forum.MemberID{m.Member}, now)
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
	printed, err := v.press.CompileAnnouncement(&a.Announcement, v.desk.set.Digest.MaxBytes)
	if err != nil {
		return templates.Content{}, err
	}
	reader := templates.Recipient{Member: c.Member, Profile: c.Profile, Zone: v.herald.zones.Of(c.Member.Zone)}
	return v.press.Announcement(printed, reader, AnnouncementFooter(v.links, m.Member))
}
