package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postrider/source"
)

func (c *cmdEnv) forums() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "forums [NAME]",
		Short: "List the supported forum types, or describe one",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.forum(args[0], asJSON)
			}
			return c.listForums(asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// forumJSON is a forum type in the output of forums --json.
type forumJSON struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Engines []string `json:"databases"`
	Prefix  string   `json:"prefix"`
	Markup  string   `json:"markup"`
	Notes   string   `json:"notes"`
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
		fmt.Fprintf(c.out, "%s: %s\nDatabases: %s\nMarkup: %s\n\n%s\n", t.Name, t.Title, strings.Join(t.Engines, ", "), t.Markup, t.Notes)
		return nil
	}
	return usagef("unknown forum type %q: must be one of %s", name, strings.Join(names, ", "))
}
