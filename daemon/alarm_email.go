package daemon

import (
	"context"
	"fmt"
	netmail "net/mail"
	"os"

	"postrider/alarm"
	"postrider/daemon/delivery"
	"postrider/mail"
	"postrider/templates"
)

// alarmMail sends alarms directly to the relay, because the outbox may be the problem.
type alarmMail struct {
	*base
	relays *delivery.Relays
}

// Name implements alarm.Channel.
func (*alarmMail) Name() string { return "mail" }

// Notify implements alarm.Channel.
func (m *alarmMail) Notify(ctx context.Context, n alarm.Notification) error {
	raw, to, err := m.compose(n)
	if err != nil {
		return err
	}
	if out := m.relays.SendNow(ctx, m.settings.From.Address, to, raw); out.Result != mail.Accepted {
		return fmt.Errorf("sending an alarm to the administrator: %v", out)
	}
	return nil
}

func (m *alarmMail) compose(n alarm.Notification) (raw []byte, to string, err error) {
	admin, err := netmail.ParseAddress(m.settings.Alarms.Email)
	if err != nil {
		return nil, "", fmt.Errorf("alarms.email: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	content, err := m.Renderer.Alarm(templates.Alarm{
		Kind: string(n.Kind), Object: n.Object, Resolved: n.Resolved, Detail: n.Detail,
		Since: n.Since, At: n.At, Host: host, Zone: m.calendar.ZoneNamed(m.settings.Digest.Zone),
	})
	if err != nil {
		return nil, "", err
	}
	message := mail.Message{
		Key:    fmt.Sprintf("alarm/%s/%s/%d", n.Kind, n.Object, n.Since.Unix()),
		Stream: "alarm", From: m.settings.From, To: *admin, Date: n.At,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	}
	if n.Resolved { // a reply to the message that raised it
		message.ThreadRoot = message.Key
		message.Key += "/resolved"
	}
	if raw, err = m.Composer.Compose(message); err != nil {
		return nil, "", err
	}
	raw, err = m.Signer.Sign(raw)
	return raw, admin.Address, err
}
