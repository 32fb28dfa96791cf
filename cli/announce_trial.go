package cli

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon/envelope"
	"postrider/daemon/view"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

func (c *cmdEnv) announceTest() *cobra.Command {
	var as, mailDir string
	cmd := &cobra.Command{
		Use:   "test ID ADDRESS",
		Short: "Send an announcement to a single address",
		Long: "Sends an announcement to a single address, immediately and through the configured relay. --as fills its merge fields\n" +
			"for a member; without it, their fallback texts are used. Unsubscribe links in the test message are disabled.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := announcementID(args[0])
			if err != nil {
				return err
			}
			to, err := netmail.ParseAddress(args[1])
			if err != nil {
				return usagef("invalid address %q: must be an email address, for example me@example.org", args[1])
			}
			return c.sendTestAnnouncement(cmd.Context(), id, to.Address, as, mailDir)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "render it for this `member` (ID or name)")
	cmd.Flags().StringVar(&mailDir, "mail-dir", "", "write the message as an .eml file into this `directory` instead of sending it")
	return cmd
}

func (c *cmdEnv) sendTestAnnouncement(ctx context.Context, id int64, to, as, mailDir string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	h, err := c.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer h.close()
	a, err := h.store.Announcements.Get(ctx, id)
	if err != nil {
		return withAdvice(err)
	}
	sender, done, err := h.sender(mailDir)
	if err != nil {
		return err
	}
	defer done()
	d, err := h.daemon(ctx, sender, time.Now)
	if err != nil {
		return err
	}
	out, err := d.SendTestAnnouncement(ctx, &a.Announcement, as, to)
	if err != nil {
		return err
	}
	err = h.store.Audit.Record(ctx, store.AuditEntry{At: time.Now(), Actor: c.actor(), Action: "test", Object: store.AnnouncementObject(id), Detail: string(out.Result)})
	if err != nil {
		return err
	}
	if out.Result != mail.Accepted {
		return errors.New("the test message was not accepted: " + out.String())
	}
	fmt.Fprintf(c.out, "Announcement %d was sent to %s.\n", id, to)
	return nil
}

// previewAnnouncement shows an announcement as a member would get it.
func (c *cmdEnv) previewAnnouncement(ctx context.Context, h *app, o previewOptions) error {
	id := o.announcement
	if id == 0 {
		list, err := h.store.Announcements.List(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errors.New("there are no announcements; to create one, see: postrider announce new --help")
		}
		id = list[0].ID
	}
	a, err := h.store.Announcements.Get(ctx, id)
	if err != nil {
		return withAdvice(err)
	}
	viewer := view.New(h.forum, h.store, h.settings(), h.renderer, h.links)
	p, content, err := viewer.RenderAnnouncement(ctx, time.Now(), &a.Announcement, o.member)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return c.json(announcementPreviewJSON{
			Kind: store.KindAnnouncement, Announcement: id, Member: memberJSON{int64(p.Member.ID), p.Member.Name, p.Member.Email},
			Subject: content.Subject, Skipped: string(p.Reason),
		})
	}
	if p.Reason != "" {
		fmt.Fprintf(c.err, "%s would not get announcement %d: %s\n", p.Member.Name, id, h.phraser()(p.Reason.Phrase()))
	}
	m := envelope.Announcement(h.settings(), id, envelope.AnnouncementFooter(h.links, forum.Guest).Unsubscribe)
	m.Key = fmt.Sprintf("preview/%s", store.AnnouncementKey(id, p.Member.ID))
	m.Date = time.Now()
	return c.printContent(ctx, h, p.Member, m, content, p.Text, o.format)
}

// announcementPreviewJSON is the output of preview --kind announcement --format json.
type announcementPreviewJSON struct {
	Kind         string     `json:"kind"`
	Announcement int64      `json:"announcement"`
	Member       memberJSON `json:"member"`
	Subject      string     `json:"subject"`
	Skipped      string     `json:"skipped,omitempty"` // why the member would not get it
}
