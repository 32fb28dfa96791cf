package daemon

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"postrider/mail"
	"postrider/store"
)

// outgoing is a row of the outbox that was claimed, and the mail that is to become of it.
type outgoing struct {
	store.Row
	messageDraft
	line *providerQueue // set once it has a place in one
}

// letters puts rows and their drafts together. Those of which nothing is to be sent are settled right away.
func (d *Daemon) letters(rows []store.Row, drafts []messageDraft) (list []outgoing, settled []store.Settlement) {
	for i, row := range rows {
		l := d.newOutgoing(row, drafts[i])
		d.logOmissions(l)
		switch {
		case l.releaseUnchanged:
			continue
		case !l.notBefore.IsZero():
			settled = append(settled, d.deferredSettlement(row, l.messageDraft))
			continue
		case l.skip != "":
			s := d.skippedSettlement(row, l.skip)
			l.addOmissions(&s)
			settled = append(settled, s)
			continue
		}
		list = append(list, l)
	}
	return list, settled
}

// logOmissions logs what falls away right before the hand-over: a mail, or posts of one.
func (d *Daemon) logOmissions(l outgoing) {
	if l.skip != "" {
		d.Log.Debug("mail skipped", "key", l.Key, "member", l.Member, "reason", l.skip)
	}
	for _, p := range l.omitted {
		d.Log.Debug("post left out", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
	for _, p := range l.deferred {
		d.Log.Debug("post left to a later edition", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
}

// newOutgoing puts a row and its draft together, if its member may be mailed at all.
func (d *Daemon) newOutgoing(row store.Row, m messageDraft) outgoing {
	if m.skip == "" && !d.settings.Delivery.allows(m.to.Email) {
		m.skip = reasonNotAllowListed
	}
	return outgoing{Row: row, messageDraft: m}
}

// result is what came of a letter that was with a worker.
type result struct {
	line    *providerQueue
	domain  string
	began   time.Time
	out     mail.Outcome // no Result: the mail could not be made
	settled store.Settlement
}

// send writes a mail, hands it over and says what became of it. A panic costs this member his mail, and
// nobody else.
func (d *Daemon) send(ctx context.Context, l outgoing) (s result) {
	s = result{line: l.line, domain: domainOf(l.to.Email), began: time.Now()}
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("a mail made the daemon panic", "key", l.Key, "fault", fault, "stack", string(debug.Stack()))
			s.settled = d.renderFailed(l.Row, fmt.Errorf("panic: %v", fault))
		}
	}()
	raw, err := d.compose(l)
	if err != nil {
		s.settled = d.renderFailed(l.Row, err)
		return s
	}
	s.out = d.relays.Send(ctx, d.returnPath(l.Row), l.to.Email, raw)
	s.settled = d.settlement(l.Row, s.out, l.posts, len(raw))
	s.settled.Member, s.settled.Address = l.Member, l.to.Email
	l.addOmissions(&s.settled)
	return s
}

// compose writes the whole mail, signed if we sign.
func (d *Daemon) compose(l outgoing) ([]byte, error) {
	content, err := l.render()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	message := l.envelope
	message.Key, message.Date = l.Key, d.Now()
	message.To.Name, message.To.Address = l.to.Name, l.to.Email
	message.UnsubscribeMail = UnsubscribeMail(d.Links, message.Unsubscribe, d.settings.Bounces)
	message.Subject, message.Text = content.Subject, content.Text
	if !l.textOnly {
		message.HTML = content.HTML
	}
	raw, err := d.Composer.Compose(message)
	if err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return d.Signer.Sign(raw)
}
