package inbound

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// How often mailboxes are polled.
const (
	maildirInterval = 5 * time.Second
	imapInterval    = 30 * time.Second
)

// collector processes the new messages of a mailbox.
type collector interface {
	Collect(ctx context.Context) error
}

// Receivers holds the listener and the mailboxes of the configuration.
type Receivers struct {
	log      *slog.Logger
	listener *Listener // nil: none
	boxes    []polledMailbox
}

// polledMailbox is a mailbox with its polling interval.
type polledMailbox struct {
	collector
	interval time.Duration
}

// Open opens the listener and the mailboxes of the configuration.
func (b *Processor) Open(c Config) (*Receivers, error) {
	boxes, err := b.mailboxes(c)
	if err != nil {
		return nil, err
	}
	listener, err := b.Listen(c)
	return &Receivers{b.Log, listener, boxes}, err
}

// Collect processes the mailboxes of the configuration once.
func (b *Processor) Collect(ctx context.Context, c Config) error {
	boxes, err := b.mailboxes(c)
	for _, box := range boxes {
		err = errors.Join(err, box.Collect(ctx))
	}
	return err
}

func (b *Processor) mailboxes(c Config) (list []polledMailbox, err error) {
	if c.Maildir != "" {
		list = append(list, polledMailbox{b.Maildir(c.Maildir), maildirInterval})
	}
	if c.IMAP != "" {
		box, err := b.IMAP(c)
		if err != nil {
			return nil, err
		}
		list = append(list, polledMailbox{box, imapInterval})
	}
	return list, nil
}

// Run processes messages until ctx ends, and finishes those in progress.
func (in *Receivers) Run(ctx context.Context) error {
	var ways sync.WaitGroup
	defer ways.Wait()
	for _, box := range in.boxes {
		ways.Go(func() { in.poll(ctx, box) })
	}
	if in.listener == nil {
		return nil
	}
	in.log.Info("listening for bounces", "address", in.listener.Address().String())
	return in.listener.Serve(ctx)
}

// poll polls a mailbox. It logs an error when it first occurs and when it is over.
func (in *Receivers) poll(ctx context.Context, box polledMailbox) {
	tick := time.NewTicker(box.interval)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := box.Collect(ctx)
		switch {
		case err != nil && !failing && ctx.Err() == nil:
			in.log.Warn("cannot read bounces, will retry", "err", err)
		case err == nil && failing:
			in.log.Info("reading bounces again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
