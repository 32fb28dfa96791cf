package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"postrider/mail"
	"postrider/store"
)

const (
	// maxBatchAge is how long a built batch may wait for its hand-over. What is not handed over by then is
	// built again, so that no mail tells what its reader was forbidden to read since.
	maxBatchAge = time.Minute
	// slowProviderWait is how long a batch waits for slow lanes when there is nothing else to do: other mails wait behind it.
	slowProviderWait = time.Second
)

// dispatcher hands the letters of one batch over, as many at a time as there are connections.
//
// One goroutine decides and writes, in decide; workers only render and speak to the relay. Before a worker gets a
// letter, the store notes that it is about to be handed over, so that after a crash only such letters are in
// doubt. That is written together with the settlements of what went before, for as many letters ahead as go
// out between two such writings: at full speed it is a small part of a statement for each mail.
type dispatcher struct {
	d              *Daemon
	built          time.Time
	patient        time.Duration // how long it waits for slow lanes when there is nothing else to do
	ledger         *settlementWriter
	lines          *providerQueues
	inFlight       int       // letters with workers
	sentSinceFlush int       // to workers since letters were noted last
	idleSince      time.Time // since when only slow lanes have anything; zero: others have, too
	jobs           chan outgoing
	results        chan result
}

func (d *Daemon) newDispatch(ctx context.Context, all *providerQueues, built time.Time) *dispatcher {
	all.connections, all.pace = d.settings.Connections, d.rateLimit
	return &dispatcher{
		d: d, built: built, patient: d.maxSlowWait, ledger: d.newLedger(ctx), lines: all,
		jobs: make(chan outgoing), results: make(chan result),
	}
}

// run hands over until all is done, or until it is asked to stop, the batch has grown old, the relays are out of reach,
// or the store takes no settlements. What was handed over by then is waited for and written down.
func (p *dispatcher) run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.lines.connections {
		workers.Go(func() {
			for l := range p.jobs {
				p.results <- p.d.send(ctx, l)
			}
		})
	}
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	p.deferOverflow(maxBatchAge)
	p.loop(ctx, flush.C)
	close(p.jobs)
	workers.Wait()
	if ctx.Err() == nil && p.d.relays.available(time.Now(), 1) > 0 { // else they go as soon as they may
		p.deferOverflow(0)
	}
	return p.ledger.close(flush.C)
}

// loop is the loop that says which letter goes next, and when what became of others is written down.
func (p *dispatcher) loop(ctx context.Context, flush <-chan time.Time) {
	renew := time.NewTicker(p.d.settings.Lease / 3)
	defer renew.Stop()
	stop := ctx.Done()
	for {
		n, idle := p.nextQueue(ctx)
		var hand chan outgoing // nil: nothing can go
		var next outgoing
		switch {
		case n != nil:
			hand, next = p.jobs, n.ready[0]
		case idle:
			return
		}
		select {
		case hand <- next:
			p.lines.send(n)
			p.inFlight++
			p.sentSinceFlush++
		case s := <-p.results:
			p.inFlight--
			p.recordResult(s)
			if p.ledger.add(s.settled) {
				p.flush(ctx)
			}
		case <-flush:
			if p.ledger.needsFlush() {
				p.flush(ctx)
			}
		case <-renew.C:
			p.ledger.renew()
		case <-stop:
			stop = nil
		}
	}
}

// nextQueue gives the line whose letter may go now. If there is none, it tells whether there is nothing to wait for either.
func (p *dispatcher) nextQueue(ctx context.Context) (n *providerQueue, idle bool) {
	for p.canSend(ctx) {
		now := time.Now()
		if n = p.lines.next(now); n != nil {
			if n.unlimited() {
				p.idleSince = time.Time{}
			}
			return n, false
		}
		if p.inFlight == p.lines.connections || !p.lines.needsMore(now) {
			return nil, p.inFlight == 0 && !p.shouldWait(now)
		}
		p.flush(ctx)
	}
	return nil, p.inFlight == 0
}

// shouldWait tells whether it is worth while to wait for what is limited. A tick of the flush asks again.
func (p *dispatcher) shouldWait(now time.Time) bool {
	lane, pace := p.lines.waiting(now)
	if pace || !lane {
		return pace
	}
	if p.idleSince.IsZero() {
		p.idleSince = now
	}
	return now.Sub(p.idleSince) < p.patient
}

// canSend tells whether another letter may be handed over. It is asked right before each: a slow relay may keep
// letters waiting for minutes.
func (p *dispatcher) canSend(ctx context.Context) bool {
	now := time.Now()
	return ctx.Err() == nil && now.Sub(p.built) <= maxBatchAge && p.d.relays.available(now, 1) > 0 && !p.ledger.failed
}

// flush writes down what became of letters, and notes the next. These are twice as many as went since the last
// time, so that no worker waits while they are written; and no fewer than keep all workers busy.
func (p *dispatcher) flush(ctx context.Context) {
	var picked []outgoing
	window, ready := max(2*p.lines.connections, 2*p.sentSinceFlush), p.lines.ready()
	if now := time.Now(); p.canSend(ctx) && (ready <= window/2 || p.lines.needsMore(now)) {
		picked = p.lines.reserve(now, max(1, window-ready), window)
	}
	ours, ok := p.ledger.write(picked)
	p.lines.dropLost(picked, ours) // what could not be noted must not go, even if the next writing succeeds
	if ok && len(picked) > 0 {
		p.sentSinceFlush = 0
	}
}

// recordResult lets a lane learn from what became of a letter.
func (p *dispatcher) recordResult(s result) {
	n, now := s.line, time.Now()
	switch {
	case s.out.RateLimited():
		if n.backOff(s.began, now) {
			p.d.Log.Warn("a provider finds us too fast, its mails go slower", "provider", n.name, "a_minute", n.ratePerMinute(), "code", s.out.Code)
		}
	case s.out.Result == mail.Accepted:
		p.d.domainHolds.clear(s.domain)
		if n.recover(now) {
			p.d.Log.Info("a provider takes mails as fast as before", "provider", n.name)
		}
	}
	if n.probe {
		n.probe, n.probeFailed = false, s.out.Result != mail.Accepted
	}
	p.lines.release(n)
}

// deferOverflow gives back what lanes cannot take within a time, each letter with a time of its own.
func (p *dispatcher) deferOverflow(within time.Duration) {
	real := time.Now()
	for _, n := range slices.Clone(p.lines.list) {
		take := n.within(within, len(n.waiting))
		for _, l := range n.waiting[take:] {
			at := p.d.Now().Add(n.deferUntil(real).Sub(real)) // lanes go by the real clock, rows by the round's
			p.ledger.deferMessage(store.DeferredMessage{Key: l.Key, NotBefore: at, Reason: n.deferReason()})
		}
		n.waiting = n.waiting[:take]
		p.lines.removeIfEmpty(n)
	}
}
