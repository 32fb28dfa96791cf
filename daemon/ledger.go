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
	// patience is how long a ledger tries at once to write down what has already been handed over.
	patience = 8 * time.Second
)

// ledger writes settlements down: at once where mails go out one by one, in batches where they go out
// fast, of at most flushRows mails that have waited for at most flushEvery. A killed daemon repeats no
// more than such a batch.
type ledger struct {
	d     *Daemon
	ctx   context.Context
	held  []store.Settlement
	later []store.DeferredMessage
	blot  blotter
	wrote time.Time // when settlements were last written
	stuck bool      // the store takes nothing: then nothing more may be handed over
	err   error     // why
	sum   Report    // what was settled
}

// newLedger opens a ledger. It writes even when the round is asked to stop: it says what has happened.
func (d *Daemon) newLedger(ctx context.Context) *ledger {
	return &ledger{d: d, ctx: context.WithoutCancel(ctx)}
}

// add takes a settlement in, and tells whether it is time to write.
func (l *ledger) add(s ...store.Settlement) (due bool) {
	l.held = append(l.held, s...)
	rested := time.Since(l.wrote) >= flushEvery
	return !l.stuck && (rested || len(l.held) >= flushRows)
}

// putOff takes in what is given back unsent.
func (l *ledger) putOff(later ...store.DeferredMessage) { l.later = append(l.later, later...) }

// holds tells that settlements are to be written.
func (l *ledger) holds() bool { return len(l.held) > 0 }

// due tells that anything is to be written.
func (l *ledger) due() bool { return l.holds() || len(l.later) > 0 }

// write writes down what is held and what of it is to be judged, and notes that the next letters are about to be
// handed over. It gives those of them that are still ours.
func (l *ledger) write(next []letter) (ours []letter, ok bool) {
	keys := make([]string, len(next))
	for i, n := range next {
		keys[i] = n.Key
	}
	held, err := l.d.Store.MarkInFlight(l.ctx, l.d.set.Owner, l.held, keys)
	if err == nil {
		l.settled()
		err = l.blot.report(l.ctx, l.d.Store)
	}
	if err == nil {
		err = l.postpone()
	}
	if l.stuck, l.err = err != nil, err; l.stuck {
		return nil, false
	}
	for _, n := range next {
		if slices.Contains(held, n.Key) {
			ours = append(ours, n)
		}
	}
	return ours, true
}

// settled takes off the ledger what is written down.
func (l *ledger) settled() {
	if l.holds() {
		l.wrote = time.Now()
	}
	for _, s := range l.held {
		l.sum.count(s)
		l.d.Watcher.Settled(kindOf(s.Key), outcome(s))
		l.d.moods.note(s)
		l.blot.note(s)
	}
	l.held = l.held[:0]
}

// postpone gives back what is put off.
func (l *ledger) postpone() error {
	if len(l.later) == 0 {
		return nil
	}
	if err := l.d.Store.Postpone(l.ctx, l.d.set.Owner, l.later); err != nil {
		return err
	}
	l.sum.Waiting += len(l.later)
	l.later = l.later[:0]
	return nil
}

// renew keeps the lease alive.
func (l *ledger) renew() {
	if err := l.d.Store.Renew(l.ctx, l.d.Now(), l.d.set.Owner, l.d.set.Lease); err != nil {
		l.stuck, l.err = true, err
	}
}

// close writes down the rest, trying again at every tick until patience ends. What it holds then is a debt of the daemon.
func (l *ledger) close(retry <-chan time.Time) error {
	if !l.due() && l.blot.clean() {
		return l.err
	}
	for end, told := time.Now().Add(patience), false; ; <-retry {
		if l.rest() || time.Now().After(end) {
			return l.err
		}
		if !told {
			l.d.Log.Warn("the store does not take what became of mails, nothing more is handed over", "mails", len(l.held), "err", l.err)
			told = true
		}
	}
}

// rest writes down all that is left, and says whether that went well.
func (l *ledger) rest() bool {
	if _, ok := l.write(nil); !ok {
		return false
	}
	l.err = l.blot.count(l.ctx, l.d.Store)
	return l.err == nil
}
