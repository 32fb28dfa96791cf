package cli

import (
	"cmp"
	"context"

	"postrider/config"
	"postrider/daemon/delivery"
	"postrider/inbound"
	"postrider/mail"
)

// replies returns what forwards the answers of persons: to bounces.replies, else smtp.reply_to, else alarms.email. open
// returns the relay; it is called for the first answer.
func (a *app) replies(open func() (delivery.Sender, error)) (*inbound.Replies, error) {
	signer, _, err := signers(a.cfg)
	if err != nil {
		return nil, err
	}
	send := func(ctx context.Context, from, to string, raw []byte) mail.Outcome {
		failed := func(err error) mail.Outcome {
			return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Err: err}
		}
		raw, err := signer.Sign(raw)
		if err != nil {
			return failed(err)
		}
		sender, err := open()
		if err != nil {
			return failed(err)
		}
		out := sender.Send(ctx, from, to, raw)
		if a.fallback != nil && (out.Unreachable() || out.LoginRefused()) {
			out = a.fallback.Send(ctx, from, to, raw)
		}
		return out
	}
	return &inbound.Replies{To: address(repliesTo(a.cfg)).Address, From: address(a.cfg.SMTP.From), Senders: senderAddresses(a.cfg), Send: send}, nil
}

// repliesTo returns where answers of persons are forwarded to; empty: nowhere.
func repliesTo(cfg config.Config) string {
	return cmp.Or(cfg.Bounces.Replies, cfg.SMTP.ReplyTo, cfg.Alarms.Email)
}

// repliesRead reports whether a person reads what members reply: it goes to smtp.reply_to, or Postrider forwards it.
func repliesRead(cfg config.Config) bool {
	return cfg.SMTP.ReplyTo != "" || cfg.Bounces.Replies != "" || readsSender(cfg) && repliesTo(cfg) != ""
}

// announcementRepliesRead is the same for announcements.
func announcementRepliesRead(cfg config.Config) bool {
	if cfg.SMTP.Announcements.ReplyTo != "" {
		return true
	}
	if !readsSender(cfg) || address(cfg.SMTP.AnnouncementFrom()).Address == address(cfg.SMTP.From).Address {
		return repliesRead(cfg)
	}
	return cfg.SMTP.ReplyTo != "" // only the mailbox of smtp.from is read
}

// readsSender reports whether Postrider reads the mailbox of smtp.from.
func readsSender(cfg config.Config) bool {
	b := cfg.Bounces
	return b.Domain == "" && (b.IMAP != "" || b.Maildir != "")
}
