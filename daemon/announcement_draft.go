package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/daemon/audience"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
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
func (d *Daemon) prepareAnnouncement(ctx context.Context, a store.Announcement) (*preparedAnnouncement, error) {
	if n := d.preparedAnnouncements[a.ID]; n != nil && n.changed.Equal(a.Changed) {
		return n, nil
	}
	whole, err := d.Store.Announcements.Get(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	printed, err := d.Renderer.CompileAnnouncement(&whole.Announcement, d.settings.Digest.MaxBytes)
	if err != nil {
		return nil, renderError{fmt.Errorf("announcement %d: %w", a.ID, err)}
	}
	if len(d.preparedAnnouncements) >= maxPrepared {
		clear(d.preparedAnnouncements)
	}
	n := &preparedAnnouncement{announcement: &whole.Announcement, rendered: printed, changed: whole.Changed}
	d.preparedAnnouncements[a.ID] = n
	return n, nil
}

// draftAnnouncements is the drafter for announcements. It checks again whether each is still active, and whether the
// recipients are still in the audience and may be emailed.
func (d *Daemon) draftAnnouncements(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	places := make(map[int64][]int)
	for i, r := range rows {
		id, ok := store.AnnouncementOf(r.Key)
		if !ok {
			return nil, fmt.Errorf("invalid announcement key %q", r.Key)
		}
		places[id] = append(places[id], i)
	}
	drafts := make([]messageDraft, len(rows))
	for id, at := range places {
		a, err := d.Store.Announcements.State(ctx, id)
		if err != nil {
			return nil, err
		}
		switch a.State {
		case store.InCanary, store.Sending, store.Done: // done: messages that an operator requeued
			err = d.draftAnnouncement(ctx, a, rows, at, drafts)
		case store.Cancelled:
			setDrafts(drafts, at, messageDraft{skip: store.WasCancelled})
		default:
			setDrafts(drafts, at, messageDraft{releaseUnchanged: true})
		}
		if err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

func setDrafts(drafts []messageDraft, at []int, with messageDraft) {
	for _, i := range at {
		drafts[i] = with
	}
}

// pauseBroken pauses an announcement that cannot be rendered, so that it does not block other messages. One that is done
// cannot be paused: its requeued messages are skipped.
func (d *Daemon) pauseBroken(ctx context.Context, a store.Announcement, fault renderError, at []int, drafts []messageDraft) error {
	if a.State == store.Done {
		setDrafts(drafts, at, messageDraft{skip: "announcement cannot be rendered"})
		return nil
	}
	setDrafts(drafts, at, messageDraft{releaseUnchanged: true})
	return d.pauseAnnouncement(ctx, a, fault.Error(), false)
}

// draftAnnouncement drafts the messages of one announcement.
func (d *Daemon) draftAnnouncement(ctx context.Context, a store.Announcement, rows []store.Row, at []int, drafts []messageDraft) error {
	n, err := d.prepareAnnouncement(ctx, a)
	if fault, ok := errors.AsType[renderError](err); ok {
		return d.pauseBroken(ctx, a, fault, at, drafts)
	}
	if err != nil {
		return err
	}
	ids := make([]forum.MemberID, len(at))
	for i, place := range at {
		ids[i] = rows[place].Member
	}
	known := make(map[forum.MemberID]audience.Evaluated, len(ids))
	err = d.Forum.Read(ctx, func(s *source.Snapshot) error {
		list, err := d.audience.Evaluate(ctx, s, n.announcement, ids, d.Now())
		for _, j := range list {
			known[j.Member.ID] = j
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading members: %w", err)
	}
	for i, place := range at {
		drafts[place] = d.draftForMember(n, rows[place].Key, ids[i], known)
	}
	return nil
}

func (d *Daemon) draftForMember(n *preparedAnnouncement, key string, id forum.MemberID, known map[forum.MemberID]audience.Evaluated) messageDraft {
	j, there := known[id]
	switch {
	case !there:
		return messageDraft{skip: digest.ReasonMemberDeleted}
	case !j.Included():
		return messageDraft{skip: string(cmp.Or(j.BlockedReason, j.Excluded))}
	}
	if wants := n.announcement.NotBefore(&j.Candidate, d.Now()); !wants.IsZero() {
		return messageDraft{notBefore: wants}
	}
	reader := templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: d.audience.Zone(j.Member)}
	footer := envelope.WithViewLink(envelope.AnnouncementFooter(d.Links, id), d.Links, id, key)
	return messageDraft{
		to: j.Member, textOnly: j.Choices.Format == digest.Text, exemptFromDailyLimit: n.announcement.Forced,
		envelope: envelope.Announcement(d.settings, n.announcement.ID, footer.Unsubscribe),
		render:   func() (templates.Content, error) { return d.Renderer.Announcement(n.rendered, reader, footer) },
	}
}

// SendTestAnnouncement sends an announcement to one address, as a member would get it. If member is empty, it is rendered
// for a recipient without a name or profile. Nothing is saved in the outbox.
func (d *Daemon) SendTestAnnouncement(ctx context.Context, a *digest.Announcement, member, to string) (mail.Outcome, error) {
	printed, err := d.Renderer.CompileAnnouncement(a, d.settings.Digest.MaxBytes)
	if err != nil {
		return mail.Outcome{}, err
	}
	p, err := d.audience.Preview(ctx, a, member, d.Now())
	if err != nil {
		return mail.Outcome{}, err
	}
	footer := envelope.AnnouncementFooter(d.Links, forum.Guest) // its links must not unsubscribe any member
	raw, err := d.compose(outgoing{
		Row: store.Row{Key: fmt.Sprintf("try/announce/%d/%d", a.ID, d.Now().UnixNano()), Kind: store.KindAnnouncement},
		messageDraft: messageDraft{
			to:       forum.Member{Name: p.Member.Name, Email: to},
			textOnly: p.Text,
			envelope: envelope.Announcement(d.settings, a.ID, footer.Unsubscribe),
			render:   func() (templates.Content, error) { return d.Renderer.Announcement(printed, p.Recipient, footer) },
		},
	})
	if err != nil {
		return mail.Outcome{}, err
	}
	return d.Sender.Send(ctx, d.settings.From.Address, to, raw), nil
}
