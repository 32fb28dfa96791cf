// Package cli implements the command line. Each command has its own file. This package alone imports all others: wire.go
// connects them according to the configuration.
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
	"golang.org/x/term"

	"postrider/internal/line"
)

// cmdEnv holds the output, environment and configuration path of a command.
type cmdEnv struct {
	out, err io.Writer
	getenv   func(string) string
	config   string           // path of the configuration, from -c
	hangups  <-chan os.Signal // SIGHUP; nil: none is received
}

// Main runs a command line and returns the exit code of the process.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// No command is killed by SIGHUP. run reloads; demo ends with its terminal; all others finish what they do.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return runCommand(ctx, args, &cmdEnv{out: os.Stdout, err: os.Stderr, getenv: os.Getenv, hangups: hangups})
}

// Run runs a command line until it finishes or ctx ends. It returns the exit code.
func Run(ctx context.Context, args []string, out, errOut io.Writer, getenv func(string) string) int {
	return runCommand(ctx, args, &cmdEnv{out: out, err: errOut, getenv: getenv})
}

func runCommand(ctx context.Context, args []string, c *cmdEnv) int {
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(c.err)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintf(c.err, "postrider: %s\n", line.Printable(err.Error()))
		}
		return exitCode(root, args, err)
	}
	return 0
}

func (c *cmdEnv) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "postrider",
		Short: "Send the email of a web forum: digests, alerts and announcements",
		Long: "Postrider sends the members of a web forum digests and alerts about what they watch, and announcements. It reads the\n" +
			"forum's database and never writes to it.\n\n" +
			"To try it, run: postrider demo\n\n" +
			"Exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see: %s --help", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVarP(&c.config, "config", "c", "config.toml", "configuration `file`")
	root.AddCommand(
		c.demo(), c.run(), c.check(), c.preview(), c.explain(), c.forecast(), c.announce(), c.queue(), c.bounce(), c.suppress(),
		c.admin(), c.migrate(), c.backup(), c.restored(), c.forums(), c.members(), c.templates(), c.init(), c.version(),
	)
	addUsageHint(root)
	return root
}

// addUsageHint adds a reference to --help to errors about the number of arguments.
func addUsageHint(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		addUsageHint(c)
	}
	if validate := cmd.Args; validate != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := validate(cmd, args); err != nil {
				return usagef("%w; see: %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
}

// untilHangup returns a context that also ends when the terminal of the command is closed.
func (c *cmdEnv) untilHangup(ctx context.Context) (context.Context, func()) {
	ctx, stop := context.WithCancel(ctx)
	if term.IsTerminal(int(os.Stdin.Fd())) {
		go func() {
			select {
			case <-c.hangups:
				stop()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, stop
}
