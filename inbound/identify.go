package inbound

import (
	"context"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// identity is the mail of ours that a message is about.
type identity struct {
	store.SentMessage
	member forum.MemberID
}

// refusal is what is noted of the mail, but for what befell it.
func (i *identity) refusal(now time.Time) store.Refusal {
	r := store.Refusal{Key: i.Key, Member: i.member, Address: i.Address, SentAt: i.Settled, At: now}
	if r.SentAt.IsZero() {
		r.SentAt = now
	}
	return r
}

// candidate is what a message says of which mail it is about. The token proves it.
type candidate struct {
	member forum.MemberID
	token  string
}

// maxClaims is how many claims of one message are looked into.
const maxClaims = 8

// identify finds the mail that a report is about; nil: none of ours. What counts is a return path that we have made, wherever it
// stands; else a Message-ID that we have made, together with the member of a link that we have signed. From whom the report is
// does not count: anybody can write that.
func (b *Processor) identify(ctx context.Context, to []string, report bounce.Report) (*identity, error) {
	for _, c := range b.claims(to, report) {
		about, err := b.lookup(ctx, c)
		if about != nil || err != nil {
			return about, err
		}
	}
	return nil, nil
}

func (b *Processor) claims(to []string, report bounce.Report) (list []candidate) {
	met := make(map[candidate]bool)
	add := func(member int64, token string) {
		c := candidate{forum.MemberID(member), token}
		if !met[c] && len(list) < maxClaims {
			met[c] = true
			list = append(list, c)
		}
	}
	paths := slices.Concat(to, report.To)
	for _, o := range report.Originals {
		paths = append(paths, o.ReturnPath)
	}
	for _, path := range paths {
		if member, token, ok := mail.ParseVERP(path); ok {
			add(member, token)
		}
	}
	// The two may stand in different parts: some report the Message-ID in one, and the header in another.
	for _, id := range report.Originals {
		token, ok := b.Composer.ReadMessageID(id.MessageID)
		for _, o := range report.Originals {
			if grant, signed := b.readListUnsubscribe(o.Unsubscribe); ok && signed {
				add(grant.Member, token)
			}
		}
	}
	return list
}

// lookup finds the mail of a claim among those of its member.
func (b *Processor) lookup(ctx context.Context, c candidate) (*identity, error) {
	mails, err := b.Store.Outbox.SentMessages(ctx, c.member)
	if err != nil {
		return nil, err
	}
	var found *identity
	for _, m := range mails { // all of them, so that nobody learns from the time it takes
		if b.Composer.VerifyToken(c.token, m.Key) {
			found = &identity{m, c.member}
		}
	}
	switch {
	case found == nil:
		return nil, nil
	case found.Address != "":
		return found, nil
	case found.Settled.IsZero():
		return nil, ErrRetryLater
	}
	return nil, nil // it was skipped in the end: an earlier daemon has died over it
}

// unsubscribeMark begins the local part of an address that ends a stream.
const unsubscribeMark = "u-"

// readUnsubscribe reads the address of a mail that ends a stream; its subject and body do not count.
func (b *Processor) readUnsubscribe(address string) (link.Claims, bool) {
	local, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	tag, ours := strings.CutPrefix(local, unsubscribeMark)
	if !ours {
		return link.Claims{}, false
	}
	grant, err := b.Links.CheckTag(tag)
	return grant, err == nil && grant.Scope.IsUnsubscribe()
}

// readListUnsubscribe reads a List-Unsubscribe field of ours: "<https://.../u/TOKEN>, <mailto:u-TAG@...>".
func (b *Processor) readListUnsubscribe(value string) (link.Claims, bool) {
	for part := range strings.SplitSeq(value, ",") {
		uri := strings.Trim(strings.TrimSpace(part), "<>")
		if address, found := strings.CutPrefix(uri, "mailto:"); found {
			if grant, ok := b.readUnsubscribe(address); ok {
				return grant, true
			}
			continue
		}
		token := uri[strings.LastIndexByte(uri, '/')+1:]
		if grant, err := b.Links.Check(token); err == nil && grant.Scope.IsUnsubscribe() {
			return grant, true
		}
	}
	return link.Claims{}, false
}
