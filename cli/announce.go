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
		Short: "Send announcements to members: draft, test, start, monitor, pause and cancel",
		Long: "Sends announcements to members. Draft one (new), send it to your own address (test), then start it. A running\n" +
			"daemon sends it to a canary first, then to the rest of the audience. You can pause, resume or cancel it at any\n" +
			"time. Each member gets it once. See docs/announcements.md for the file format.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.announceNew(), c.announceTest(), c.announceStart(), c.announcePause(), c.announceResume(), c.announceCancel(), c.announceCopy(), c.announceDiscard(),
		c.announceStatus())
	return cmd
}

// announcementID parses the ID of an announcement.
func announcementID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usagef("invalid announcement ID %q; to list the announcements, run: postrider announce status", text)
	}
	return id, nil
}

// actor returns the name of the person running the command, for the audit log.
func (c *cmdEnv) actor() string {
	name := c.getenv("SUDO_USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	return "cli: " + name
}

// runAction applies an action to an announcement and adds advice to its errors.
func (c *cmdEnv) runAction(ctx context.Context, text string, action func(*store.Store, int64) error, done string) error {
	id, err := announcementID(text)
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(s *store.Store) error {
		if err := action(s, id); err != nil {
			return withAdvice(err)
		}
		fmt.Fprintf(c.out, done+"\n", id)
		return nil
	})
}

// withAdvice adds to an error what the operator can do about it.
func withAdvice(err error) error {
	state, ok := errors.AsType[*store.StateError](err)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		return fmt.Errorf("%w; to list them, run: postrider announce status", err)
	case !ok:
		return err
	case state.State == store.Draft:
		return fmt.Errorf("%w: it has not been started", err)
	case state.State == store.Done || state.State == store.Cancelled:
		return fmt.Errorf("%w: it has ended; create a new one", err)
	}
	return err
}

func (c *cmdEnv) announcePause() *cobra.Command {
	return &cobra.Command{
		Use:   "pause ID [REASON]",
		Short: "Pause an announcement",
		Long:  "Pauses an announcement. Daemons check before every batch and finish the current one: at most 1,000 messages per\ndaemon, or about a minute.",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Pause(ctx, time.Now(), c.actor(), id, strings.Join(args[1:], " "))
			}, "Announcement %d is paused. Daemons finish their current batch first.")
		},
	}
}

func (c *cmdEnv) announceResume() *cobra.Command {
	return &cobra.Command{
		Use:   "resume ID",
		Short: "Resume a paused announcement",
		Long:  "Resumes a paused announcement where it stopped. If its canary caused the pause, it continues with the rest of the\naudience.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Resume(ctx, time.Now(), c.actor(), id)
			}, "Announcement %d is resumed.")
		},
	}
}

func (c *cmdEnv) announceCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel an announcement permanently",
		Long:  "Cancels an announcement: members who have not received it will not get it. The current batch is finished. It cannot\nbe started again.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Cancel(ctx, time.Now(), c.actor(), id)
			}, "Announcement %d is cancelled.")
		},
	}
}
