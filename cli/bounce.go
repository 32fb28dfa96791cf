package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"postrider/bounce"
	"postrider/daemon/delivery"
	"postrider/daemon/members"
	"postrider/inbound"
	"postrider/store"
)

// tempFail makes a mail server keep the message and deliver it again later (EX_TEMPFAIL of sysexits.h). Every error uses
// it: with any other code, the server would return the message. A bounce has no sender to return it to, so it would be lost.
const tempFail = 75

func (c *cmdEnv) bounce() *cobra.Command {
	var recipient string
	cmd := &cobra.Command{
		Use:   "bounce < MESSAGE",
		Short: "Process a bounce or complaint piped in by a mail server",
		Long: "Reads one message from standard input: a bounce, a complaint, or an unsubscribe request. Unrelated messages are\n" +
			"dropped. The recipient address is taken from --recipient, from the environment variables ORIGINAL_RECIPIENT and\n" +
			"RECIPIENT, and from the message itself.\n\n" +
			"Exits with 0 if the message was processed, and with 75 if the mail server should deliver it again later. To set up\n" +
			"a mail server, see docs/bounces.md.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exitError{tempFail, errors.New("bounce takes no arguments: it reads the message from standard input")}
			}
			if err := c.processBounce(cmd.Context(), cmd.InOrStdin(), recipient); err != nil {
				return exitError{tempFail, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&recipient, "recipient", "", "`address` that the message was sent to")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exitError{tempFail, fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())}
	})
	return cmd
}

// processBounce reads a message and passes it to the inbound processor.
func (c *cmdEnv) processBounce(ctx context.Context, in io.Reader, recipient string) error {
	raw, err := io.ReadAll(io.LimitReader(in, bounce.MaxBytes))
	if err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	// Read to the end: a mail server reports an error if the pipe closes early.
	if _, err := io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	var to []string
	for _, address := range []string{recipient, c.getenv("ORIGINAL_RECIPIENT"), c.getenv("RECIPIENT")} {
		if address != "" {
			to = append(to, address)
		}
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(s *store.Store) error {
		a := &app{cfg: cfg, store: s, log: newLog(c.err, cfg.Log)}
		box, err := a.inbound(ctx, time.Now)
		if err != nil {
			return err
		}
		done := func() {}
		defer func() { done() }()
		box.Replies, err = a.replies(func() (sender delivery.Sender, err error) {
			sender, done, err = a.sender("")
			return sender, err
		})
		if err != nil {
			return err
		}
		return box.Process(ctx, to, raw)
	})
}

// inbound creates the processor for bounces, complaints and unsubscribe requests.
func (a *app) inbound(ctx context.Context, now func() time.Time) (*inbound.Processor, error) {
	composer, err := a.composer(ctx)
	if err != nil {
		return nil, err
	}
	if a.links == nil {
		keys, err := a.store.LinkKeys.All(ctx)
		if err != nil {
			return nil, err
		}
		if a.links, err = newLinks(a.cfg, keys...); err != nil {
			return nil, err
		}
	}
	members := members.New(a.forum, a.store, a.settings())
	return &inbound.Processor{Store: a.store, Composer: composer, Links: a.links, Members: members, Log: a.log, Now: now}, nil
}
