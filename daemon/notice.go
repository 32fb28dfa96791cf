package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// notice is an announcement ready to be mailed: what it says and to whom does not change once it is started.
type notice struct {
	said    *digest.Announcement
	printed *templates.CompiledAnnouncement
	changed time.Time
}

// mostNotices is how many announcements are kept ready.
const mostNotices = 16

// unfit is an announcement's own fault, by which no mail can be made of it: it was started under other settings or templates.
type unfit struct{ error }

// notice gives an announcement ready to be mailed.
func (d *Daemon) notice(ctx context.Context, a store.Announcement) (*notice, error) {
	if n := d.notices[a.ID]; n != nil && n.changed.Equal(a.Changed) {
		return n, nil
	}
	whole, err := d.Store.Announcement(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	printed, err := d.Press.CompileAnnouncement(&whole.Announcement, d.set.Digest.MaxBytes)
	if err != nil {
		return nil, unfit{fmt.Errorf("announcement %d: %w", a.ID, err)}
	}
	if len(d.notices) >= mostNotices {
		clear(d.notices)
	}
	n := &notice{said: &whole.Announcement, printed: printed, changed: whole.Changed}
	d.notices[a.ID] = n
	return n, nil
}

// announcements is the drafter of announcements. It asks again whether each goes on, and whether its readers are still of
// the audience and may be mailed.
func (d *Daemon) announcements(ctx context.Context, rows []store.Row) ([]draft, error) {
	places := make(map[int64][]int)
	for i, r := range rows {
		id, ok := announcementOf(r.Key)
		if !ok {
			return nil, fmt.Errorf("%q is no key of an announcement", r.Key)
		}
		places[id] = append(places[id], i)
	}
	drafts := make([]draft, len(rows))
	for id, at := range places {
		a, err := d.Store.AnnouncementState(ctx, id)
		if err != nil {
			return nil, err
		}
		switch a.State {
		case store.InCanary, store.Sending, store.Done: // of one that is done, what was queued again by hand
			err = d.draftNotices(ctx, a, rows, at, drafts)
		case store.Cancelled:
			fillDrafts(drafts, at, draft{skip: store.WasCancelled})
		default:
			fillDrafts(drafts, at, draft{wait: true})
		}
		if err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

func fillDrafts(drafts []draft, at []int, with draft) {
	for _, i := range at {
		drafts[i] = with
	}
}

// putAside pauses an announcement of which no mail can be made, so that it holds up no other mail. Of one that is done there is
// nothing to pause: what was queued again by hand is skipped.
func (d *Daemon) putAside(ctx context.Context, a store.Announcement, fault unfit, at []int, drafts []draft) error {
	if a.State == store.Done {
		fillDrafts(drafts, at, draft{skip: "announcement cannot be mailed as it is"})
		return nil
	}
	fillDrafts(drafts, at, draft{wait: true})
	return d.stop(ctx, a, fault.Error(), false)
}

// draftNotices drafts the mails of one announcement.
func (d *Daemon) draftNotices(ctx context.Context, a store.Announcement, rows []store.Row, at []int, drafts []draft) error {
	n, err := d.notice(ctx, a)
	if fault, ok := errors.AsType[unfit](err); ok {
		return d.putAside(ctx, a, fault, at, drafts)
	}
	if err != nil {
		return err
	}
	ids := make([]forum.MemberID, len(at))
	for i, place := range at {
		ids[i] = rows[place].Member
	}
	known := make(map[forum.MemberID]judged, len(ids))
	err = d.Forum.Read(ctx, func(s *source.Snapshot) error {
		list, err := d.herald.judge(ctx, s, n.said, ids, d.Now())
		for _, j := range list {
			known[j.Member.ID] = j
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading members: %w", err)
	}
	for i, place := range at {
		drafts[place] = d.draftNotice(n, rows[place].Key, ids[i], known)
	}
	return nil
}

func (d *Daemon) draftNotice(n *notice, key string, id forum.MemberID, known map[forum.MemberID]judged) draft {
	j, there := known[id]
	switch {
	case !there:
		return draft{skip: skipGone}
	case !j.wanted():
		return draft{skip: string(cmp.Or(j.barred, j.excluded))}
	}
	if wants := n.said.NotBefore(&j.Candidate, d.Now()); !wants.IsZero() {
		return draft{hold: wants}
	}
	reader := templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: d.herald.zones.of(j.Member.Zone)}
	footer := viewed(NoticeFooter(d.Links, id), d.Links, id, key)
	return draft{
		to: j.Member, text: j.Choices.Format == digest.Text, must: n.said.Forced,
		envelope: NoticeEnvelope(d.set, n.said.ID, footer.Unsubscribe),
		write:    func() (templates.Content, error) { return d.Press.Announcement(n.printed, reader, footer) },
	}
}

// NoticeFooter holds the addresses in the mails of announcements that are a member's own.
func NoticeFooter(links *link.Signer, member forum.MemberID) templates.Footer {
	return templates.Footer{
		Settings:    links.URL(link.Claims{Scope: link.Settings, Member: int64(member)}),
		Unsubscribe: links.URL(link.Claims{Scope: link.Announcements, Member: int64(member)}),
	}
}

// NoticeEnvelope is what all mails of an announcement have in common, with the one-click address of one member.
func NoticeEnvelope(set Settings, id int64, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      mail.Announcement,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: "announce." + set.Host},
		Unsubscribe: oneClick(unsubscribe),
		// Gmail counts complaints by each of these.
		FeedbackID: fmt.Sprintf("%d:%s:%s:postrider", id, KindAnnouncement, set.Host),
	}
}

// TryAnnouncement hands an announcement over to one address, as a member would get it; an empty member has neither a name
// nor a past. Nothing is noted in the outbox.
func (d *Daemon) TryAnnouncement(ctx context.Context, a *digest.Announcement, member, to string) (mail.Outcome, error) {
	printed, err := d.Press.CompileAnnouncement(a, d.set.Digest.MaxBytes)
	if err != nil {
		return mail.Outcome{}, err
	}
	p, err := d.herald.Preview(ctx, a, member, d.Now())
	if err != nil {
		return mail.Outcome{}, err
	}
	footer := NoticeFooter(d.Links, forum.Guest) // whoever tries its links must not end anybody's mail
	raw, err := d.compose(letter{
		Row: store.Row{Key: fmt.Sprintf("try/announce/%d/%d", a.ID, d.Now().UnixNano()), Kind: KindAnnouncement},
		draft: draft{
			to:       forum.Member{Name: p.Member.Name, Email: to},
			text:     p.Text,
			envelope: NoticeEnvelope(d.set, a.ID, footer.Unsubscribe),
			write:    func() (templates.Content, error) { return d.Press.Announcement(printed, p.Recipient, footer) },
		},
	})
	if err != nil {
		return mail.Outcome{}, err
	}
	return d.Sender.Send(ctx, d.set.From.Address, to, raw), nil
}
