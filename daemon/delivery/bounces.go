package delivery

import (
	"context"
	"strings"

	"postrider/bounce"
	"postrider/mail"
	"postrider/store"
)

// returnPath returns the address for bounces of a message. Without a domain for them, it is the sender, so that SPF is aligned
// with it.
func (d *Service) returnPath(row store.Row, m Draft) string {
	if d.settings.Bounces == "" {
		return m.Envelope.From.Address
	}
	return d.Composer.VERP(row.Key, int64(row.Member), d.settings.Bounces)
}

// skipSuppressed skips drafts to suppressed addresses.
func (d *Service) skipSuppressed(ctx context.Context, drafts []Draft) error {
	var addresses []string
	for _, m := range drafts {
		if m.sendable() {
			addresses = append(addresses, m.To.Email)
		}
	}
	if len(addresses) == 0 {
		return nil
	}
	suppressed, err := d.Store.Suppressions.Suppressed(ctx, d.Now(), addresses)
	if err != nil {
		return err
	}
	for i, m := range drafts {
		if m.sendable() {
			drafts[i].Skip = string(suppressed[strings.ToLower(m.To.Email)])
		}
	}
	return nil
}

// commands are the names that package bounce has for the stages at which a relay may reject a message.
var commands = map[mail.Stage]string{mail.Sender: "MAIL FROM", mail.Recipient: "RCPT TO", mail.Data: "DATA", mail.Body: "end of DATA"}

// refusalRecorder collects permanent rejections and delivery counts, which are later evaluated together.
type refusalRecorder struct {
	refusals       []store.Refusal
	deliveryCounts store.DeliveryCounts
}

// add records the result of a message.
func (b *refusalRecorder) add(s store.Settlement) {
	refused := s.State == store.StateRefused && (s.Code != 0 || s.Enhanced != "") // otherwise the relay never got it
	if s.Address == "" || !refused && s.State != store.StateAccepted {
		return
	}
	if b.deliveryCounts == nil {
		b.deliveryCounts = make(store.DeliveryCounts)
	}
	b.deliveryCounts.Count(s.At, s.Relay, s.Address)
	if !refused {
		return
	}
	b.refusals = append(b.refusals, store.Refusal{
		Key: s.Key, Source: store.FromRelay, Relay: s.Relay, Member: s.Member, Address: s.Address, SentAt: s.At, At: s.At,
		Class: bounce.ClassifyReply(s.Stage, s.Code, s.Enhanced, s.Reply), Code: s.Code, Enhanced: s.Enhanced, Reply: s.Reply, Stage: s.Stage,
	})
}

// empty reports whether there is nothing to save.
func (b *refusalRecorder) empty() bool { return len(b.refusals) == 0 && len(b.deliveryCounts) == 0 }

// flushRefusals saves the rejections.
func (b *refusalRecorder) flushRefusals(ctx context.Context, to store.Suppressions) error {
	if len(b.refusals) == 0 {
		return nil
	}
	err := to.SaveRefusals(ctx, b.refusals)
	if err == nil {
		b.refusals = nil
	}
	return err
}

// flushCounts saves the delivery counts.
func (b *refusalRecorder) flushCounts(ctx context.Context, to store.Counts) error {
	err := to.Add(ctx, b.deliveryCounts)
	if err == nil {
		b.deliveryCounts = nil
	}
	return err
}
