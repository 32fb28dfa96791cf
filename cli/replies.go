package cli

import (
	"cmp"
	"context"
	"fmt"

	"postrider/daemon/delivery"
	"postrider/inbound"
	"postrider/mail"
)

// replies returns what forwards the answers of persons: to bounces.replies, else smtp.reply_to, else alarms.email. open
// returns the relay; it is called for the first answer.
func (a *app) replies(open func() (delivery.Sender, error)) (*inbound.Replies, error) {
	signer, err := mail.NewSigner(a.cfg.DKIM)
	if err != nil {
		return nil, fmt.Errorf("dkim.%w", err)
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
	to := cmp.Or(a.cfg.Bounces.Replies, a.cfg.SMTP.ReplyTo, a.cfg.Alarms.Email)
	return &inbound.Replies{To: address(to).Address, From: address(a.cfg.SMTP.From), Send: send}, nil
}
