package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

func (c *cmdEnv) preview() *cobra.Command {
	var o previewOptions
	cmd := &cobra.Command{
		Use:   "preview MEMBER",
		Short: "Preview a member's digest, alert or announcement without sending",
		Long: "Shows the digest that a member (ID or name) would get for the posts created between --from and --until, based on\n" +
			"current permissions, watches and post status. Nothing is sent.\n\n" +
			"With --kind alert, shows the alert for these posts, as one message. With --kind announcement, shows an\n" +
			"announcement for the member, or why they would not get it.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("give one member, by ID or name: postrider preview 42, or postrider preview \"Jane Doe\"")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.member = args[0]
			return c.showPreview(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.kind, "kind", store.KindDigest, "what to preview: digest, alert or announcement")
	cmd.Flags().Int64Var(&o.announcement, "announcement", 0, "`ID` of the announcement; default: the newest")
	cmd.Flags().StringVar(&o.from, "from", "", "start of the window, inclusive (RFC 3339); default: digest.first_window before --until")
	cmd.Flags().StringVar(&o.until, "until", "", "end of the window, exclusive (RFC 3339); default: now")
	cmd.Flags().StringVar(&o.format, "format", "text", "html, text, eml or json")
	return cmd
}

type previewOptions struct {
	member, kind, from, until, format string
	announcement                      int64
}

func (o previewOptions) window(first time.Duration) (from, until time.Time, err error) {
	until = time.Now().Truncate(time.Second)
	if o.until != "" {
		if until, err = parseTime("--until", o.until); err != nil {
			return
		}
	}
	from = until.Add(-first)
	if o.from != "" {
		if from, err = parseTime("--from", o.from); err != nil {
			return
		}
	}
	if !from.Before(until) {
		err = usagef("--from (%s) is not before --until (%s)", from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	return
}

func (o previewOptions) validate() error {
	if !slices.Contains([]string{store.KindDigest, store.KindAlert, store.KindAnnouncement}, o.kind) {
		return usagef("invalid --kind %q: must be digest, alert or announcement", o.kind)
	}
	switch o.format {
	case "html", "text", "eml", "json":
		return nil
	}
	return usagef("invalid --format %q: must be html, text, eml or json", o.format)
}

func (c *cmdEnv) showPreview(ctx context.Context, o previewOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	from, until, err := o.window(cfg.Digest.FirstWindow)
	if err != nil {
		return err
	}
	a, err := c.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.selfCheck(ctx); err != nil {
		return err
	}
	switch o.kind {
	case store.KindAnnouncement:
		return c.previewAnnouncement(ctx, a, o)
	case store.KindAlert:
		return c.previewAlert(ctx, a, o, from, until)
	}
	p, err := editions.New(a.forum, a.store, a.settings()).Preview(ctx, o.member, from, until)
	if err != nil {
		return err
	}
	return c.printPreview(ctx, a, p, o.format)
}

// printPreview prints a digest in the chosen format. A digest that would not be sent is only printed as JSON.
func (c *cmdEnv) printPreview(ctx context.Context, a *app, p editions.Preview, format string) error {
	var content templates.Content
	if p.Skip == "" {
		var err error
		if content, err = a.renderer.Digest(p.Digest, a.footer(p), a.cfg.Digest.MaxBytes); err != nil {
			return fmt.Errorf("rendering: %w", err)
		}
	}
	if format == "json" {
		return c.json(newPreviewJSON(p, content.Subject))
	}
	if p.Skip != "" {
		fmt.Fprintf(c.err, "%s would get no digest: %s\n", p.Member.Name, p.Skip)
		if p.Skip == digest.ReasonNothingNew {
			fmt.Fprintf(c.err, "The range is %s to %s; --from and --until choose another one.\n", p.From.Format(time.RFC3339), p.Until.Format(time.RFC3339))
		}
		return nil
	}
	m := envelope.Digest(a.settings(), a.footer(p).Unsubscribe)
	m.Key = fmt.Sprintf("preview/%d/%d/%d", p.Member.ID, p.From.Unix(), p.Until.Unix())
	m.Date = p.Until
	return c.printContent(ctx, a, p.Member, m, content, p.TextOnly, format)
}

// previewAlert shows the alert that a member would get.
func (c *cmdEnv) previewAlert(ctx context.Context, a *app, o previewOptions, from, until time.Time) error {
	d, err := a.daemon(ctx, nil, time.Now)
	if err != nil {
		return err
	}
	p, err := d.PreviewAlert(ctx, o.member, from, until)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return c.json(newAlertJSON(p))
	}
	if p.SkipReason != "" {
		fmt.Fprintf(c.err, "%s would get no alert: %s\n", p.Member.Name, p.SkipReason)
		return nil
	}
	if !p.QuietUntil.IsZero() {
		fmt.Fprintf(c.err, "%s has quiet hours: the alert would wait until %s\n", p.Member.Name, p.QuietUntil.Format(time.RFC3339))
	}
	m := p.Envelope
	m.Key = fmt.Sprintf("preview/%s/%d/%d/%d", o.kind, p.Member.ID, p.From.Unix(), p.Until.Unix())
	m.Date = p.Until
	return c.printContent(ctx, a, p.Member, m, p.Content, p.Text, o.format)
}

// printContent prints the content of a message, or for eml the whole message. m holds its other fields. plain omits the
// HTML part.
func (c *cmdEnv) printContent(ctx context.Context, a *app, to forum.Member, m mail.Message, content templates.Content, plain bool, format string) error {
	var text string
	switch format {
	case "html":
		text = content.Standalone()
	case "text":
		text = content.Text.Plain()
	case "eml":
		envelope.AddUnsubscribeMail(&m, a.links, a.cfg.Bounces.Domain)
		m.To.Name, m.To.Address = to.Name, to.Email
		m.Subject, m.Text = content.Subject, content.Text
		if !plain {
			m.HTML, m.Images = content.HTML, content.Images
		}
		raw, err := a.eml(ctx, m)
		if err != nil {
			return err
		}
		text = string(raw)
	}
	_, err := fmt.Fprint(c.out, text)
	return err
}

func (a *app) footer(p editions.Preview) templates.Footer {
	return envelope.DigestFooter(a.links, p.Member.ID)
}

func (a *app) eml(ctx context.Context, m mail.Message) ([]byte, error) {
	composer, err := a.composer(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := composer.Compose(m)
	if err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return raw, nil
}
