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

// identity is our message that an inbound message is about.
type identity struct {
	store.SentMessage
	member forum.MemberID
}

// refusal returns a record of the message, without source, class and reply.
func (i *identity) refusal(now time.Time) store.Refusal {
	r := store.Refusal{Key: i.Key, Member: i.member, Address: i.Address, Relay: i.Relay, SentAt: i.Settled, At: now}
	if r.SentAt.IsZero() {
		r.SentAt = now
	}
	return r
}

// candidate is a reference to one of our messages. The token proves it.
type candidate struct {
	member forum.MemberID
	token  string
}

// maxCandidates is how many candidates of one message are checked.
const maxCandidates = 8

// identify finds our message that a report is about; nil: none of ours. It accepts a return path that we generated,
// wherever it appears; or a Message-ID that we generated, together with the member of a link that we signed. It ignores
// the sender of the report, because anyone can forge that.
func (b *Processor) identify(ctx context.Context, to []string, report bounce.Report) (*identity, error) {
	for _, c := range b.candidates(to, report) {
		about, err := b.lookup(ctx, c)
		if about != nil || err != nil {
			return about, err
		}
	}
	return nil, nil
}

func (b *Processor) candidates(to []string, report bounce.Report) (list []candidate) {
	met := make(map[candidate]bool)
	add := func(member int64, token string) {
		c := candidate{forum.MemberID(member), token}
		if !met[c] && len(list) < maxCandidates {
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
	// The two can be in different parts: some servers report the Message-ID in one part and the header in another.
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

// lookup finds the message of a candidate among those sent to its member.
func (b *Processor) lookup(ctx context.Context, c candidate) (*identity, error) {
	mails, err := b.Store.Outbox.SentMessages(ctx, c.member)
	if err != nil {
		return nil, err
	}
	var found *identity
	for _, m := range mails { // all of them, so that the time it takes reveals nothing
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
	return nil, nil // it was skipped: an earlier daemon died while sending it
}

// unsubscribePrefix is the prefix of the local part of an unsubscribe address.
const unsubscribePrefix = "u-"

// readUnsubscribe reads the recipient address of an unsubscribe request; its subject and body are ignored.
func (b *Processor) readUnsubscribe(address string) (link.Claims, bool) {
	local, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	tag, ours := strings.CutPrefix(local, unsubscribePrefix)
	if !ours {
		return link.Claims{}, false
	}
	grant, err := b.Links.CheckTag(tag)
	return grant, err == nil && grant.Scope.IsUnsubscribe()
}

// readListUnsubscribe reads our List-Unsubscribe field: "<https://.../u/TOKEN>, <mailto:u-TAG@...>".
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
