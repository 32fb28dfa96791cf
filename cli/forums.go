package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postrider/source"
)

func (c *console) forums() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "forums [NAME]",
		Short: "List the forum types that can be read, or tell about one",
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

func (c *console) listForums(asJSON bool) error {
	types := source.Types()
	if asJSON {
		return c.json(types)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TYPE\tFORUM\tDATABASES\tMARKUP")
	for _, t := range types {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.Name, t.Title, strings.Join(t.Engines, ", "), t.Markup)
	}
	return table.Flush()
}

func (c *console) forum(name string, asJSON bool) error {
	var names []string
	for _, t := range source.Types() {
		if t.Name != name {
			names = append(names, t.Name)
			continue
		}
		if asJSON {
			return c.json(t)
		}
		fmt.Fprintf(c.out, "%s: %s\nDatabases: %s\nMarkup: %s\n\n%s\n", t.Name, t.Title, strings.Join(t.Engines, ", "), t.Markup, t.Notes)
		return nil
	}
	return fmt.Errorf("there is no forum type %q: choose %s", name, strings.Join(names, ", "))
}
