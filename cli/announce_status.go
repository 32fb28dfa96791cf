package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) announceStatus() *cobra.Command {
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use:   "status [ID]",
		Short: "Show the progress of announcements",
		Long: "Lists all announcements, or shows the details of one. --watch shows its progress until it ends or is paused: as a bar\n" +
			"on a terminal, as a line every 10 seconds elsewhere, and with --json as a line of JSON every second.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if len(args) == 0 {
				if watch {
					return usagef("--watch needs the ID of an announcement")
				}
				return c.withStore(ctx, func(s *store.Store) error { return c.listAnnouncements(ctx, s, asJSON) })
			}
			id, err := announcementID(args[0])
			if err != nil {
				return err
			}
			return c.withStore(ctx, func(s *store.Store) error {
				if watch {
					return c.watchAnnouncement(ctx, s, id, asJSON)
				}
				return c.showAnnouncement(ctx, s, id, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show its progress until it ends")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) listAnnouncements(ctx context.Context, s *store.Store, asJSON bool) error {
	list, err := s.Announcements.ProgressOfAll(ctx)
	if err != nil {
		return err
	}
	say, err := c.phraser()
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Reason = say.stored(list[i].Reason)
	}
	if asJSON {
		out := make([]announcementJSON, len(list))
		for i, x := range list {
			out[i] = newAnnouncementJSON(x, nil)
		}
		return c.json(out)
	}
	if len(list) == 0 {
		fmt.Fprintln(c.out, "There are no announcements. To create one, see: postrider announce new --help")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tSENT\tREFUSED\tWAITING\tOF\tCREATED (UTC)\tTITLE")
	for _, x := range list {
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", x.ID, x.State, x.Sent(), x.Feedback.Refused,
			x.Waiting(), x.Total(), formatTime(x.Created), line.Fit(x.Title(), 50))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func (c *cmdEnv) showAnnouncement(ctx context.Context, s *store.Store, id int64, asJSON bool) error {
	x, err := s.Announcements.Progress(ctx, id)
	if err != nil {
		return withAdvice(err)
	}
	log, err := s.Audit.OfSubject(ctx, store.AnnouncementObject(id))
	if err != nil {
		return err
	}
	say, err := c.phraser()
	if err != nil {
		return err
	}
	x.Reason = say.stored(x.Reason)
	for i := range log {
		log[i].Detail = say.stored(log[i].Detail)
	}
	if asJSON {
		return c.json(newAnnouncementJSON(x, log))
	}
	return c.printAnnouncement(x, log, say)
}

// watchAnnouncement shows the progress of an announcement until it ends or is paused.
func (c *cmdEnv) watchAnnouncement(ctx context.Context, s *store.Store, id int64, asJSON bool) error {
	meter := newProgressBar(c.out)
	say, err := c.phraser()
	if err != nil {
		return err
	}
	for {
		x, err := s.Announcements.Progress(ctx, id)
		if err != nil {
			return withAdvice(err)
		}
		x.Reason = say.stored(x.Reason)
		over := !x.Active()
		if asJSON {
			if err := json.NewEncoder(c.out).Encode(newAnnouncementJSON(x, nil)); err != nil {
				return fmt.Errorf("printing: %w", err)
			}
		} else {
			meter.show(x, time.Now(), over)
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			meter.end()
			return nil
		case <-time.After(time.Second):
		}
	}
}
