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
func (h *app) replies(open func() (delivery.Sender, error)) (*inbound.Replies, error) {
	signer, err := mail.NewSigner(h.cfg.DKIM)
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
		if h.fallback != nil && (out.Unreachable() || out.LoginRefused()) {
			out = h.fallback.Send(ctx, from, to, raw)
		}
		return out
	}
	to := cmp.Or(h.cfg.Bounces.Replies, h.cfg.SMTP.ReplyTo, h.cfg.Alarms.Email)
	return &inbound.Replies{To: address(to).Address, From: address(h.cfg.SMTP.From), Send: send}, nil
}
