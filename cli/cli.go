// Package cli is the command line. It is the only room that knows all others: each command has a
// file of its own, and wire.go puts the rooms together as the configuration says.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// cmdEnv is where a command reads its surroundings and writes to.
type cmdEnv struct {
	out, err io.Writer
	getenv   func(string) string
	config   string // path of the configuration, from -c
}

// Main runs a command line and returns the exit code of the process.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, args, os.Stdout, os.Stderr, os.Getenv)
}

// errSilent ends a command with exit code 1 when it has already said why.
var errSilent = errors.New("")

// Run runs a command line until it is done or ctx ends.
func Run(ctx context.Context, args []string, out, errOut io.Writer, getenv func(string) string) int {
	c := &cmdEnv{out: out, err: errOut, getenv: getenv}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintf(errOut, "postrider: %v\n", err)
		}
		if e, ok := errors.AsType[exitError](err); ok {
			return e.code
		}
		return 1
	}
	return 0
}

func (c *cmdEnv) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "postrider",
		Short: "Sends the e-mail of a web forum: digests, reply alerts and announcements",
		Long: "Postrider sits beside a web forum, reads its database (and never writes to it), and sends\n" +
			"its members digests of what is new in what they watch.\n\n" +
			"Begin with: postrider demo",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVarP(&c.config, "config", "c", "config.toml", "configuration `file`")
	root.AddCommand(
		c.demo(), c.run(), c.check(), c.preview(), c.explain(), c.forecast(), c.announce(), c.queue(), c.bounce(), c.suppress(),
		c.admin(), c.migrate(), c.forums(), c.version(),
	)
	addUsageHint(root)
	return root
}

// addUsageHint lets a command that was given too many words or too few say where it is told what it wants.
func addUsageHint(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		addUsageHint(c)
	}
	if takes := cmd.Args; takes != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := takes(cmd, args); err != nil {
				return fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
}
