package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/store"
)

// progressInterval is how often a long delivery logs its progress.
const progressInterval = 10 * time.Second

// Deliver sends all messages that are due, batch by batch, unless delivery is paused. It returns what it did even if it fails.
func (d *Service) Deliver(ctx context.Context) (Report, error) {
	d.report = Report{}
	err := d.deliver(ctx)
	return d.report, err
}

func (d *Service) deliver(ctx context.Context) error {
	if err := d.FlushUnsettled(ctx); err != nil {
		return err
	}
	if err := d.releaseStray(ctx); err != nil {
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
		most := d.shared.Relays.available(time.Now(), d.settings.Delivery.ClaimSize())
		if most == 0 {
			return nil
		}
		if paused, err := d.paused(ctx); paused || err != nil {
			return err
		}
		if err := d.reclaimLeases(ctx); err != nil {
			return err
		}
		more, err := d.hooks.BeforeBatch(ctx)
		if err != nil {
			return err
		}
		rows, err := d.Store.Outbox.Claim(ctx, d.Now(), d.settings.Owner, d.settings.Lease, d.priorities, most)
		if err != nil {
			d.strayClaims = true // the store may have claimed them all the same
			return fmt.Errorf("claiming: %w", err)
		}
		if len(rows) == 0 {
			if more {
				continue
			}
			return nil
		}
		err = d.deliverBatch(ctx, rows)
		d.hooks.Progress()
		if err != nil {
			return err
		}
	}
	return nil
}

// paused reports whether an administrator has paused delivery, and logs changes.
func (d *Service) paused(ctx context.Context) (bool, error) {
	pause, paused, err := d.Store.Queue.Paused(ctx)
	if err != nil {
		return false, fmt.Errorf("reading whether delivery is paused: %w", err)
	}
	switch {
	case d.priorities == AlertsOnly || d.priorities == AnnouncementsOnly: // the other loop logs it
	case paused && !d.pausedLogged:
		d.Log.Warn("delivery is paused, messages are waiting", "since", pause.Since, "reason", pause.Reason)
	case !paused && d.pausedLogged:
		d.Log.Info("delivery resumed")
	}
	d.pausedLogged = paused
	return paused, nil
}

// deliverBatch builds, sends and settles claimed messages. Messages that were not sent go back to the queue, even after an
// error.
func (d *Service) deliverBatch(ctx context.Context, rows []store.Row) error {
	p, err := d.prepareBatch(ctx, rows)
	if err == nil {
		err = p.run(ctx)
		d.report.Add(p.settlements.sum)
		d.shared.throttles.evictIdle(time.Now())
		if p.settlements.hasPending() {
			// Do not release the messages: some were sent.
			p.settlements.sum = Report{}
			d.unsettled = &unsettledBatch{p.settlements, rows}
			return fmt.Errorf("settling: %w", err)
		}
	}
	// Release the messages even if ctx has ended.
	if e := d.Store.Outbox.Release(context.WithoutCancel(ctx), d.settings.Owner, keysOf(rows)); e != nil {
		d.strayClaims = true
		err = errors.Join(err, fmt.Errorf("releasing messages: %w", e))
	}
	return err
}

// releaseStray releases messages that are leased to this loop although no batch has them, because the store was lost while
// they were claimed or released. They would wait until their lease ends.
func (d *Service) releaseStray(ctx context.Context) error {
	if !d.strayClaims {
		return nil
	}
	if err := d.Store.Outbox.ReleaseClaimed(ctx, d.settings.Owner, d.priorities); err != nil {
		return err
	}
	d.strayClaims = false
	return nil
}

// unsettledBatch is a batch whose results could not be saved despite retries. The results are kept until the store accepts
// them: without them, sent messages would be sent again.
type unsettledBatch struct {
	settlements *settlementWriter
	rows        []store.Row
}

// FlushUnsettled saves the results of an unsettled batch, if there is one, and releases the rest of it. Nothing else is sent before
// that.
func (d *Service) FlushUnsettled(ctx context.Context) error {
	if d.unsettled == nil {
		return nil
	}
	l := d.unsettled.settlements
	if !l.flushAll() {
		return fmt.Errorf("saving delivery results: %w", l.err)
	}
	d.report.Add(l.sum)
	d.Log.Info("delivery results saved again, delivery resumed", "report", l.sum)
	if err := d.Store.Outbox.Release(ctx, d.settings.Owner, keysOf(d.unsettled.rows)); err != nil {
		return fmt.Errorf("releasing messages: %w", err)
	}
	d.unsettled = nil
	return nil
}

// prepareBatch builds claimed messages and puts them into the queues of their providers.
func (d *Service) prepareBatch(ctx context.Context, rows []store.Row) (*dispatcher, error) {
	if err := d.hooks.Healthy(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	drafts, err := d.Draft(ctx, rows)
	if err != nil {
		return nil, err
	}
	holds, err := d.shared.holds.load(ctx, d.Store.Holds, d.Now()) // as late as possible: an administrator may release one meanwhile
	if err != nil {
		return nil, err
	}
	built := time.Now()
	messages, settled := d.outgoingMessages(rows, drafts, readTime(began, maxReadAge))
	messages, kept, again := d.shared.holds.partition(messages, holds)
	p := d.newDispatcher(ctx, newProviderQueues(messages, d.shared.throttles, again), built)
	p.settlements.add(settled...)
	p.settlements.deferMessage(kept...)
	return p, nil
}

// expireMessages settles messages that no relay accepted in time.
func (d *Service) expireMessages(ctx context.Context) error {
	list, err := d.Store.Outbox.Expire(ctx, d.Now())
	if err != nil {
		return err
	}
	for _, m := range list {
		d.Log.Debug("message expired", "key", m.Key, "member", m.Member)
		d.hooks.Outcome(m.Kind, OutcomeExpired)
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

// reclaimLeases takes over messages of daemons that died. Those that were in flight are uncertain.
func (d *Service) reclaimLeases(ctx context.Context) error {
	now := d.Now()
	doubt := store.UncertainPolicy{Most: maxCrashRetries, Again: now.Add(d.settings.Delivery.UncertainWait)}
	if !d.settings.Delivery.RetriesUncertain() {
		doubt.Most = 0
	}
	list, err := d.Store.Outbox.ReclaimExpired(ctx, now, doubt)
	if err != nil {
		return fmt.Errorf("recovering messages: %w", err)
	}
	for _, m := range list {
		d.report.Uncertain++
		d.hooks.Outcome(m.Kind, OutcomeUncertain)
		if m.Final {
			d.logGivenUp(m.Kind, m.Key, m.Member)
		}
	}
	if len(list) > 0 {
		d.Log.Warn("a daemon stopped during delivery, messages are uncertain", "messages", len(list))
	}
	return nil
}
