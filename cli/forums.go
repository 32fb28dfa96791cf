package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postrider/source"
)

func (c *cmdEnv) forums() *cobra.Command {
	var asJSON, queries bool
	cmd := &cobra.Command{
		Use:   "forums [NAME]",
		Short: "List the supported forum types, or describe one",
		Long: "Lists the supported forum types. With a NAME, describes one: what is tested, what is not supported, and the statements\n" +
			"for an account that can only read. With --queries, prints its queries.\n\n" +
			"\"postrider forums custom > forum.sql\" writes a file with remarks, to connect a forum of any layout: see\n" +
			"docs/custom-forum.md.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && queries:
				return usagef("--queries needs the name of a forum type, for example: postrider forums mybb --queries")
			case len(args) == 0:
				return c.listForums(asJSON)
			case args[0] == "custom" && !asJSON:
				return c.customTemplate()
			case queries:
				return c.forumQueries(args[0])
			}
			return c.forum(args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&queries, "queries", false, "print the queries of the type")
	cmd.AddCommand(c.forumsCheck())
	return cmd
}

// forumJSON is a forum type in the output of forums --json.
type forumJSON struct {
	Name        string             `json:"name"`
	Title       string             `json:"title"`
	Engines     []string           `json:"databases"`
	Prefix      string             `json:"prefix"`
	Markup      string             `json:"markup"`
	Notes       string             `json:"notes"`
	Unsupported string             `json:"unsupported"`
	Certainties []source.Certainty `json:"tested"`
	Compared    source.Comparison  `json:"compared"`
	Grants      []source.Grants    `json:"read_only_accounts"`
}

func (c *cmdEnv) listForums(asJSON bool) error {
	types := source.Types()
	if asJSON {
		list := make([]forumJSON, len(types))
		for i, t := range types {
			list[i] = forumJSON(t)
		}
		return c.json(list)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TYPE\tFORUM\tDATABASES\tMARKUP")
	for _, t := range types {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.Name, t.Title, strings.Join(t.Engines, ", "), t.Markup)
	}
	return table.Flush()
}

func (c *cmdEnv) forum(name string, asJSON bool) error {
	var names []string
	for _, t := range source.Types() {
		if t.Name != name {
			names = append(names, t.Name)
			continue
		}
		if asJSON {
			return c.json(forumJSON(t))
		}
		return c.describeForum(t)
	}
	return usagef("unknown forum type %q: must be one of %s", name, strings.Join(names, ", "))
}

// describeForum prints what an administrator wants to know before they connect a forum.
func (c *cmdEnv) describeForum(t source.TypeInfo) error {
	fmt.Fprintf(c.out, "%s: %s\nDatabases: %s\nMarkup: %s\n\n%s\n", t.Name, t.Title, strings.Join(t.Engines, ", "), t.Markup, t.Notes)
	if t.Unsupported != "" {
		fmt.Fprintf(c.out, "\nNot supported\n%s\n", t.Unsupported)
	}
	if len(t.Certainties) > 0 {
		fmt.Fprintln(c.out, "\nHow sure we are (docs/forums.md explains the words)")
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "FORUM\tMARIADB\tMYSQL\tPOSTGRESQL\tSQLITE")
		for _, v := range t.Certainties {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", v.Forum, cmp.Or(v.MariaDB, "-"), cmp.Or(v.MySQL, "-"), cmp.Or(v.Postgres, "-"), cmp.Or(v.SQLite, "-"))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	c.describeChecks(t)
	for _, g := range t.Grants {
		fmt.Fprintf(c.out, "\nAn account that can only read, on %s (FORUM is the forum's database)\n%s\n", g.Engine, g.Statements)
	}
	fmt.Fprintf(c.out, "\nIts queries: postrider forums %s --queries\n", t.Name)
	return nil
}

// describeChecks prints what the self-check looks at in a forum of this type.
func (c *cmdEnv) describeChecks(t source.TypeInfo) {
	if t.Compared == (source.Comparison{}) {
		return
	}
	fmt.Fprint(c.out, "\nThe self-check, at the start and every ten minutes\n"+
		"Every query, with the types of its columns; the database account; the character set; the permissions of subscribers; the forum's version.\n"+
		"It compares what the queries find with what the forum itself keeps (docs/forums.md, \"What the self-check compares\"):\n")
	const nothing = "nothing in the database"
	fmt.Fprintf(c.out, "  posts of threads: %s\n  members: %s\n  add-ons that may hide posts: %s\n",
		t.Compared.Posts, cmp.Or(t.Compared.Members, nothing), cmp.Or(t.Compared.Addons, nothing))
}

func (c *cmdEnv) customTemplate() error {
	text, err := source.CustomTemplate()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.out, text)
	return err
}

func (c *cmdEnv) forumQueries(name string) error {
	text, err := source.TypeQueries(name)
	if err != nil {
		return asUsage(err)
	}
	_, err = fmt.Fprint(c.out, text)
	return err
}
