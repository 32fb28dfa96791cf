package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
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
	editions, err := d.builder.Build(ctx, d.Now(), asks)
	if err != nil {
		return nil, err
	}
	drafts := make([]messageDraft, len(rows))
	for i, e := range editions {
		if e.Digest == nil {
			drafts[i] = messageDraft{skip: e.Skip, notBefore: e.NotBefore, deferred: e.Deferred}
			continue
		}
		footer := withViewLink(digestFooter(d.Links, e.Digest.Member.ID), d.Links, e.Digest.Member.ID, rows[i].Key)
		drafts[i] = messageDraft{
			to: e.Digest.Member, posts: e.Digest.Counts().Posts, textOnly: e.TextOnly, deferred: e.Deferred, envelope: DigestEnvelope(d.settings, footer.Unsubscribe),
			render: func() (templates.Content, error) {
				return d.Renderer.Digest(e.Digest, footer, d.settings.Digest.MaxBytes)
			},
		}
	}
	return drafts, nil
}

// digestFooter returns a member's links in the footer of digests.
func digestFooter(links *link.Signer, member forum.MemberID) templates.Footer {
	return templates.Footer{
		Settings:    links.URL(link.Claims{Scope: link.Settings, Member: int64(member)}),
		Unsubscribe: links.URL(link.Claims{Scope: link.Digests, Member: int64(member)}),
	}
}

// httpsOnly returns a URL if it can be used for one-click unsubscribing, which requires https (RFC 8058, 3.1). A test site
// without https has only the link in the message body.
func httpsOnly(unsubscribe string) string {
	if !strings.HasPrefix(unsubscribe, "https://") {
		return ""
	}
	return unsubscribe
}

// DigestEnvelope returns the headers that all digests share, with the one-click unsubscribe URL of one member.
func DigestEnvelope(set settings.Settings, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      store.KindDigest,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: store.KindDigest + "." + set.Host},
		Unsubscribe: httpsOnly(unsubscribe),
		// Gmail counts complaints by each of these. The last one identifies the sender and has 5 to 15 characters.
		FeedbackID: store.KindDigest + ":" + set.Host + ":postrider",
	}
}
