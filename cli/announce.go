package cli

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) announce() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "announce",
		Short: "Write to members: draft, try, start, watch, pause and cancel announcements",
		Long: "Writes to members. An announcement is drafted (new), tried on an address of your own (test), and started: a\n" +
			"running daemon then sends it, first to a canary, then to everybody. It can be paused, resumed and cancelled at any\n" +
			"moment. Each member gets it once. How to write one stands in docs/announcements.md.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.announceNew(), c.announceTest(), c.announceStart(), c.announcePause(), c.announceResume(), c.announceCancel(), c.announceStatus())
	return cmd
}

// announcementID reads the number of an announcement.
func announcementID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%q is no number of an announcement; see: postrider announce status", text)
	}
	return id, nil
}

// actor is who gives an order, for the audit.
func (c *cmdEnv) actor() string {
	name := c.getenv("SUDO_USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	return "cli: " + name
}

// runAction gives an order for an announcement, and words what stands in its way.
func (c *cmdEnv) runAction(ctx context.Context, text string, order func(*store.Store, int64) error, done string) error {
	id, err := announcementID(text)
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(s *store.Store) error {
		if err := order(s, id); err != nil {
			return withAdvice(err)
		}
		fmt.Fprintf(c.out, done+"\n", id)
		return nil
	})
}

// withAdvice adds to an error what can be done.
func withAdvice(err error) error {
	state, ok := errors.AsType[*store.StateError](err)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		return fmt.Errorf("%w; see: postrider announce status", err)
	case !ok:
		return err
	case state.State == store.Draft:
		return fmt.Errorf("%w: it has not been started", err)
	case state.State == store.Done || state.State == store.Cancelled:
		return fmt.Errorf("%w: it is over; write a new one", err)
	}
	return err
}

func (c *cmdEnv) announcePause() *cobra.Command {
	return &cobra.Command{
		Use:   "pause ID [REASON]",
		Short: "Stop an announcement until announce resume",
		Long:  "Stops an announcement. Daemons look before every batch: what is being handed over is finished, at most 1,000 mails a\ndaemon and at most about a minute.",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Pause(ctx, time.Now(), c.actor(), id, strings.Join(args[1:], " "))
			}, "Announcement %d is paused. What is being handed over is finished first.")
		},
	}
}

func (c *cmdEnv) announceResume() *cobra.Command {
	return &cobra.Command{
		Use:   "resume ID",
		Short: "Let a paused announcement go on",
		Long:  "Lets a paused announcement go on where it stopped. One that was paused because of its canary goes on with everybody\nelse.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Resume(ctx, time.Now(), c.actor(), id)
			}, "Announcement %d goes on.")
		},
	}
}

func (c *cmdEnv) announceCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "End an announcement for good",
		Long:  "Ends an announcement: whoever has not got it will not get it. What is being handed over is finished. It cannot be\nstarted again.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Cancel(ctx, time.Now(), c.actor(), id)
			}, "Announcement %d is cancelled.")
		},
	}
}
