package daemon

import (
	"context"
	"strings"

	"postrider/bounce"
	"postrider/internal/link"
	"postrider/store"
)

// skipBounces is why members get nothing whose address is suppressed. Their marks move: who gives a new address is
// not sent what has gathered in the meantime.
const skipBounces = "address bounces"

// returnPath is where the mail of a row comes back to if it cannot be delivered.
func (d *Daemon) returnPath(row store.Row) string {
	if d.set.Bounces == "" {
		return d.set.From.Address
	}
	return d.Composer.VERP(row.Key, int64(row.Member), d.set.Bounces)
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

// spare skips drafts to addresses that are suppressed.
func (d *Daemon) spare(ctx context.Context, drafts []draft) error {
	var addresses []string
	for _, m := range drafts {
		if m.goes() {
			addresses = append(addresses, m.to.Email)
		}
	}
	if len(addresses) == 0 {
		return nil
	}
	suppressed, err := d.Store.Suppressed(ctx, d.Now(), addresses)
	if err != nil {
		return err
	}
	for i, m := range drafts {
		if m.goes() && suppressed[strings.ToLower(m.to.Email)] {
			drafts[i].skip = skipBounces
		}
	}
	return nil
}

// blotter takes down what the relay refused for good and how much was handed over, so that both can be judged.
type blotter struct {
	refusals []store.Refusal
	handed   store.DeliveryCounts
}

// note takes in what became of a mail.
func (b *blotter) note(s store.Settlement) {
	refused := s.State == stateRefused && (s.Code != 0 || s.Enhanced != "") // else it was never asked for
	if s.Address == "" || !refused && s.State != stateAccepted {
		return
	}
	if b.handed == nil {
		b.handed = make(store.DeliveryCounts)
	}
	b.handed.Count(s.At, s.Address)
	if !refused {
		return
	}
	b.refusals = append(b.refusals, store.Refusal{
		Key: s.Key, Source: store.FromRelay, Member: s.Member, Address: s.Address, SentAt: s.At, At: s.At,
		Class: bounce.Classify(s.Code, s.Enhanced, s.Reply), Code: s.Code, Enhanced: s.Enhanced, Reply: s.Reply,
	})
}

// clean tells that there is nothing to write down.
func (b *blotter) clean() bool { return len(b.refusals) == 0 && len(b.handed) == 0 }

// report writes the refusals down.
func (b *blotter) report(ctx context.Context, to *store.Store) error {
	if len(b.refusals) == 0 {
		return nil
	}
	err := to.SaveRefusals(ctx, b.refusals)
	if err == nil {
		b.refusals = nil
	}
	return err
}

// count writes down how much was handed over.
func (b *blotter) count(ctx context.Context, to *store.Store) error {
	err := to.AddTally(ctx, b.handed)
	if err == nil {
		b.handed = nil
	}
	return err
}
