package inbound

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// How often mailboxes are looked into.
const (
	maildirEvery = 5 * time.Second
	imapEvery    = 30 * time.Second
)

// collector takes in what has come to a mailbox.
type collector interface {
	Collect(ctx context.Context) error
}

// Receivers is all the ways that the configuration opens, but for the pipe.
type Receivers struct {
	log      *slog.Logger
	listener *Listener // nil: none
	boxes    []watched
}

// watched is a mailbox that is looked into now and then.
type watched struct {
	collector
	every time.Duration
}

// Open opens the listener and the mailboxes of a configuration.
func (b *Processor) Open(c Config) (*Receivers, error) {
	boxes, err := b.mailboxes(c)
	if err != nil {
		return nil, err
	}
	listener, err := b.Listen(c)
	return &Receivers{b.Log, listener, boxes}, err
}

// Collect looks into the mailboxes of a configuration one time.
func (b *Processor) Collect(ctx context.Context, c Config) error {
	boxes, err := b.mailboxes(c)
	for _, box := range boxes {
		err = errors.Join(err, box.Collect(ctx))
	}
	return err
}

func (b *Processor) mailboxes(c Config) (list []watched, err error) {
	if c.Maildir != "" {
		list = append(list, watched{b.Maildir(c.Maildir), maildirEvery})
	}
	if c.IMAP != "" {
		box, err := b.IMAP(c)
		if err != nil {
			return nil, err
		}
		list = append(list, watched{box, imapEvery})
	}
	return list, nil
}

// Run takes in what comes until ctx ends, and what is under way then.
func (in *Receivers) Run(ctx context.Context) error {
	var ways sync.WaitGroup
	defer ways.Wait()
	for _, box := range in.boxes {
		ways.Go(func() { in.watch(ctx, box) })
	}
	if in.listener == nil {
		return nil
	}
	in.log.Info("listening for what comes back", "address", in.listener.Address().String())
	return in.listener.Serve(ctx)
}

// watch looks into a mailbox again and again. It tells of a fault when it begins and when it ends.
func (in *Receivers) watch(ctx context.Context, box watched) {
	tick := time.NewTicker(box.every)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := box.Collect(ctx)
		switch {
		case err != nil && !failing && ctx.Err() == nil:
			in.log.Warn("what came back could not be taken in, will be tried again", "err", err)
		case err == nil && failing:
			in.log.Info("what comes back is taken in again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
