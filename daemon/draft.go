package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// messageDraft is a message that is selected but not rendered yet: who gets it, and how to render it right before it is
// sent.
type messageDraft struct {
	to                   forum.Member
	skip                 string    // why there is nothing to send; empty: send it
	releaseUnchanged     bool      // its announcement is paused: release it unchanged
	notBefore            time.Time // earliest time to send it; zero: now
	holdReason           string    // why it is delayed; empty: by preference of the member
	exemptFromDailyLimit bool      // send it regardless of the daily limit
	posts                int       // number of posts in it
	textOnly             bool      // plain text only
	omitted              []digest.Omitted
	deferred             []digest.DeferredPost
	envelope             mail.Message // everything except key, date, recipient and content
	render               func() (templates.Content, error)
}

// drafter selects the contents of messages of one kind from the current state of the forum, in the order of the rows. An
// error means that the forum or the store could not be read. In that case nothing may be sent.
type drafter func(ctx context.Context, rows []store.Row) ([]messageDraft, error)

// draftersByKind returns the drafters of all kinds.
func (d *Daemon) draftersByKind() map[string]drafter {
	return map[string]drafter{store.KindDigest: d.draftDigests, store.KindAlert: d.draftAlerts, store.KindAnnouncement: d.draftAnnouncements}
}

// draftBatch drafts the messages of a batch, kind by kind.
func (d *Daemon) draftBatch(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	places := make(map[string][]int)
	for i, r := range rows {
		places[r.Kind] = append(places[r.Kind], i)
	}
	drafts := make([]messageDraft, len(rows))
	for kind, at := range places {
		choose, known := d.draftersByKind()[kind]
		if !known {
			return nil, fmt.Errorf("unknown kind %q in the outbox: a newer postrider planned these messages", kind)
		}
		some := make([]store.Row, len(at))
		for i, place := range at {
			some[i] = rows[place]
		}
		chosen, err := choose(ctx, some)
		if err != nil {
			return nil, err
		}
		for i, place := range at {
			drafts[place] = chosen[i]
		}
	}
	if err := d.skipSuppressed(ctx, drafts); err != nil {
		return nil, err
	}
	return drafts, d.applyDailyLimit(ctx, rows, drafts)
}

// sendable reports whether a draft can be sent now, as far as is known.
func (m messageDraft) sendable() bool {
	return m.skip == "" && m.notBefore.IsZero() && !m.releaseUnchanged
}

// draftDigests is the drafter for editions.
func (d *Daemon) draftDigests(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	asks := make([]editions.Request, len(rows))
	for i, r := range rows {
		asks[i] = editions.Request{Key: r.Key, Member: r.Member, After: r.From, Until: r.Until, Planned: r.Created}
	}
	built, err := d.builder.Build(ctx, d.Now(), asks)
	if err != nil {
		return nil, err
	}
	drafts := make([]messageDraft, len(rows))
	for i, e := range built {
		if e.Digest == nil {
			drafts[i] = messageDraft{skip: e.Skip, notBefore: e.NotBefore, deferred: e.Deferred}
			continue
		}
		footer := envelope.WithViewLink(envelope.DigestFooter(d.Links, e.Digest.Member.ID), d.Links, e.Digest.Member.ID, rows[i].Key)
		drafts[i] = messageDraft{
			to: e.Digest.Member, posts: e.Digest.Counts().Posts, textOnly: e.TextOnly, deferred: e.Deferred, envelope: envelope.Digest(d.settings, footer.Unsubscribe),
			render: func() (templates.Content, error) {
				return d.Renderer.Digest(e.Digest, footer, d.settings.Digest.MaxBytes)
			},
		}
	}
	return drafts, nil
}
