// Package inbound takes in what comes back from mail: reports, complaints, and mails that end a stream.
//
// A message comes by the listener (listen.go), from a mailbox (maildir.go, imap.go) or through a pipe, and all of
// them hand it to [Processor.Process]. That finds out which mail of ours it is about (identify.go), by what only we can have written, and
// writes down what follows; the daemon judges refusals later. Whatever cannot be made out is logged and dropped: nothing is ever
// sent back, for the sender of a bounce is nobody.
package inbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/daemon"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// Processor takes messages in. It is safe for concurrent use.
type Processor struct {
	Store    *store.Store
	Composer *mail.Composer // made the Message-IDs and return paths
	Links    *link.Signer
	Desk     *daemon.MemberService // ends what members want to end
	Log      *slog.Logger
	Now      func() time.Time
}

// ErrRetryLater means that a message cannot be understood yet: a mail came back before it was written down that it went
// out. It will be understood in a moment.
var ErrRetryLater = errors.New("inbound: the mail that this is about is still being handed over")

// Process takes a message in that was sent to these addresses; what its own header tells of that is asked as well. An error means
// that it is to be handed in once more, later.
func (b *Processor) Process(ctx context.Context, to []string, raw []byte) (err error) {
	defer func() {
		if fault := recover(); fault != nil { // it would do so again: drop it
			b.Log.Error("a message made the inbound panic, and was dropped", "fault", fault, "stack", string(debug.Stack()))
			err = nil
		}
	}()
	report := bounce.Parse(raw)
	for _, address := range slices.Concat(to, report.To) {
		if grant, ok := b.readUnsubscribe(address); ok {
			return b.end(ctx, grant)
		}
	}
	log := b.Log.With("kind", report.Kind, "form", report.Form)
	if report.Kind == bounce.AutoReply || report.Kind == bounce.Other {
		log.Debug("a message is no report, and was dropped")
		return nil
	}
	about, err := b.identify(ctx, to, report)
	if err != nil {
		return err
	}
	if about == nil {
		return b.unknown(ctx, log, report)
	}
	return b.act(ctx, log.With("member", about.member, "key", about.Key), report, about)
}

// act does what a report on a known mail asks for.
func (b *Processor) act(ctx context.Context, log *slog.Logger, report bounce.Report, about *identity) error {
	switch report.Kind {
	case bounce.Failure:
		return b.refused(ctx, log, report, about)
	case bounce.Delay:
		log.Info("a mail is delayed", "enhanced", report.Recipients[0].Enhanced)
	case bounce.Complaint:
		return b.handleComplaint(ctx, log, about)
	case bounce.NotSpam:
		log.Info("a reader takes a complaint back; only he can have the mail again")
	}
	return nil
}

// handleComplaint ends the stream of a mail that its reader complained of, and notes that he did.
func (b *Processor) handleComplaint(ctx context.Context, log *slog.Logger, about *identity) error {
	if err := b.Store.Preferences.UnsubscribeKind(ctx, b.Now(), about.member, about.Kind); err != nil {
		return err
	}
	complaint := about.refusal(b.Now())
	complaint.Source, complaint.Class = store.FromComplaint, bounce.ClassComplaint
	if err := b.Store.Suppressions.SaveRefusals(ctx, []store.Refusal{complaint}); err != nil {
		return err
	}
	log.Info("a complaint ended a stream of mail", "stream", about.Kind)
	return nil
}

// refused notes that a mail came back for good.
func (b *Processor) refused(ctx context.Context, log *slog.Logger, report bounce.Report, about *identity) error {
	r := report.Recipients[0]
	for _, other := range report.Recipients {
		if strings.EqualFold(other.Address, about.Address) {
			r = other
		}
	}
	now := b.Now()
	refusal := about.refusal(now)
	refusal.Source, refusal.Class, refusal.Code, refusal.Enhanced, refusal.Reply = store.FromReport, r.Class(), r.Code, r.Enhanced, r.Text
	if err := b.Store.Suppressions.SaveRefusals(ctx, []store.Refusal{refusal}); err != nil {
		return err
	}
	log.Info("a mail came back", "class", refusal.Class, "code", r.Code, "enhanced", r.Enhanced)
	return nil
}

// unknown is for a report on a mail that is not found. A complaint needs none, if the link that ends the stream is in it:
// relays that rewrite Message-IDs leave that alone, and it does what its reader asks for.
func (b *Processor) unknown(ctx context.Context, log *slog.Logger, report bounce.Report) error {
	if report.Kind == bounce.Complaint {
		for _, o := range report.Originals {
			if grant, ok := b.readListUnsubscribe(o.Unsubscribe); ok {
				return b.end(ctx, grant)
			}
		}
	}
	log.Info("a report tells of no mail of ours, and was dropped")
	return nil
}

// end ends what a member was granted to end.
func (b *Processor) end(ctx context.Context, grant link.Claims) error {
	ended, err := b.Desk.Unsubscribe(ctx, b.Now(), grant)
	if err != nil {
		return fmt.Errorf("unsubscribing by mail: %w", err)
	}
	if ended != nil {
		b.Log.Info("a mail ended what its sender gets", "member", grant.Member, "scope", int(grant.Scope))
	}
	return nil
}
