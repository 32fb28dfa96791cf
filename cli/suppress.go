package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) suppress() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "suppress",
		Short: "Manage the suppression list: list, add, remove, import and export addresses",
		Long: "Manages the suppression list: addresses that get no email, because messages to them bounced or an operator added\n" +
			"them. A suppression after bounces ends 30 days after the last bounce. One that you add lasts until you remove it. A\n" +
			"member who changes their address gets email again. All times are UTC.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.suppressList(), c.suppressAdd(), c.suppressRemove(), c.suppressImport(), c.suppressExport())
	return cmd
}

// suppressionBatchSize is how many addresses are read or written in one statement.
const suppressionBatchSize = 1000

// eachSuppression calls do for every active suppression, ordered by address.
func eachSuppression(ctx context.Context, s *store.Store, do func(store.Health) error) error {
	after := ""
	for {
		list, err := s.Suppressions.List(ctx, time.Now(), "", after, suppressionBatchSize)
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := do(a); err != nil {
				return err
			}
			after = a.Address
		}
		if len(list) < suppressionBatchSize {
			return nil
		}
	}
}

func (c *cmdEnv) suppressList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List suppressed addresses with the reason",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				if asJSON {
					return c.suppressionsJSON(cmd.Context(), s)
				}
				return c.printSuppressions(cmd.Context(), s)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) printSuppressions(ctx context.Context, s *store.Store) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	n := 0
	err := eachSuppression(ctx, s, func(h store.Health) error {
		if n == 0 {
			fmt.Fprintln(table, "ADDRESS\tMEMBER\tSINCE (UTC)\tUNTIL (UTC)\tREASON")
		}
		n++
		member, until := "-", "removed"
		if h.Member != 0 {
			member = fmt.Sprint(h.Member)
		}
		if !h.SuppressedUntil.IsZero() {
			until = formatTime(h.SuppressedUntil)
		}
		_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", line.Fit(h.Address, 80), member, formatTime(h.SuppressedSince), until, orDash(line.Fit(h.Reason, 100)))
		return err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Fprintln(c.out, "No addresses are suppressed.")
	}
	return table.Flush()
}

type suppressionJSON struct {
	Address   string    `json:"address"`
	Member    int64     `json:"member,omitempty"`
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until,omitzero"` // omitted: until it is removed
	Score     float64   `json:"score"`
	LastEvent time.Time `json:"last_event,omitzero"`
	Reason    string    `json:"reason"`
}

func (c *cmdEnv) suppressionsJSON(ctx context.Context, s *store.Store) error {
	list := []suppressionJSON{}
	err := eachSuppression(ctx, s, func(h store.Health) error {
		list = append(list, suppressionJSON{h.Address, int64(h.Member), h.SuppressedSince, h.SuppressedUntil, h.Score, h.LastEvent, h.Reason})
		return nil
	})
	if err != nil {
		return err
	}
	return c.json(list)
}

func (c *cmdEnv) suppressAdd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "add ADDRESS...",
		Short: "Suppress addresses until you remove them",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, addresses []string) error {
			now := time.Now()
			var list []store.Health
			var errs []error
			for _, a := range addresses {
				h, err := store.ManualSuppression(a, reason, now)
				errs = append(errs, err)
				list = append(list, h)
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				if err := s.Suppressions.Add(cmd.Context(), now, lastPerAddress(list)); err != nil {
					return err
				}
				fmt.Fprintln(c.out, plural(len(lastPerAddress(list)), "address suppressed until you remove it.", "addresses suppressed until you remove them."))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "by the administrator", "short `reason`")
	return cmd
}

func (c *cmdEnv) suppressRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove ADDRESS...",
		Short: "Remove addresses from the suppression list",
		Long: "Removes addresses from the suppression list and resets their bounce scores. Messages skipped while they were\n" +
			"suppressed are not sent. Exits with 1 if one of them was not suppressed.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, addresses []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				removed, err := s.Suppressions.Remove(cmd.Context(), addresses)
				if err != nil {
					return err
				}
				was := make(map[string]bool, len(removed))
				for _, a := range removed {
					was[a] = true
				}
				var failed error
				for _, a := range addresses {
					if was[strings.ToLower(a)] {
						fmt.Fprintf(c.out, "%s is no longer suppressed.\n", line.Fit(a, 200))
						continue
					}
					fmt.Fprintf(c.out, "%s was not suppressed.\n", line.Fit(a, 200))
					failed = errSilent
				}
				return failed
			})
		},
	}
}

func (c *cmdEnv) suppressImport() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Suppress the addresses of a CSV file: address,reason,since,until",
		Long: "Reads a CSV file, or standard input if FILE is -: one address per line, optionally with a reason, a start and an end\n" +
			"(2026-05-04 or 2026-05-04T08:00:00Z). Without \"until\", an address stays suppressed until you remove it. A header\n" +
			"line is skipped. If any line is invalid, nothing is imported.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := openInput(cmd, args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			now := time.Now()
			list, err := readSuppressions(in, now)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				for rest := list; len(rest) > 0; {
					some := rest[:min(len(rest), suppressionBatchSize)]
					if err := s.Suppressions.Add(cmd.Context(), now, some); err != nil {
						return err
					}
					rest = rest[len(some):]
				}
				fmt.Fprintf(c.out, "%s imported.\n", plural(len(list), "address", "addresses"))
				return nil
			})
		},
	}
}

func openInput(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	return os.Open(name)
}

func (c *cmdEnv) suppressExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print suppressed addresses as CSV: address,reason,since,until",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error { return c.exportSuppressions(cmd.Context(), s) })
		},
	}
}
