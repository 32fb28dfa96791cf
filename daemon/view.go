package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

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

var (
	// ErrMessageNotFound is returned for a message that is no longer stored.
	ErrMessageNotFound = errors.New("no such message")
	// ErrNothingToShow is returned for a message of which the member may no longer read anything.
	ErrNothingToShow = errors.New("no post of the message may be shown")
)

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

// digest renders an edition. It includes posts that the member has read since.
func (v *Viewer) digest(ctx context.Context, now time.Time, m store.Mail) (templates.Content, error) {
	b, ask := v.desk.builder, editionOf(m)
	sightings, owed, err := v.loadSightings(ctx, ask)
	if err != nil {
		return templates.Content{}, err
	}
	var d *digest.Digest
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		readers, err := b.readers(ctx, s, []forum.MemberID{m.Member}, now)
		if err != nil {
			return err
		}
		r, err := readable(readers, m.Member)
		if err != nil {
			return err
		}
		window, err := b.window(ctx, s, sightings)
		if err != nil {
			return err
		}
		if err := b.markOtherRoutes(ctx, []EditionRequest{ask}, sightings, owed, readers); err != nil {
			return err
		}
		r.After, r.Until, r.At = ask.After, ask.Until, ask.Planned
		edition := []Edition{{Digest: window.Select(*r)}}
		edition[0].Digest.WantedExcerpt = r.Choices.Excerpt
		err = b.attachContents(ctx, s, edition, sentAt(m))
		d = edition[0].Digest
		return err
	})
	switch {
	case err != nil:
		return templates.Content{}, err
	case d == nil:
		return templates.Content{}, ErrNothingToShow
	}
	return v.press.Digest(d, digestFooter(v.links, m.Member), v.desk.set.Digest.MaxBytes)
}

// loadSightings reads the sightings of an edition and the posts that were or are deferred.
func (v *Viewer) loadSightings(ctx context.Context, ask EditionRequest) ([]digest.Sighting, []store.DeferredPost, error) {
	b := v.desk.builder
	sightings, err := b.sightings.between(ctx, ask.After, ask.Until)
	if err != nil {
		return nil, nil, err
	}
	owed, err := b.store.Deferred.OfMembers(ctx, []forum.MemberID{ask.Member})
	if err != nil {
		return nil, nil, err
	}
	brought, err := b.store.Deferred.Delivered(ctx, ask.Member, ask.Key)
	if err != nil {
		return nil, nil, err
	}
	owed = append(owed, brought...)
	sightings, err = b.addDeferred(ctx, sightings, owed)
	return sightings, owed, err
}

// alert renders an alert with its posts.
func (v *Viewer) alert(ctx context.Context, now time.Time, m store.Mail) (templates.Content, error) {
	b, set := v.desk.builder, v.desk.set.Alerts
	notices, err := b.store.Alerts.Items(ctx, []string{m.Key})
	if err != nil {
		return templates.Content{}, err
	}
	asks := []AlertRequest{{Member: m.Member, Notices: notices[m.Key]}}
	var a *digest.Alert
	err = b.forum.Read(ctx, func(s *source.Snapshot) error {
		scene, err := b.loadAlertInputs(ctx, s, set, asks, now)
		if err != nil {
			return err
		}
		r, err := readable(scene.readers, m.Member)
		if err != nil {
			return err
		}
		d, _ := scene.window.Alert(withNoticeWatches(*r, asks[0].Notices), asks[0].Notices, scene.contents)
		if d.Empty() {
			return ErrNothingToShow
		}
		d.WantedExcerpt = r.Choices.Excerpt
		a = &digest.Alert{Digest: *d, Title: d.Groups[0].Threads[0].Title}
		built := []AlertResult{{Alert: a, Zone: r.Zone, Choices: r.Choices}}
		if err := b.fillAlerts(ctx, s, built, scene.contents, sentAt(m)); err != nil {
			return err
		}
		return b.addContext(ctx, s, built, scene.readers, scene.before, set)
	})
	if err != nil {
		return templates.Content{}, err
	}
	return v.press.Alert(a, alertFooter(v.links, a), v.desk.set.Digest.MaxBytes)
}

// withNoticeWatches returns the reader with the watches that caused the alert items, regardless of current watches,
// overrides and read marks.
func withNoticeWatches(r digest.Reader, notices []digest.AlertItem) digest.Reader {
	r.Read, r.Overrides = nil, digest.Overrides{}
	r.Watches = forum.Watches{Threads: make(map[forum.ThreadID]forum.Watch), Sections: make(map[forum.SectionID]forum.Watch)}
	for _, n := range notices {
		switch n.Cause {
		case digest.ThreadWatched:
			r.Watches.Threads[n.Thread] = forum.Watch{Mail: forum.AllPosts}
		case digest.SectionWatched:
			r.Watches.Sections[n.Section] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
		}
	}
	return r
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
		return templates.Content{}, ErrNothingToShow
	}
	printed, err := v.press.CompileAnnouncement(&a.Announcement, v.desk.set.Digest.MaxBytes)
	if err != nil {
		return templates.Content{}, err
	}
	reader := templates.Recipient{Member: c.Member, Profile: c.Profile, Zone: v.herald.zones.Of(c.Member.Zone)}
	return v.press.Announcement(printed, reader, AnnouncementFooter(v.links, m.Member))
}
