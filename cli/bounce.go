package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"postrider/bounce"
	"postrider/daemon/members"
	"postrider/inbound"
	"postrider/internal/link"
	"postrider/store"
)

// tempFail makes a mail server keep the message and hand it in again (EX_TEMPFAIL of sysexits.h). All that goes wrong does,
// for every other code makes it send the message back, and who sends a bounce is nobody: it would be lost.
const tempFail = 75

func (c *cmdEnv) bounce() *cobra.Command {
	var recipient string
	cmd := &cobra.Command{
		Use:   "bounce < MESSAGE",
		Short: "Take in a mail that came back, from a mail server's pipe",
		Long: "Takes in one message from standard input: a report that a mail could not be delivered, a complaint, or a mail to\n" +
			"the address that ends a subscription. What tells nothing of our mails is dropped. The address to which it was sent is\n" +
			"looked for in --recipient, in ORIGINAL_RECIPIENT and RECIPIENT of the environment, and in the message itself.\n\n" +
			"Exits with 0 when the message is dealt with, and with 75 when the mail server is to hand it in again later.\n" +
			"docs/bounces.md shows how a mail server is set up for it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exitError{tempFail, errors.New("bounce takes no arguments: the message comes from standard input")}
			}
			if err := c.processBounce(cmd.Context(), cmd.InOrStdin(), recipient); err != nil {
				return exitError{tempFail, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&recipient, "recipient", "", "`address` to which the message was sent")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exitError{tempFail, fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())}
	})
	return cmd
}

// processBounce reads a message and hands it to the inbound.
func (c *cmdEnv) processBounce(ctx context.Context, in io.Reader, recipient string) error {
	raw, err := io.ReadAll(io.LimitReader(in, bounce.MaxBytes))
	if err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	// To the end: a mail server takes it as a fault when nobody reads on.
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
		h := &app{cfg: cfg, store: s, log: newLog(c.err, cfg.Log)}
		box, err := h.inbound(ctx, time.Now)
		if err != nil {
			return err
		}
		return box.Process(ctx, to, raw)
	})
}

// inbound is what takes in all that comes back.
func (h *app) inbound(ctx context.Context, now func() time.Time) (*inbound.Processor, error) {
	composer, err := h.composer(ctx)
	if err != nil {
		return nil, err
	}
	if h.links == nil {
		keys, err := h.store.LinkKeys.All(ctx)
		if err != nil {
			return nil, err
		}
		if h.links, err = link.NewSigner(h.cfg.Web.URL, keys...); err != nil {
			return nil, err
		}
	}
	desk := members.New(h.forum, h.store, h.settings())
	return &inbound.Processor{Store: h.store, Composer: composer, Links: h.links, Members: desk, Log: h.log, Now: now}, nil
}

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	error
}

func (e exitError) Unwrap() error { return e.error }
