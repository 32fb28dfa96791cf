package daemon

import (
	"context"
	"slices"
	"time"

	"postrider/store"
)

const (
	flushRows  = 50
	flushEvery = 25 * time.Millisecond
	// settleRetryTimeout is how long a ledger tries at once to write down what has already been handed over.
	settleRetryTimeout = 8 * time.Second
)

// settlementWriter writes settlements down: at once where mails go out one by one, in batches where they go out
// fast, of at most flushRows mails that have waited for at most flushEvery. A killed daemon repeats no
// more than such a batch.
type settlementWriter struct {
	d        *Daemon
	ctx      context.Context
	buffer   []store.Settlement
	deferred []store.DeferredMessage
	refusals refusalRecorder
	wrote    time.Time // when settlements were last written
	failed   bool      // the store takes nothing: then nothing more may be handed over
	err      error     // why
	sum      Report    // what was settled
}

// newLedger opens a ledger. It writes even when the round is asked to stop: it says what has happened.
func (d *Daemon) newLedger(ctx context.Context) *settlementWriter {
	return &settlementWriter{d: d, ctx: context.WithoutCancel(ctx)}
}

// add takes a settlement in, and tells whether it is time to write.
func (l *settlementWriter) add(s ...store.Settlement) (due bool) {
	l.buffer = append(l.buffer, s...)
	rested := time.Since(l.wrote) >= flushEvery
	return !l.failed && (rested || len(l.buffer) >= flushRows)
}

// deferMessage takes in what is given back unsent.
func (l *settlementWriter) deferMessage(later ...store.DeferredMessage) {
	l.deferred = append(l.deferred, later...)
}

// hasPending tells that settlements are to be written.
func (l *settlementWriter) hasPending() bool { return len(l.buffer) > 0 }

// needsFlush tells that anything is to be written.
func (l *settlementWriter) needsFlush() bool { return l.hasPending() || len(l.deferred) > 0 }

// write writes down what is held and what of it is to be judged, and notes that the next letters are about to be
// handed over. It gives those of them that are still ours.
func (l *settlementWriter) write(next []outgoing) (ours []outgoing, ok bool) {
	keys := make([]string, len(next))
	for i, n := range next {
		keys[i] = n.Key
	}
	held, err := l.d.Store.Outbox.MarkInFlight(l.ctx, l.d.settings.Owner, l.buffer, keys)
	if err == nil {
		l.clearFlushed()
		err = l.refusals.flushRefusals(l.ctx, l.d.Store)
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

// clearFlushed takes off the ledger what is written down.
func (l *settlementWriter) clearFlushed() {
	if l.hasPending() {
		l.wrote = time.Now()
	}
	for _, s := range l.buffer {
		l.sum.count(s)
		l.d.Observer.MessageSettled(store.KindOf(s.Key), outcome(s))
		l.d.refusalWindows.record(s)
		l.refusals.add(s)
	}
	l.buffer = l.buffer[:0]
}

// postpone gives back what is put off.
func (l *settlementWriter) postpone() error {
	if len(l.deferred) == 0 {
		return nil
	}
	if err := l.d.Store.Outbox.Postpone(l.ctx, l.d.settings.Owner, l.deferred); err != nil {
		return err
	}
	l.sum.Waiting += len(l.deferred)
	l.deferred = l.deferred[:0]
	return nil
}

// renew keeps the lease alive.
func (l *settlementWriter) renew() {
	if err := l.d.Store.Outbox.Renew(l.ctx, l.d.Now(), l.d.settings.Owner, l.d.settings.Lease); err != nil {
		l.failed, l.err = true, err
	}
}

// close writes down the rest, trying again at every tick until patience ends. What it holds then is a debt of the daemon.
func (l *settlementWriter) close(retry <-chan time.Time) error {
	if !l.needsFlush() && l.refusals.empty() {
		return l.err
	}
	for end, told := time.Now().Add(settleRetryTimeout), false; ; <-retry {
		if l.flushAll() || time.Now().After(end) {
			return l.err
		}
		if !told {
			l.d.Log.Warn("the store does not take what became of mails, nothing more is handed over", "mails", len(l.buffer), "err", l.err)
			told = true
		}
	}
}

// flushAll writes down all that is left, and says whether that went well.
func (l *settlementWriter) flushAll() bool {
	if _, ok := l.write(nil); !ok {
		return false
	}
	l.err = l.refusals.flushCounts(l.ctx, l.d.Store)
	return l.err == nil
}
