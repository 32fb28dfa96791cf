package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *console) announceStatus() *cobra.Command {
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use:   "status [ID]",
		Short: "Tell how far announcements have come",
		Long: "Lists all announcements, or tells all that is known of one. --watch shows how far it has come until it is over or\n" +
			"paused: a bar on a terminal, a line now and then elsewhere, and with --json a line of JSON every second.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if len(args) == 0 {
				if watch {
					return errors.New("--watch what? Give the number of an announcement")
				}
				return c.inStore(ctx, func(s *store.Store) error { return c.listAnnouncements(ctx, s, asJSON) })
			}
			id, err := announcementID(args[0])
			if err != nil {
				return err
			}
			return c.inStore(ctx, func(s *store.Store) error {
				if watch {
					return c.watchAnnouncement(ctx, s, id, asJSON)
				}
				return c.showAnnouncement(ctx, s, id, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "go on until it is over")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// standing is an announcement with what has become of its mails.
type standing struct {
	store.Announcement
	title    string
	progress store.Progress
	back     store.CameBack
}

func stand(ctx context.Context, s *store.Store, id int64) (x standing, err error) {
	if x.Announcement, err = s.Announcement(ctx, id); err != nil {
		return x, advised(err)
	}
	if len(x.Variants) > 0 {
		x.title = x.Variants[0].Title
	}
	if x.progress, err = s.Progress(ctx, id); err != nil {
		return x, err
	}
	x.back, err = s.CameBack(ctx, id)
	return x, err
}

// total is how many mails there are to be in all, as far as is known.
func (x standing) total() int {
	n := x.progress.Enrolled()
	if x.Fanned && x.State != store.InCanary {
		return n
	}
	return max(n, x.Size)
}

// settled is how many mails are over, whatever became of them.
func (x standing) settled() int { return x.progress.Enrolled() - x.waiting() }

func (x standing) waiting() int {
	return x.progress.States["queued"] + x.progress.States["leased"] + x.progress.States["held"]
}

func (c *console) listAnnouncements(ctx context.Context, s *store.Store, asJSON bool) error {
	list, err := s.Announcements(ctx)
	if err != nil {
		return err
	}
	standings := make([]standing, len(list))
	for i, a := range list {
		if standings[i], err = stand(ctx, s, a.ID); err != nil {
			return err
		}
	}
	if asJSON {
		out := make([]announcementJSON, len(standings))
		for i, x := range standings {
			out[i] = newAnnouncementJSON(x, nil)
		}
		return c.json(out)
	}
	if len(list) == 0 {
		fmt.Fprintln(c.out, "There are no announcements; see: postrider announce new --help")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tSENT\tREFUSED\tWAITING\tOF\tCREATED (UTC)\tTITLE")
	for _, x := range standings {
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", x.ID, x.State, x.progress.States["accepted"], x.back.Refused,
			x.waiting(), x.total(), clock(x.Created), oneLine(x.title, 50))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func (c *console) showAnnouncement(ctx context.Context, s *store.Store, id int64, asJSON bool) error {
	x, err := stand(ctx, s, id)
	if err != nil {
		return err
	}
	log, err := s.AuditOf(ctx, store.AnnouncementObject(id))
	if err != nil {
		return err
	}
	if asJSON {
		return c.json(newAnnouncementJSON(x, log))
	}
	return c.printAnnouncement(x, log)
}

// watchAnnouncement shows how far an announcement has come until nothing more happens.
func (c *console) watchAnnouncement(ctx context.Context, s *store.Store, id int64, asJSON bool) error {
	meter := newMeter(c.out)
	for {
		x, err := stand(ctx, s, id)
		if err != nil {
			return err
		}
		over := x.State != store.Scheduled && x.State != store.InCanary && x.State != store.Sending
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
