package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/store"
)

// progressInterval is how often a long delivery says how far it has come.
const progressInterval = 10 * time.Second

// deliver hands over everything that is planned and may go now, batch by batch, unless delivery is paused.
func (d *Daemon) deliver(ctx context.Context) error {
	if err := d.flushUnsettled(ctx); err != nil {
		return err
	}
	if err := d.expireMessages(ctx); err != nil {
		return err
	}
	lastProgress := time.Now()
	for ctx.Err() == nil {
		if time.Since(lastProgress) > progressInterval {
			d.Log.Info("delivering", "report", d.report)
			lastProgress = time.Now()
		}
		most := d.relays.available(time.Now(), d.settings.Delivery.batchSize())
		if most == 0 {
			return nil
		}
		if paused, err := d.paused(ctx); paused || err != nil {
			return err
		}
		if err := d.reclaimLeases(ctx); err != nil {
			return err
		}
		more, err := d.advanceAnnouncements(ctx)
		if err != nil {
			return fmt.Errorf("moving announcements on: %w", err)
		}
		rows, err := d.Store.Outbox.Claim(ctx, d.Now(), d.settings.Owner, d.settings.Lease, d.priorities, most)
		if err != nil {
			return fmt.Errorf("claiming: %w", err)
		}
		if len(rows) == 0 {
			if more {
				continue
			}
			return nil
		}
		err = d.deliverBatch(ctx, rows)
		d.report.sampleMemory()
		d.touchProgress()
		if err != nil {
			return err
		}
	}
	return nil
}

// paused asks whether the administrator has paused delivery, and logs when that changes.
func (d *Daemon) paused(ctx context.Context) (bool, error) {
	pause, paused, err := d.Store.Queue.Paused(ctx)
	if err != nil {
		return false, fmt.Errorf("asking whether delivery is paused: %w", err)
	}
	switch {
	case d.priorities == alertsOnly: // the other lane tells it
	case paused && !d.pausedLogged:
		d.Log.Warn("delivery is paused, mails wait", "since", pause.Since, "reason", pause.Reason)
	case !paused && d.pausedLogged:
		d.Log.Info("delivery goes on")
	}
	d.pausedLogged = paused
	return paused, nil
}

// deliverBatch builds, sends and settles claimed rows. Whatever goes wrong, the rows that were not
// handed over go back to the queue.
func (d *Daemon) deliverBatch(ctx context.Context, rows []store.Row) error {
	p, err := d.prepareBatch(ctx, rows)
	if err == nil {
		err = p.run(ctx)
		d.report.add(p.ledger.sum)
		d.throttles.evictIdle(time.Now())
		if p.ledger.hasPending() {
			// Do not give the rows back: some were handed over.
			p.ledger.sum = Report{}
			d.unsettled = &unsettledBatch{p.ledger, rows}
			return fmt.Errorf("settling: %w", err)
		}
	}
	// Giving back must be done even when ctx has ended.
	if e := d.Store.Outbox.Release(context.WithoutCancel(ctx), d.settings.Owner, keysOf(rows)); e != nil {
		err = errors.Join(err, fmt.Errorf("giving rows back: %w", e))
	}
	return err
}

// unsettledBatch is a batch of which the store did not take, for all our patience, what became of its mails. The ledger is kept until it
// does: to give it up would be to repeat what was handed over.
type unsettledBatch struct {
	ledger *settlementWriter
	rows   []store.Row
}

// flushUnsettled writes down what the store would not take before, and gives the rest of that batch back. Until then nothing more is
// handed over.
func (d *Daemon) flushUnsettled(ctx context.Context) error {
	if d.unsettled == nil {
		return nil
	}
	l := d.unsettled.ledger
	if !l.flushAll() {
		return fmt.Errorf("settling what was handed over: %w", l.err)
	}
	d.report.add(l.sum)
	d.Log.Info("the store takes settlements again", "report", l.sum)
	if err := d.Store.Outbox.Release(ctx, d.settings.Owner, keysOf(d.unsettled.rows)); err != nil {
		return fmt.Errorf("giving rows back: %w", err)
	}
	d.unsettled = nil
	return nil
}

// prepareBatch builds claimed rows and puts the letters into their lines.
func (d *Daemon) prepareBatch(ctx context.Context, rows []store.Row) (*dispatcher, error) {
	if err := d.ensureForumHealthy(ctx); err != nil {
		return nil, err
	}
	if err := d.domainHolds.loadRecent(ctx, d.Store, d.Now()); err != nil {
		return nil, err
	}
	holds, err := d.Store.Holds.Active(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	drafts, err := d.draftBatch(ctx, rows)
	if err != nil {
		return nil, err
	}
	built := time.Now()
	letters, settled := d.letters(rows, drafts)
	letters, kept, again := d.domainHolds.partition(letters, holds)
	p := d.newDispatch(ctx, newLines(letters, d.throttles, again), built)
	p.ledger.add(settled...)
	p.ledger.deferMessage(kept...)
	return p, nil
}

// expireMessages settles what no relay has taken in time.
func (d *Daemon) expireMessages(ctx context.Context) error {
	list, err := d.Store.Outbox.Expire(ctx, d.Now())
	if err != nil {
		return err
	}
	for _, m := range list {
		d.Log.Debug("mail expired", "key", m.Key, "member", m.Member)
		d.Observer.MessageSettled(m.Kind, WasExpired)
	}
	d.report.Expired += len(list)
	return nil
}

func keysOf(rows []store.Row) []string {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	return keys
}

// reclaimLeases takes rows back from daemons that have died. What they were handing over is in doubt.
func (d *Daemon) reclaimLeases(ctx context.Context) error {
	now := d.Now()
	doubt := store.UncertainPolicy{Most: maxCrashRetries, Again: now.Add(d.settings.Delivery.UncertainWait)}
	if !d.settings.Delivery.repeats() {
		doubt.Most = 0
	}
	list, err := d.Store.Outbox.ReclaimExpired(ctx, now, doubt)
	if err != nil {
		return fmt.Errorf("taking rows back: %w", err)
	}
	for _, m := range list {
		d.report.Uncertain++
		d.Observer.MessageSettled(m.Kind, OutcomeUncertain)
		if m.Final {
			d.logGivenUp(m.Kind, m.Key, m.Member)
		}
	}
	if len(list) > 0 {
		d.Log.Warn("a daemon ended while it was handing over, mails are in doubt", "mails", len(list))
	}
	return nil
}
