package daemon

import (
	"context"
	"fmt"

	"postrider/daemon/delivery"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// SendTestAnnouncement sends an announcement to one address, as a member would get it. If member is empty, it is rendered
// for a recipient without a name or profile. Nothing is saved in the outbox.
func (d *Daemon) SendTestAnnouncement(ctx context.Context, a *digest.Announcement, member, to string) (mail.Outcome, error) {
	printed, err := d.Renderer.CompileAnnouncement(a, d.settings.Digest.MaxBytes)
	if err != nil {
		return mail.Outcome{}, err
	}
	p, err := d.audience.Preview(ctx, a, member, d.Now())
	if err != nil {
		return mail.Outcome{}, err
	}
	footer := envelope.AnnouncementFooter(d.Links, forum.Guest) // its links must not unsubscribe any member
	row := store.Row{Key: fmt.Sprintf("try/announce/%d/%d", a.ID, d.Now().UnixNano()), Kind: store.KindAnnouncement}
	raw, err := d.main.delivery.Compose(row, delivery.Draft{
		To:       forum.Member{Name: p.Member.Name, Email: to},
		TextOnly: p.Text,
		Envelope: envelope.Announcement(d.settings, a.ID, footer.Unsubscribe),
		Render:   func() (templates.Content, error) { return d.Renderer.Announcement(printed, p.Recipient, footer) },
	})
	if err != nil {
		return mail.Outcome{}, err
	}
	from, _ := d.settings.AnnouncementSender()
	if d.AnnouncementSender != nil {
		return d.AnnouncementSender.Send(ctx, from.Address, to, raw), nil
	}
	return d.Sender.Send(ctx, from.Address, to, raw), nil
}
