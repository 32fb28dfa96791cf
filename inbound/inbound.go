// Package inbound processes bounces, complaints and unsubscribe requests by email.
//
// A message arrives through the listener (listen.go), a mailbox (maildir.go, imap.go) or a pipe. All of them call
// [Processor.Process], which identifies our message that it is about (identify.go), by signatures that only we can
// make, and saves the result. The daemon evaluates rejections later. What cannot be identified is logged and dropped.
// Nothing is ever sent back, because bounces have no sender. What a person answers to a message is forwarded (replies.go).
package inbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/daemon/members"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// Processor processes inbound messages. It is safe for concurrent use.
type Processor struct {
	Store    *store.Store
	Composer *mail.Composer // checks Message-IDs and return paths
	Links    *link.Signer
	Members  *members.Service // unsubscribes members
	Log      *slog.Logger
	Now      func() time.Time
	Replies  *Replies                                  // nil: answers of persons are dropped
	Observe  func(bounce.Kind)                         // called for each message; nil: nothing
	Socket   func(listen string) (net.Listener, error) // opens the socket of Listen; nil: OpenSocket
}

// ErrRetryLater means that a message cannot be processed yet: it bounced before the result of its delivery was saved.
// Retry after a moment.
var ErrRetryLater = errors.New("inbound: our message that this is about is still being sent")

// Process processes a message sent to these addresses, or to those in its own header. After an error, submit the message
// again later.
func (b *Processor) Process(ctx context.Context, to []string, raw []byte) (err error) {
	defer b.recoverPanic(&err)
	return b.process(ctx, to, b.parse(raw))
}

// ProcessForEach is like Process for each address in turn: one message can be a request from several of them.
func (b *Processor) ProcessForEach(ctx context.Context, to []string, raw []byte) (err error) {
	defer b.recoverPanic(&err)
	m := b.parse(raw)
	for _, address := range to {
		if err := b.process(ctx, []string{address}, m); err != nil {
			return err
		}
	}
	return nil
}

// recoverPanic drops a message after a panic: a retry would panic too.
func (b *Processor) recoverPanic(err *error) {
	if fault := recover(); fault != nil {
		b.Log.Error("inbound message dropped after a panic", "err", fault, "stack", string(debug.Stack()))
		*err = nil
	}
}

// message is an inbound message with what it says.
type message struct {
	raw []byte // at most bounce.MaxBytes
	bounce.Report
}

func (b *Processor) parse(raw []byte) message {
	m := message{raw, bounce.Parse(raw)}
	if b.Observe != nil {
		b.Observe(m.Kind)
	}
	return m
}

func (b *Processor) process(ctx context.Context, to []string, m message) error {
	report := m.Report
	for _, address := range slices.Concat(to, report.To) {
		if grant, ok := b.readUnsubscribe(address); ok {
			return b.unsubscribe(ctx, grant)
		}
	}
	log := b.Log.With("kind", report.Kind, "form", report.Form)
	if report.Letter != nil {
		return b.handleLetter(ctx, log, to, m)
	}
	if report.Kind == bounce.AutoReply || report.Kind == bounce.Other {
		log.Debug("inbound message dropped: not a report")
		return nil
	}
	about, err := b.identify(ctx, to, report)
	if err != nil {
		return err
	}
	if about == nil {
		return b.handleUnknown(ctx, log, report)
	}
	return b.handleReport(ctx, log.With("member", about.member, "key", about.Key), report, about)
}

// handleReport handles a report about a known message.
func (b *Processor) handleReport(ctx context.Context, log *slog.Logger, report bounce.Report, about *identity) error {
	switch report.Kind {
	case bounce.Failure:
		return b.handleBounce(ctx, log, report, about)
	case bounce.Delay:
		log.Info("message delayed", "enhanced", report.Recipients[0].Enhanced)
	case bounce.Complaint:
		return b.handleComplaint(ctx, log, about)
	case bounce.NotSpam:
		log.Info("\"not spam\" report received; the member must resubscribe")
	}
	return nil
}

// handleComplaint unsubscribes the member from the kind of message that was reported as spam, and records the complaint.
func (b *Processor) handleComplaint(ctx context.Context, log *slog.Logger, about *identity) error {
	if err := b.Store.Preferences.UnsubscribeKind(ctx, b.Now(), about.member, about.Kind); err != nil {
		return err
	}
	complaint := about.refusal(b.Now())
	complaint.Source, complaint.Class = store.FromComplaint, bounce.ClassComplaint
	if err := b.Store.Suppressions.SaveRefusals(ctx, []store.Refusal{complaint}); err != nil {
		return err
	}
	log.Info("member unsubscribed after a complaint", "stream", about.Kind)
	return nil
}

// handleBounce records a bounce.
func (b *Processor) handleBounce(ctx context.Context, log *slog.Logger, report bounce.Report, about *identity) error {
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
	log.Info("message bounced", "class", refusal.Class, "code", r.Code, "enhanced", r.Enhanced)
	return nil
}

// handleUnknown handles a report whose message is not found. A complaint can be handled without it, if it contains our
// unsubscribe link: relays that rewrite Message-IDs keep that.
func (b *Processor) handleUnknown(ctx context.Context, log *slog.Logger, report bounce.Report) error {
	if report.Kind == bounce.Complaint {
		for _, o := range report.Originals {
			if grant, ok := b.readListUnsubscribe(o.Unsubscribe); ok {
				return b.unsubscribe(ctx, grant)
			}
		}
	}
	log.Info("report dropped: not about a message of ours")
	return nil
}

// unsubscribe unsubscribes the member of a verified link.
func (b *Processor) unsubscribe(ctx context.Context, grant link.Claims) error {
	ended, err := b.Members.Unsubscribe(ctx, b.Now(), grant)
	if err != nil {
		return fmt.Errorf("unsubscribing by email: %w", err)
	}
	if ended != nil {
		b.Log.Info("member unsubscribed by email", "member", grant.Member, "scope", int(grant.Scope))
	}
	return nil
}
