package daemon

import (
	"context"
	"sync/atomic"
	"time"

	"postrider/store"
)

const (
	flushRows  = 50
	flushEvery = 25 * time.Millisecond
	// patience is how long a ledger tries to write down what has already been handed over.
	patience = 8 * time.Second
)

// ledger writes settlements down: at once where mails go out one by one, in batches where they go out
// fast, of at most flushRows mails that have waited for at most flushEvery. A killed daemon repeats no
// more than such a batch. It keeps the lease alive meanwhile.
type ledger struct {
	ctx   context.Context
	store *store.Store
	owner string
	lease time.Duration
	now   func() time.Time
	rows  chan store.Settlement
	done  chan error

	stuck atomic.Bool // the store does not take settlements
	held  []store.Settlement
	blot  blotter
	wrote time.Time // when settlements were last written
	round Report    // what was settled; read it after close
}

func (d *Daemon) newLedger(ctx context.Context) *ledger {
	l := &ledger{
		ctx: ctx, store: d.Store, owner: d.set.Owner, lease: d.set.Lease, now: d.Now,
		rows: make(chan store.Settlement), done: make(chan error, 1),
	}
	go func() { l.done <- l.keep() }()
	return l
}

func (l *ledger) settle(s store.Settlement) { l.rows <- s }

// failing tells that the store does not take settlements: then nothing more may be handed over.
func (l *ledger) failing() bool { return l.stuck.Load() }

// close waits until all settlements are written down, or patience ends.
func (l *ledger) close() error {
	close(l.rows)
	return <-l.done
}

func (l *ledger) keep() error {
	flush := time.NewTicker(flushEvery)
	renew := time.NewTicker(l.lease / 3)
	defer flush.Stop()
	defer renew.Stop()
	for {
		select {
		case s, ok := <-l.rows:
			if !ok {
				return l.finish(flush.C)
			}
			l.held = append(l.held, s)
			if rested := time.Since(l.wrote) >= flushEvery; (rested || len(l.held) >= flushRows) && !l.failing() {
				l.write()
			}
		case <-flush.C:
			l.write()
		case <-renew.C:
			if err := l.store.Renew(l.ctx, l.now(), l.owner, l.lease); err != nil {
				l.stuck.Store(true)
			}
		}
	}
}

// finish writes down the rest. What is lost here was handed over and will be repeated, so it is worth
// some patience.
func (l *ledger) finish(retry <-chan time.Time) error {
	last := func() error {
		if err := l.write(); err != nil {
			return err
		}
		return l.blot.count(l.ctx, l.store)
	}
	err := last()
	for end := time.Now().Add(patience); err != nil && time.Now().Before(end); {
		<-retry
		err = last()
	}
	return err
}

// write writes down what became of mails, and what of it is to be judged.
func (l *ledger) write() error {
	if err := l.settleHeld(); err != nil {
		return err
	}
	if err := l.blot.report(l.ctx, l.store); err != nil {
		l.stuck.Store(true)
		return err
	}
	return nil
}

func (l *ledger) settleHeld() error {
	if len(l.held) == 0 {
		return nil
	}
	if err := l.store.Settle(l.ctx, l.owner, l.held); err != nil {
		l.stuck.Store(true)
		return err
	}
	l.stuck.Store(false)
	l.wrote = time.Now()
	for _, s := range l.held {
		l.round.count(s)
		l.blot.note(s)
	}
	l.held = l.held[:0]
	return nil
}
