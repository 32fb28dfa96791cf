package daemon

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"postrider/mail"
	"postrider/store"
)

// letter is a row of the outbox that was claimed, and the mail that is to become of it.
type letter struct {
	store.Row
	draft
	line *line // set once it has a place in one
}

// letters puts rows and their drafts together. Those of which nothing is to be sent are settled right away.
func (d *Daemon) letters(rows []store.Row, drafts []draft) (list []letter, settled []store.Settlement) {
	for i, row := range rows {
		l := d.letter(row, drafts[i])
		d.tellDropped(l)
		switch {
		case l.wait:
			continue
		case !l.hold.IsZero():
			settled = append(settled, d.heldBack(row, l.draft))
			continue
		case l.skip != "":
			s := d.skipped(row, l.skip)
			l.attach(&s)
			settled = append(settled, s)
			continue
		}
		list = append(list, l)
	}
	return list, settled
}

// tellDropped logs what falls away right before the hand-over: a mail, or posts of one.
func (d *Daemon) tellDropped(l letter) {
	if l.skip != "" {
		d.Log.Debug("mail skipped", "key", l.Key, "member", l.Member, "reason", l.skip)
	}
	for _, p := range l.done {
		d.Log.Debug("post left out", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
	for _, p := range l.owes {
		d.Log.Debug("post left to a later edition", "key", l.Key, "member", l.Member, "post", p.Post, "reason", p.Reason)
	}
}

// letter puts a row and its draft together, if its member may be mailed at all.
func (d *Daemon) letter(row store.Row, m draft) letter {
	if m.skip == "" && !d.set.Delivery.admits(m.to.Email) {
		m.skip = skipNotListed
	}
	return letter{Row: row, draft: m}
}

// sent is what came of a letter that was with a worker.
type sent struct {
	line    *line
	domain  string
	began   time.Time
	out     mail.Outcome // no Result: the mail could not be made
	settled store.Settlement
}

// handOver writes a mail, hands it over and says what became of it. A panic costs this member his mail, and
// nobody else.
func (d *Daemon) handOver(ctx context.Context, l letter) (s sent) {
	s = sent{line: l.line, domain: domainOf(l.to.Email), began: time.Now()}
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("a mail made the daemon panic", "key", l.Key, "fault", fault, "stack", string(debug.Stack()))
			s.settled = d.refused(l.Row, fmt.Errorf("panic: %v", fault))
		}
	}()
	raw, err := d.compose(l)
	if err != nil {
		s.settled = d.refused(l.Row, err)
		return s
	}
	s.out = d.relays.Send(ctx, d.returnPath(l.Row), l.to.Email, raw)
	s.settled = d.settlement(l.Row, s.out, l.posts, len(raw))
	s.settled.Member, s.settled.Address = l.Member, l.to.Email
	l.attach(&s.settled)
	return s
}

// compose writes the whole mail, signed if we sign.
func (d *Daemon) compose(l letter) ([]byte, error) {
	content, err := l.write()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	message := l.envelope
	message.Key, message.Date = l.Key, d.Now()
	message.To.Name, message.To.Address = l.to.Name, l.to.Email
	message.UnsubscribeMail = UnsubscribeMail(d.Links, message.Unsubscribe, d.set.Bounces)
	message.Subject, message.Text = content.Subject, content.Text
	if !l.text {
		message.HTML = content.HTML
	}
	raw, err := d.Composer.Compose(message)
	if err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return d.Signer.Sign(raw)
}
