package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/daemon/audience"
	"postrider/daemon/delivery"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// preparedAnnouncement is an announcement ready to be sent. Text and audience do not change after the start.
type preparedAnnouncement struct {
	announcement *digest.Announcement
	rendered     *templates.CompiledAnnouncement
	changed      time.Time
}

// maxPrepared is how many announcements are cached.
const maxPrepared = 16

// renderError means that an announcement cannot be rendered, for example because settings or templates changed since its
// start.
type renderError struct{ error }

// prepareAnnouncement returns an announcement ready to be sent, from the cache if possible.
func (an *announcer) prepareAnnouncement(ctx context.Context, a store.Announcement) (*preparedAnnouncement, error) {
	if n := an.prepared[a.ID]; n != nil && n.changed.Equal(a.Changed) {
		return n, nil
	}
	whole, err := an.Store.Announcements.Get(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	printed, err := an.Renderer.CompileAnnouncement(&whole.Announcement, an.settings.Digest.MaxBytes)
	if err != nil {
		return nil, renderError{fmt.Errorf("announcement %d: %w", a.ID, err)}
	}
	if len(an.prepared) >= maxPrepared {
		clear(an.prepared)
	}
	n := &preparedAnnouncement{announcement: &whole.Announcement, rendered: printed, changed: whole.Changed}
	an.prepared[a.ID] = n
	return n, nil
}

// draftAnnouncements is the drafter for announcements. It checks again whether each is still active, and whether the
// recipients are still in the audience and may be emailed.
func (an *announcer) draftAnnouncements(ctx context.Context, rows []store.Row) ([]delivery.Draft, error) {
	places := make(map[int64][]int)
	for i, r := range rows {
		id, ok := store.AnnouncementOf(r.Key)
		if !ok {
			return nil, fmt.Errorf("invalid announcement key %q", r.Key)
		}
		places[id] = append(places[id], i)
	}
	drafts := make([]delivery.Draft, len(rows))
	for id, at := range places {
		a, err := an.Store.Announcements.State(ctx, id)
		if err != nil {
			return nil, err
		}
		switch a.State {
		case store.InCanary, store.Sending, store.Done: // done: messages that an operator requeued
			err = an.draftAnnouncement(ctx, a, rows, at, drafts)
		case store.Cancelled:
			setDrafts(drafts, at, delivery.Draft{Skip: store.WasCancelled})
		default:
			setDrafts(drafts, at, delivery.Draft{ReleaseUnchanged: true})
		}
		if err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

func setDrafts(drafts []delivery.Draft, at []int, with delivery.Draft) {
	for _, i := range at {
		drafts[i] = with
	}
}

// pauseBroken pauses an announcement that cannot be rendered, so that it does not block other messages. One that is done
// cannot be paused: its requeued messages are skipped.
func (an *announcer) pauseBroken(ctx context.Context, a store.Announcement, fault renderError, at []int, drafts []delivery.Draft) error {
	if a.State == store.Done {
		setDrafts(drafts, at, delivery.Draft{Skip: "announcement cannot be rendered"})
		return nil
	}
	setDrafts(drafts, at, delivery.Draft{ReleaseUnchanged: true})
	return an.pauseAnnouncement(ctx, a, fault.Error(), false)
}

// draftAnnouncement drafts the messages of one announcement.
func (an *announcer) draftAnnouncement(ctx context.Context, a store.Announcement, rows []store.Row, at []int, drafts []delivery.Draft) error {
	n, err := an.prepareAnnouncement(ctx, a)
	if fault, ok := errors.AsType[renderError](err); ok {
		return an.pauseBroken(ctx, a, fault, at, drafts)
	}
	if err != nil {
		return err
	}
	ids := make([]forum.MemberID, len(at))
	for i, place := range at {
		ids[i] = rows[place].Member
	}
	known := make(map[forum.MemberID]audience.Evaluated, len(ids))
	err = an.Forum.Read(ctx, func(s *source.Snapshot) error {
		list, err := an.audience.Evaluate(ctx, s, n.announcement, ids, an.Now())
		for _, j := range list {
			known[j.Member.ID] = j
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading members: %w", err)
	}
	for i, place := range at {
		drafts[place] = an.draftForMember(n, rows[place].Key, ids[i], known)
	}
	return nil
}

func (an *announcer) draftForMember(n *preparedAnnouncement, key string, id forum.MemberID, known map[forum.MemberID]audience.Evaluated) delivery.Draft {
	j, there := known[id]
	switch {
	case !there:
		return delivery.Draft{Skip: digest.ReasonMemberDeleted}
	case !j.Included():
		return delivery.Draft{Skip: string(cmp.Or(j.BlockedReason, j.Excluded))}
	}
	if wants := n.announcement.NotBefore(&j.Candidate, an.Now()); !wants.IsZero() {
		return delivery.Draft{NotBefore: wants}
	}
	reader := templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: an.audience.Zone(j.Member)}
	footer := envelope.WithViewLink(envelope.AnnouncementFooter(an.Links, id), an.Links, id, key)
	return delivery.Draft{
		To: j.Member, TextOnly: j.Choices.Format == digest.Text, ExemptFromDailyLimit: n.announcement.Forced,
		Envelope: envelope.Announcement(an.settings, n.announcement.ID, footer.Unsubscribe),
		Render:   func() (templates.Content, error) { return an.Renderer.Announcement(n.rendered, reader, footer) },
	}
}
