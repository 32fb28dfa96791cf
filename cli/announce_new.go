package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon/audience"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// announceNewOptions define an announcement without a file.
type announceNewOptions struct {
	title, body, locale       string
	groups, sections, members []string
	forced                    bool
	id                        int64
	asJSON                    bool
}

func (c *cmdEnv) announceNew() *cobra.Command {
	var o announceNewOptions
	cmd := &cobra.Command{
		Use:   "new FILE.md... | --title TITLE --body MARKDOWN",
		Short: "Save an announcement as a draft and show its audience; nothing is sent",
		Long: "Saves an announcement as a draft, from Markdown files (see docs/announcements.md) or from --title and --body. Shows\n" +
			"the size of its audience and a few of its members. Nothing is sent. --id replaces an existing draft.",
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) > 0 == (o.title != "" || o.body != "") {
				return usagef("give either the files of the announcement, or --title and --body")
			}
			return c.draftAnnouncement(cmd.Context(), files, o)
		},
	}
	cmd.Flags().StringVar(&o.title, "title", "", "subject of the message")
	cmd.Flags().StringVar(&o.body, "body", "", "text of the message, in `Markdown`")
	cmd.Flags().StringVar(&o.locale, "locale", "", "with --body: `language` of the text; default: digest.locale")
	cmd.Flags().StringSliceVar(&o.groups, "group", nil, "with --body: only members of this permission `group` (ID or name)")
	cmd.Flags().StringSliceVar(&o.sections, "section", nil, "with --body: only members who watch this `section` (ID or name)")
	cmd.Flags().StringSliceVar(&o.members, "member", nil, "with --body: only this `member` (ID, name or address)")
	cmd.Flags().BoolVar(&o.forced, "forced", false, "with --body: also send to members who opted out; for legal notices")
	cmd.Flags().Int64Var(&o.id, "id", 0, "`ID` of a draft to replace")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// read builds the announcement from the options or the files.
func (o announceNewOptions) read(files []string, site string) (*announcementFile, error) {
	if len(files) > 0 {
		return readAnnouncement(files, site)
	}
	m := &announcementFile{frontMatter: frontMatter{Title: o.title, Forced: o.forced}}
	if o.locale != "" {
		site = o.locale
	}
	m.variants = []digest.Variant{{Locale: site, Title: o.title, Body: o.body}}
	m.lines, m.files = []int{0}, []string{"--body"}
	for to, from := range map[*[]any][]string{&m.Audience.Groups: o.groups, &m.Audience.Sections: o.sections, &m.Audience.Members: o.members} {
		for _, e := range from {
			*to = append(*to, e)
		}
	}
	return m, nil
}

func (c *cmdEnv) draftAnnouncement(ctx context.Context, files []string, o announceNewOptions) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	m, err := o.read(files, cfg.Digest.Locale)
	if err != nil {
		return err
	}
	h, err := c.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.checkAnnouncement(m); err != nil {
		return err
	}
	zone, err := time.LoadLocation(cfg.Digest.Zone)
	if err != nil {
		return err
	}
	audience, err := m.Audience.resolve(ctx, h.forum, audience.New(h.forum, h.store, cfg.Digest), m.dir, zone)
	if err != nil {
		return err
	}
	a := m.announcement(cfg.Announce)
	a.Audience, a.ID = audience.Audience, o.id
	stats, err := c.countAudience(ctx, h, &a)
	if err != nil {
		return err
	}
	if o.id != 0 {
		err = h.store.Announcements.Revise(ctx, time.Now(), c.actor(), a)
	} else {
		a.ID, err = h.store.Announcements.Draft(ctx, time.Now(), c.actor(), a)
	}
	if err != nil {
		return withAdvice(err)
	}
	if len(audience.unknown) > 0 {
		fmt.Fprintf(c.err, "%d list entries match no member: %s\n", len(audience.unknown), firstFew(audience.unknown))
	}
	if o.asJSON {
		return c.json(newDraftJSON(a.ID, stats, audience.unknown))
	}
	fmt.Fprintf(c.out, "Announcement %d is saved as a draft. Nothing is sent yet.\n\n", a.ID)
	c.printAudience(&a, stats, h.phraser())
	fmt.Fprintf(c.out, "\nTest:     postrider announce test %d ADDRESS\nPreview:  postrider preview MEMBER --kind announcement --announcement %[1]d\nStart:    postrider announce start %[1]d\n", a.ID)
	return nil
}

// announcement returns the announcement as the store saves it. Its audience is not resolved yet.
func (m *announcementFile) announcement(set settings.Announcements) digest.Announcement {
	a := digest.Announcement{Variants: m.variants, Forced: m.Forced, Speed: set.Speed, Canary: set.CanaryPlan()}
	if m.Speed != nil {
		a.Speed = *m.Speed
	}
	if m.Canary != nil {
		a.Canary.Share = *m.Canary / 100
	}
	if m.CanaryWait != nil {
		a.Canary.Wait = *m.CanaryWait
	}
	return a
}

// checkAnnouncement reports every error in an announcement, with its file and line.
func (a *app) checkAnnouncement(m *announcementFile) error {
	set := a.cfg.Announce
	draft := m.announcement(set)
	set.Speed, set.Canary, set.CanaryWait = draft.Speed, draft.Canary.Share*100, draft.Canary.Wait
	errs := []error{set.Validate()}
	for i, v := range m.variants {
		// Blank lines above the body make its line numbers match the file.
		v.Body = strings.Repeat("\n", m.lines[i]) + v.Body
		if _, err := a.renderer.CompileAnnouncement(&digest.Announcement{Variants: []digest.Variant{v}}, a.cfg.Digest.MaxBytes); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.files[i], err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := a.renderer.CompileAnnouncement(&draft, a.cfg.Digest.MaxBytes) // all variants together
	return err
}

// countAudience counts an audience and prints its progress.
func (c *cmdEnv) countAudience(ctx context.Context, h *app, a *digest.Announcement) (audience.Stats, error) {
	lastPrinted := time.Now()
	return audience.New(h.forum, h.store, h.cfg.Digest).Count(ctx, a, time.Now(), func(members int) {
		if time.Since(lastPrinted) > progressInterval {
			fmt.Fprintf(c.err, "counting the audience: %s so far\n", plural(members, "member", "members"))
			lastPrinted = time.Now()
		}
	})
}

// progressInterval is the time between progress lines when the output is not a terminal.
const progressInterval = 10 * time.Second

func (c *cmdEnv) announceStart() *cobra.Command {
	var o announceStartOptions
	cmd := &cobra.Command{
		Use:   "start ID",
		Short: "Send an announcement; without --yes, only show its audience",
		Long: "Shows the audience of an announcement, and with --yes sends it: a running daemon starts within a second. By default,\n" +
			"sending starts immediately. --at sets a start time. --local sets a time in each member's time zone.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := announcementID(args[0])
			if err != nil {
				return err
			}
			return c.startAnnouncement(cmd.Context(), id, o)
		},
	}
	cmd.Flags().StringVar(&o.at, "at", "", "start at this `time` (RFC 3339), for example 2026-05-04T08:00:00Z")
	cmd.Flags().StringVar(&o.local, "local", "", "start at this `time` in each member's time zone, for example \"2026-05-04 08:00\"")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "send it")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "show its progress until it ends")
	return cmd
}

type announceStartOptions struct {
	at, local  string
	yes, watch bool
}

// start returns when sending starts.
func (o announceStartOptions) start() (s digest.Start, err error) {
	switch {
	case o.at != "" && o.local != "":
		return s, usagef("give --at or --local, not both")
	case o.at != "":
		s.At, err = parseTime("--at", o.at)
		s.At = s.At.UTC()
	case o.local != "":
		s.Local = true
		if s.At, err = time.Parse("2006-01-02 15:04", o.local); err != nil || s.At.Minute() != 0 {
			return s, usagef("invalid --local %q: must be a date and a full hour, for example \"2026-05-04 08:00\"", o.local)
		}
	}
	return s, err
}

func (c *cmdEnv) startAnnouncement(ctx context.Context, id int64, o announceStartOptions) error {
	start, err := o.start()
	if err != nil {
		return err
	}
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
	switch {
	case err != nil:
		return withAdvice(err)
	case a.State != store.Draft:
		return withAdvice(&store.StateError{ID: id, State: a.State, Action: "started"})
	}
	if err := h.selfCheck(ctx); err != nil {
		return err
	}
	a.Start = start
	stats, err := c.countAudience(ctx, h, &a.Announcement)
	if err != nil {
		return err
	}
	c.printAudience(&a.Announcement, stats, h.phraser())
	switch {
	case stats.Size == 0:
		return fmt.Errorf("announcement %d has no audience: the reasons are listed above", id)
	case !o.yes:
		fmt.Fprintf(c.out, "\nNothing is sent yet. To send it, run: postrider announce start %d%s --yes\n", id, o.repeatFlags())
		return nil
	}
	state, err := h.store.Announcements.Start(ctx, time.Now(), c.actor(), a.Announcement, stats.Size)
	if err != nil {
		return withAdvice(err)
	}
	fmt.Fprintf(c.out, "\nAnnouncement %d is started (%s). A running daemon sends it. To follow it, run: postrider announce status %[1]d --watch\n", id, state)
	if !o.watch {
		return nil
	}
	return c.watchAnnouncement(ctx, h.store, id, false)
}

// repeatFlags returns the options as flags.
func (o announceStartOptions) repeatFlags() string {
	switch {
	case o.at != "":
		return " --at " + o.at
	case o.local != "":
		return fmt.Sprintf(" --local %q", o.local)
	}
	return ""
}
