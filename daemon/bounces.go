package daemon

import (
	"context"
	"strings"

	"postrider/bounce"
	"postrider/internal/link"
	"postrider/store"
)

// returnPath is where the mail of a row comes back to if it cannot be delivered.
func (d *Daemon) returnPath(row store.Row) string {
	if d.settings.Bounces == "" {
		return d.settings.From.Address
	}
	return d.Composer.VERP(row.Key, int64(row.Member), d.settings.Bounces)
}

// UnsubscribeMail is the address that ends, for whoever mails it, what a one-click link of ours ends. It is empty where no
// mail comes back to us: domain is empty.
func UnsubscribeMail(links *link.Signer, oneClick, domain string) string {
	grant, err := links.Check(oneClick[strings.LastIndexByte(oneClick, '/')+1:])
	if domain == "" || err != nil {
		return ""
	}
	return "u-" + links.AddressToken(grant) + "@" + domain
}

// skipSuppressed skips drafts to addresses that are suppressed.
func (d *Daemon) skipSuppressed(ctx context.Context, drafts []messageDraft) error {
	var addresses []string
	for _, m := range drafts {
		if m.sendable() {
			addresses = append(addresses, m.to.Email)
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
		if m.sendable() && suppressed[strings.ToLower(m.to.Email)] {
			drafts[i].skip = reasonSuppressed
		}
	}
	return nil
}

// refusalRecorder takes down what the relay refused for good and how much was handed over, so that both can be judged.
type refusalRecorder struct {
	refusals       []store.Refusal
	deliveryCounts store.DeliveryCounts
}

// add takes in what became of a mail.
func (b *refusalRecorder) add(s store.Settlement) {
	refused := s.State == store.StateRefused && (s.Code != 0 || s.Enhanced != "") // else it was never asked for
	if s.Address == "" || !refused && s.State != store.StateAccepted {
		return
	}
	if b.deliveryCounts == nil {
		b.deliveryCounts = make(store.DeliveryCounts)
	}
	b.deliveryCounts.Count(s.At, s.Address)
	if !refused {
		return
	}
	b.refusals = append(b.refusals, store.Refusal{
		Key: s.Key, Source: store.FromRelay, Member: s.Member, Address: s.Address, SentAt: s.At, At: s.At,
		Class: bounce.Classify(s.Code, s.Enhanced, s.Reply), Code: s.Code, Enhanced: s.Enhanced, Reply: s.Reply,
	})
}

// empty tells that there is nothing to write down.
func (b *refusalRecorder) empty() bool { return len(b.refusals) == 0 && len(b.deliveryCounts) == 0 }

// flushRefusals writes the refusals down.
func (b *refusalRecorder) flushRefusals(ctx context.Context, to *store.Store) error {
	if len(b.refusals) == 0 {
		return nil
	}
	err := to.Suppressions.SaveRefusals(ctx, b.refusals)
	if err == nil {
		b.refusals = nil
	}
	return err
}

// flushCounts writes down how much was handed over.
func (b *refusalRecorder) flushCounts(ctx context.Context, to *store.Store) error {
	err := to.Counts.Add(ctx, b.deliveryCounts)
	if err == nil {
		b.deliveryCounts = nil
	}
	return err
}
