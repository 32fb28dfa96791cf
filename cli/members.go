package cli

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/daemon/members"
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
	cmd.AddCommand(c.membersImport(), c.membersList(), c.membersRemove(), c.membersReadmit())
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
		Long: "Removes a member, by email address or by the ID that the site gave them, with everything that they watch. The address\n" +
			"gets no email any more, also if an import or the site has it again, until its owner subscribes on the page of Postrider.\n" +
			"docs/privacy.md says how to erase a member.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.removeMember(cmd.Context(), args[0]) },
	}
}

func (c *cmdEnv) membersReadmit() *cobra.Command {
	return &cobra.Command{
		Use:   "readmit ADDRESS",
		Short: "Let an address that left get email again",
		Long: "Lets an address get email again that left: its member was removed, or had unsubscribed from everything. Do this only\n" +
			"if the owner of the address asked you for it. They can also subscribe on the page (docs/mirror.md, Addresses that left).",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.readmitAddress(cmd.Context(), args[0]) },
	}
}

// loadMirror loads the configuration, which must be that of a mirror.
func (c *cmdEnv) loadMirror() (config.Config, error) {
	cfg, err := c.load()
	if err == nil && cfg.Forum.Type != source.MirrorType {
		err = usagef("the members of a forum of type %s are in the forum's own database; this command is for type mirror", cfg.Forum.Type)
	}
	return cfg, err
}

// withMirror opens the mirror for a command.
func (c *cmdEnv) withMirror(ctx context.Context, do func(*mirror.DB) error) error {
	cfg, err := c.loadMirror()
	if err != nil {
		return err
	}
	db, err := mirror.Open(ctx, cfg.Forum.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

// withChoices opens the mirror for a command for which it matters who has unsubscribed.
func (c *cmdEnv) withChoices(ctx context.Context, do func(*mirror.DB) error) error {
	cfg, err := c.loadMirror()
	if err != nil {
		return err
	}
	a, err := c.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.close()
	a.mirror.Unsubscribed = members.New(a.forum, a.store, a.settings()).Unsubscribed
	return do(a.mirror)
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
	return c.withChoices(ctx, func(db *mirror.DB) error {
		done, err := db.Import(ctx, file, rows, !yes, time.Now())
		if err != nil {
			return fmt.Errorf("nothing was imported:\n%w", err)
		}
		fmt.Fprintf(c.out, "members: %d new, %d changed, %d unchanged; watches: %d new\n", done.New, done.Changed, done.Same, done.Watches)
		if done.Waiting > 0 {
			fmt.Fprintf(c.out, "%d of them get no email until the owner of the address confirms: it left before (docs/mirror.md, Addresses that left)\n", done.Waiting)
		}
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
		fmt.Fprintln(table, "MEMBER\tNAME\tEMAIL\tLEFT\tWATCHES\tID OF THE SITE")
		for _, m := range all {
			left := "–"
			if m.LeftAt > 0 {
				left = time.Unix(m.LeftAt, 0).UTC().Format(time.DateOnly)
			}
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%s\n", m.ID, line.Fit(m.Name, 40), line.Fit(m.Email, 60), left, m.Watches, line.Fit(m.Ref, 60))
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
		if m.Name == "" {
			fmt.Fprintf(c.out, "member %d was deleted before; from now on the address gets no email, whoever has it\n", m.ID)
			return nil
		}
		fmt.Fprintf(c.out, "removed member %d, %s\n", m.ID, line.Fit(m.Name, 40))
		return nil
	})
}

func (c *cmdEnv) readmitAddress(ctx context.Context, address string) error {
	return c.withMirror(ctx, func(db *mirror.DB) error {
		had, err := db.Readmit(ctx, address, time.Now())
		if err == nil && !had {
			err = fmt.Errorf("the address %q has not left", line.Fit(address, 80))
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, "the address can get email again")
		return nil
	})
}
