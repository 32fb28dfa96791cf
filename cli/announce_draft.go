package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postrider/digest"
	"postrider/store"
)

func (c *cmdEnv) announceDiscard() *cobra.Command {
	return &cobra.Command{
		Use:   "discard ID",
		Short: "Delete a draft",
		Long:  "Deletes a draft. An announcement that was started stays: cancel it instead.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				return s.Announcements.Discard(ctx, time.Now(), c.actor(), id)
			}, "Draft %d is discarded.")
		},
	}
}

func (c *cmdEnv) announceCopy() *cobra.Command {
	return &cobra.Command{
		Use:   "copy ID",
		Short: "Save a new draft with the texts and the audience of an announcement",
		Long:  "Saves a new draft with the texts, the audience and the speed of an announcement, whatever its state. The start time\nis not copied. Nothing is sent.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			var copied int64
			return c.runAction(ctx, args[0], func(s *store.Store, id int64) error {
				a, err := s.Announcements.Get(ctx, id)
				if err != nil {
					return err
				}
				a.Announcement.Start = digest.Start{}
				copied, err = s.Announcements.Draft(ctx, time.Now(), c.actor(), a.Announcement)
				if err == nil {
					fmt.Fprintf(c.out, "Announcement %d is saved as a draft. ", copied)
				}
				return err
			}, "It is a copy of announcement %d. Nothing is sent yet.")
		},
	}
}
