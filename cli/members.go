package cli

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/mirror"
	"postrider/source"
)

func (c *cmdEnv) members() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "members",
		Short: "Manage the members of a forum of type mirror",
		Long: "Manages the members of a forum of type mirror, whose database is postrider's own. All other forums have their own\n" +
			"members.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.membersImport(), c.membersList(), c.membersRemove())
	return cmd
}

func (c *cmdEnv) membersImport() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Import members from a CSV file",
		Long: "Imports members and what they watch. The first line of the file names its columns: id, name, email, zone, locale,\n" +
			"watches, groups. Only name and email are required. watches are IDs or titles of sections, groups are names. Both are\n" +
			"separated by semicolons.\n\n" +
			"Without --yes, says what it would do and changes nothing. With a mistake in any line, nothing is imported.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.importMembers(cmd.Context(), args[0], yes) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "import them, and confirm that each of them agreed to get this email")
	return cmd
}

func (c *cmdEnv) membersList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the members",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.listMembers(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) membersRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove ADDRESS|ID",
		Short: "Remove a member and what they watch",
		Long: "Removes a member, by email address or by the ID that the site gave them, with everything that they watch. They come\n" +
			"back if an import has them, or if the site sends them in a request with a later as_of (docs/mirror.md, Deletions).\n" +
			"What they chose then still counts: who had unsubscribed gets no email. docs/privacy.md says how to erase a member.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.removeMember(cmd.Context(), args[0]) },
	}
}

// withMirror opens the mirror for a command.
func (c *cmdEnv) withMirror(ctx context.Context, do func(*mirror.DB) error) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if cfg.Forum.Type != source.MirrorType {
		return usagef("the members of a forum of type %s are in the forum's own database; this command is for type mirror", cfg.Forum.Type)
	}
	db, err := mirror.Open(ctx, cfg.Forum.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

func (c *cmdEnv) importMembers(ctx context.Context, file string, yes bool) error {
	f, err := os.Open(file)
	if err != nil {
		return usagef("reading members: %w", err)
	}
	defer f.Close()
	rows, err := mirror.ReadCSV(f, file)
	if err != nil {
		return usagef("nothing was imported:\n%w", err)
	}
	return c.withMirror(ctx, func(db *mirror.DB) error {
		done, err := db.Import(ctx, file, rows, !yes, time.Now())
		if err != nil {
			return fmt.Errorf("nothing was imported:\n%w", err)
		}
		fmt.Fprintf(c.out, "members: %d new, %d changed, %d unchanged; watches: %d new\n", done.New, done.Changed, done.Same, done.Watches)
		if !yes {
			fmt.Fprintln(c.out, "Nothing was changed. Run it again with --yes to import them. With that you confirm that each of them agreed to get this email.")
		}
		return nil
	})
}

// membersPerPage is how many members are read at once.
const membersPerPage = 1000

func (c *cmdEnv) listMembers(ctx context.Context, asJSON bool) error {
	return c.withMirror(ctx, func(db *mirror.DB) error {
		all := []mirror.MemberRow{}
		for after := int64(0); ; after = all[len(all)-1].ID {
			page, err := db.Members(ctx, after, membersPerPage)
			if err != nil {
				return err
			}
			if all = append(all, page...); len(page) < membersPerPage {
				break
			}
		}
		if asJSON {
			return c.json(all)
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "MEMBER\tNAME\tEMAIL\tWATCHES\tID OF THE SITE")
		for _, m := range all {
			fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\n", m.ID, line.Fit(m.Name, 40), line.Fit(m.Email, 60), m.Watches, line.Fit(m.Ref, 60))
		}
		return table.Flush()
	})
}

func (c *cmdEnv) removeMember(ctx context.Context, addressOrID string) error {
	return c.withMirror(ctx, func(db *mirror.DB) error {
		m, found, err := db.Remove(ctx, addressOrID, time.Now())
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("there is no member with the address or ID %q; see: postrider members list", addressOrID)
		}
		fmt.Fprintf(c.out, "removed member %d, %s\n", m.ID, line.Fit(m.Name, 40))
		return nil
	})
}
