package delivery

import (
	"context"
	"slices"
	"time"

	"postrider/store"
)

const (
	flushRows  = 50
	flushEvery = 25 * time.Millisecond
	// settleRetryTimeout is how long results of sent messages are retried before the round ends.
	settleRetryTimeout = 8 * time.Second
)

// settlementWriter saves settlements: immediately at a low rate, and in batches at a high rate, of at most flushRows
// messages and at most flushEvery old. A killed daemon repeats at most one such batch.
type settlementWriter struct {
	service  *Service
	ctx      context.Context
	buffer   []store.Settlement
	deferred []store.DeferredMessage
	refusals refusalRecorder
	wrote    time.Time // time of the last write
	failed   bool      // the store rejects writes: nothing more may be sent
	err      error     // why
	sum      Report    // what was settled
}

// newSettlementWriter returns a settlementWriter. It keeps writing after ctx has ended, because it records what has happened.
func (d *Service) newSettlementWriter(ctx context.Context) *settlementWriter {
	return &settlementWriter{service: d, ctx: context.WithoutCancel(ctx)}
}

// add adds settlements and reports whether it is time to write.
func (l *settlementWriter) add(s ...store.Settlement) (due bool) {
	l.buffer = append(l.buffer, s...)
	rested := time.Since(l.wrote) >= flushEvery
	return !l.failed && (rested || len(l.buffer) >= flushRows)
}

// deferMessage adds messages that are released unsent.
func (l *settlementWriter) deferMessage(later ...store.DeferredMessage) {
	l.deferred = append(l.deferred, later...)
}

// hasPending reports whether there are settlements to write.
func (l *settlementWriter) hasPending() bool { return len(l.buffer) > 0 }

// needsFlush reports whether there is anything to write.
func (l *settlementWriter) needsFlush() bool { return l.hasPending() || len(l.deferred) > 0 }

// write saves the settlements and the rejections to evaluate, and marks the next messages as in flight. It returns those of
// them that this daemon still leases.
func (l *settlementWriter) write(next []outgoing) (ours []outgoing, ok bool) {
	marks := make([]store.InFlight, len(next))
	for i, n := range next {
		marks[i] = store.InFlight{Key: n.Key, Posts: n.selectedPosts()}
	}
	held, err := l.service.Store.Outbox.MarkInFlight(l.ctx, l.service.settings.Owner, l.buffer, marks)
	if err == nil {
		l.clearFlushed()
		err = l.refusals.flushRefusals(l.ctx, l.service.Store.Suppressions)
	}
	if err == nil {
		err = l.postpone()
	}
	if l.failed, l.err = err != nil, err; l.failed {
		return nil, false
	}
	for _, n := range next {
		if slices.Contains(held, n.Key) {
			ours = append(ours, n)
		}
	}
	return ours, true
}

// clearFlushed removes what was saved.
func (l *settlementWriter) clearFlushed() {
	if l.hasPending() {
		l.wrote = time.Now()
	}
	for _, s := range l.buffer {
		l.sum.count(s)
		l.service.hooks.Outcome(store.KindOf(s.Key), outcome(s))
		l.service.hooks.Settled(s)
		l.refusals.add(s)
	}
	l.buffer = l.buffer[:0]
}

// postpone releases deferred messages.
func (l *settlementWriter) postpone() error {
	if len(l.deferred) == 0 {
		return nil
	}
	if err := l.service.Store.Outbox.Postpone(l.ctx, l.service.settings.Owner, l.deferred); err != nil {
		return err
	}
	l.sum.Waiting += len(l.deferred)
	l.deferred = l.deferred[:0]
	return nil
}

// renew renews the lease.
func (l *settlementWriter) renew() {
	if err := l.service.Store.Outbox.Renew(l.ctx, l.service.Now(), l.service.settings.Owner, l.service.settings.Lease); err != nil {
		l.failed, l.err = true, err
	}
}

// close saves the rest and retries at every tick until settleRetryTimeout. After that the batch is unsettled.
func (l *settlementWriter) close(retry <-chan time.Time) error {
	if !l.needsFlush() && l.refusals.empty() {
		return l.err
	}
	for end, told := time.Now().Add(settleRetryTimeout), false; ; <-retry {
		if l.flushAll() || time.Now().After(end) {
			return l.err
		}
		if !told {
			l.service.Log.Warn("cannot save delivery results, delivery paused", "messages", len(l.buffer), "err", l.err)
			told = true
		}
	}
}

// flushAll saves everything that is left and reports whether that succeeded.
func (l *settlementWriter) flushAll() bool {
	if _, ok := l.write(nil); !ok {
		return false
	}
	l.err = l.refusals.flushCounts(l.ctx, l.service.Store.Counts)
	return l.err == nil
}
