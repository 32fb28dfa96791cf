package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// messageDraft is a mail that is chosen and not yet written: who gets it, and how it is written once its turn
// has come.
type messageDraft struct {
	to                   forum.Member
	skip                 string    // why there is nothing to send; empty: it is to be sent
	releaseUnchanged     bool      // its announcement is paused: it goes back as it was
	notBefore            time.Time // when it may go at the earliest; zero: now
	holdReason           string    // why it is held back; empty: its member wants that
	exemptFromDailyLimit bool      // it goes out however much its member has had today
	posts                int       // how many it carries
	textOnly             bool      // its reader wants text alone
	omitted              []digest.Omitted
	deferred             []digest.DeferredPost
	envelope             mail.Message // all but its key, its date, its reader and what it says
	render               func() (templates.Content, error)
}

// drafter chooses what each row of one kind is to hold, as the forum stands now, in the order of the rows.
// Its error means that the forum or the store could not be read: then nothing may be sent.
type drafter func(ctx context.Context, rows []store.Row) ([]messageDraft, error)

// draftersByKind are those of all kinds.
func (d *Daemon) draftersByKind() map[string]drafter {
	return map[string]drafter{store.KindDigest: d.draftDigests, store.KindAlert: d.draftAlerts, store.KindAnnouncement: d.draftAnnouncements}
}

// draftBatch chooses what a batch is to hold, kind by kind.
func (d *Daemon) draftBatch(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	places := make(map[string][]int)
	for i, r := range rows {
		places[r.Kind] = append(places[r.Kind], i)
	}
	drafts := make([]messageDraft, len(rows))
	for kind, at := range places {
		choose, known := d.draftersByKind()[kind]
		if !known {
			return nil, fmt.Errorf("the outbox holds mails of a kind %q: a newer postrider has put them there", kind)
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

// sendable tells that a draft is to be sent now, as far as is known.
func (m messageDraft) sendable() bool {
	return m.skip == "" && m.notBefore.IsZero() && !m.releaseUnchanged
}

// draftDigests is the drafter of editions.
func (d *Daemon) draftDigests(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	asks := make([]EditionRequest, len(rows))
	for i, r := range rows {
		asks[i] = EditionRequest{Key: r.Key, Member: r.Member, After: r.From, Until: r.Until, Planned: r.Created}
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

// digestFooter holds a member's ways out of his digests.
func digestFooter(links *link.Signer, member forum.MemberID) templates.Footer {
	return templates.Footer{
		Settings:    links.URL(link.Claims{Scope: link.Settings, Member: int64(member)}),
		Unsubscribe: links.URL(link.Claims{Scope: link.Digests, Member: int64(member)}),
	}
}

// httpsOnly is the address of a link, if one click can follow it. One-click knows https only (RFC 8058, 3.1): a site that is
// tried without has the link in its mails alone.
func httpsOnly(unsubscribe string) string {
	if !strings.HasPrefix(unsubscribe, "https://") {
		return ""
	}
	return unsubscribe
}

// DigestEnvelope is what all digests of a site have in common, with the one-click address of one member.
func DigestEnvelope(set Settings, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      store.KindDigest,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: store.KindDigest + "." + set.Host},
		Unsubscribe: httpsOnly(unsubscribe),
		// Gmail counts complaints by these; the last one names the sender and has 5 to 15 characters.
		FeedbackID: store.KindDigest + ":" + set.Host + ":postrider",
	}
}
