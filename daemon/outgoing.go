package daemon

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/mail"
	"postrider/store"
)

// outgoing is a claimed row of the outbox with the draft of its message.
type outgoing struct {
	store.Row
	messageDraft
	line *providerQueue // set when it is in a queue
}

// letters combines rows with their drafts. Rows without anything to send are settled immediately.
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

// logOmissions logs what is left out right before sending: a message, or some of its posts.
func (d *Daemon) logOmissions(l outgoing) {
	if l.skip != "" {
		d.Log.Debug("message skipped", "key", l.Key, "member", l.Member, "reason", l.skip)
	}
	for _, p := range l.omitted {
		d.Log.Debug("post omitted", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
	for _, p := range l.deferred {
		d.Log.Debug("post deferred to a later edition", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
}

// newOutgoing combines a row with its draft, and skips it if the address is not on the allow-list.
func (d *Daemon) newOutgoing(row store.Row, m messageDraft) outgoing {
	if m.skip == "" && !d.settings.Delivery.Allows(m.to.Email) {
		m.skip = digest.ReasonNotAllowListed
	}
	return outgoing{Row: row, messageDraft: m}
}

// result is the result of a message from a worker.
type result struct {
	line    *providerQueue
	domain  string
	began   time.Time
	out     mail.Outcome // no Result: the message could not be built
	settled store.Settlement
}

// send renders and sends a message and returns the result. A panic affects only this message.
func (d *Daemon) send(ctx context.Context, l outgoing) (s result) {
	s = result{line: l.line, domain: domainOf(l.to.Email), began: time.Now()}
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("panic while building a message", "key", l.Key, "fault", fault, "stack", string(debug.Stack()))
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

// compose renders the complete message and signs it if there is a signer.
func (d *Daemon) compose(l outgoing) ([]byte, error) {
	content, err := l.render()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	message := l.envelope
	message.Key, message.Date = l.Key, d.Now()
	message.To.Name, message.To.Address = l.to.Name, l.to.Email
	message.UnsubscribeMail = envelope.UnsubscribeMail(d.Links, message.Unsubscribe, d.settings.Bounces)
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
