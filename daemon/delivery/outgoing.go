package delivery

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"postrider/daemon/envelope"
	"postrider/internal/addr"
	"postrider/mail"
	"postrider/store"
)

// outgoing is a claimed row of the outbox with the draft of its message.
type outgoing struct {
	store.Row
	Draft
	readAt time.Time      // when the forum was read for the draft; the real clock
	queue  *providerQueue // set when it is in a queue
}

// outgoingMessages combines rows with their drafts, made from the forum as of readAt. Rows without anything to send are settled immediately.
func (d *Service) outgoingMessages(rows []store.Row, drafts []Draft, readAt time.Time) (list []outgoing, settled []store.Settlement) {
	for i, row := range rows {
		l := outgoing{Row: row, Draft: drafts[i], readAt: readAt}
		d.logOmissions(l)
		switch {
		case l.ReleaseUnchanged:
			continue
		case !l.NotBefore.IsZero():
			settled = append(settled, d.deferredSettlement(row, l.Draft))
			continue
		case l.Skip != "":
			s := d.skippedSettlement(row, l.Skip)
			l.addOmissions(&s)
			settled = append(settled, s)
			continue
		}
		list = append(list, l)
	}
	return list, settled
}

// logOmissions logs what is left out right before sending: a message, or some of its posts.
func (d *Service) logOmissions(l outgoing) {
	if l.Skip != "" {
		d.Log.Debug("message skipped", "key", l.Key, "member", l.Member, "reason", l.Skip)
	}
	for _, p := range l.Omitted {
		d.Log.Debug("post omitted", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
	for _, p := range l.Deferred {
		d.Log.Debug("post deferred to a later edition", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
}

// result is the result of a message from a worker.
type result struct {
	queue   *providerQueue
	domain  string
	began   time.Time
	out     mail.Outcome // no Result: the message could not be built
	settled store.Settlement
}

// send renders and sends a message and returns the result. A panic affects only this message.
func (d *Service) send(ctx context.Context, l outgoing) (s result) {
	s = result{queue: l.queue, domain: addr.Domain(l.To.Email), began: time.Now()}
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("panic while building a message", "key", l.Key, "fault", fault, "stack", string(debug.Stack()))
			s.settled = d.renderFailed(l.Row, fmt.Errorf("panic: %v", fault))
		}
	}()
	raw, err := d.Compose(l.Row, l.Draft)
	if err != nil {
		s.settled = d.renderFailed(l.Row, err)
		return s
	}
	s.out = d.shared.Relays.Send(ctx, d.returnPath(l.Row, l.Draft), l.To.Email, raw)
	s.settled = d.settlement(l.Row, s.out, l.Posts, len(raw))
	s.settled.Member, s.settled.Address, s.settled.Relay, s.settled.Brought = l.Member, l.To.Email, d.shared.Relays.store, l.renderedPosts()
	l.addOmissions(&s.settled)
	return s
}

// Compose renders the complete message of a draft and signs it if there is a signer.
func (d *Service) Compose(row store.Row, m Draft) ([]byte, error) {
	content, err := m.Render()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	message := m.Envelope
	message.Key, message.Date = row.Key, d.Now()
	message.To.Name, message.To.Address = m.To.Name, m.To.Email
	envelope.AddUnsubscribeMail(&message, d.Links, d.settings.Bounces)
	message.Subject, message.Text = content.Subject, content.Text
	if !m.TextOnly {
		message.HTML, message.Images = content.HTML, content.Images
	}
	raw, err := d.Composer.Compose(message)
	if err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return d.signerOf(row.Kind).Sign(raw)
}

// signerOf returns what signs messages of a kind.
func (d *Service) signerOf(kind string) *mail.Signer {
	if kind == store.KindAnnouncement {
		return d.AnnouncementSigner
	}
	return d.Signer
}
