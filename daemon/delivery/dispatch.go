package delivery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"postrider/daemon/settings"
	"postrider/mail"
	"postrider/store"
)

// slowProviderWait is how long a batch waits for slow providers when nothing else can be sent: the next batch waits too.
const slowProviderWait = time.Second

// dispatcher sends the messages of one batch, with as many in flight as there are connections.
//
// One goroutine decides and writes, in loop; workers only render messages and talk to the relay. Before a worker gets a
// message, the store marks it as in flight, so that only such messages are uncertain after a crash. These marks are saved
// together with earlier results, for as many messages as are sent between two writes: at full speed that is a small
// fraction of a statement per message.
type dispatcher struct {
	service        *Service
	built          time.Time
	patient        time.Duration // how long it waits for slow providers when nothing else can be sent
	settlements    *settlementWriter
	queues         *providerQueues
	inFlight       int           // messages with workers
	sentSinceFlush int           // messages given to workers since the last flush
	sentSinceRead  int           // messages given to workers since the last refresh
	latency        time.Duration // how long the relay took for a message recently; slow ones count most
	refreshErr     error         // the forum could not be read again: nothing more may be sent
	idleSince      time.Time     // since when only slow providers have messages; zero: others have, too
	jobs           chan outgoing
	results        chan result
}

func (d *Service) newDispatcher(ctx context.Context, all *providerQueues, built time.Time) *dispatcher {
	all.connections, all.pace = d.settings.Connections, d.shared.limiter
	return &dispatcher{
		service: d, built: built, patient: d.MaxSlowWait, settlements: d.newSettlementWriter(ctx), queues: all,
		jobs: make(chan outgoing), results: make(chan result),
	}
}

// run sends messages until all are sent, ctx ends, the batch is too old, the relays are unreachable, or results cannot be
// saved. It waits for messages in flight and saves their results.
func (p *dispatcher) run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.queues.connections {
		workers.Go(func() {
			for l := range p.jobs {
				p.results <- p.service.send(ctx, l)
			}
		})
	}
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	p.deferOverflow(settings.MaxBatchAge)
	p.loop(ctx, flush.C)
	close(p.jobs)
	workers.Wait()
	if ctx.Err() == nil && p.service.shared.Relays.available(time.Now(), 1) > 0 { // else they are sent as soon as a relay is available
		p.deferOverflow(0)
	}
	return errors.Join(p.refreshErr, p.settlements.close(flush.C))
}

// loop decides which message is sent next and when results are saved.
func (p *dispatcher) loop(ctx context.Context, flush <-chan time.Time) {
	renew := time.NewTicker(p.service.settings.Lease / 3)
	defer renew.Stop()
	stop := ctx.Done()
	for {
		n, idle := p.nextQueue(ctx)
		var hand chan outgoing // nil: nothing can be sent
		var next outgoing
		switch {
		case n != nil:
			hand, next = p.jobs, n.ready[0]
		case idle:
			return
		}
		select {
		case hand <- next:
			p.service.shared.Relays.consume(time.Now())
			p.queues.send(n)
			p.inFlight++
			p.sentSinceFlush++
			p.sentSinceRead++
		case s := <-p.results:
			p.inFlight--
			p.recordResult(s)
			if p.settlements.add(s.settled) {
				p.flush(ctx)
			}
		case <-flush:
			if p.settlements.needsFlush() {
				p.flush(ctx)
			}
		case <-renew.C:
			p.settlements.renew()
		case <-stop:
			stop = nil
		}
	}
}

// nextQueue returns the queue whose message may be sent now. If there is none, idle reports whether there is nothing to
// wait for either.
func (p *dispatcher) nextQueue(ctx context.Context) (n *providerQueue, idle bool) {
	for p.canSend(ctx) {
		now := time.Now()
		if !p.service.shared.Relays.ready(now) {
			return nil, p.inFlight == 0 && p.queues.empty() // each flush checks again
		}
		if n = p.queues.next(now); n != nil {
			if p.tooOld(n.ready[0], now) {
				p.refresh(ctx)
				continue
			}
			if n.unlimited() {
				p.idleSince = time.Time{}
			}
			return n, false
		}
		if p.inFlight == p.queues.connections || !p.queues.needsMore(now) {
			return nil, p.inFlight == 0 && !p.shouldWait(now)
		}
		p.flush(ctx)
	}
	return nil, p.inFlight == 0
}

// shouldWait reports whether waiting for rate limits is worthwhile. Each flush checks again.
func (p *dispatcher) shouldWait(now time.Time) bool {
	lane, pace := p.queues.waiting(now)
	if pace || !lane {
		return pace
	}
	if p.idleSince.IsZero() {
		p.idleSince = now
	}
	return now.Sub(p.idleSince) < p.patient
}

// canSend reports whether another message may be sent. It is called right before each message, because a slow relay may
// keep messages waiting for minutes.
func (p *dispatcher) canSend(ctx context.Context) bool {
	now := time.Now()
	return ctx.Err() == nil && now.Sub(p.built) <= settings.MaxBatchAge && p.service.shared.Relays.available(now, 1) > 0 && !p.settlements.failed && p.refreshErr == nil
}

// flush saves results and marks the next messages as in flight. It marks twice as many as were sent since the last flush,
// so that no worker waits for the write, and at least enough to keep all workers busy.
func (p *dispatcher) flush(ctx context.Context) {
	var picked []outgoing
	window, ready := max(2*p.queues.connections, 2*p.sentSinceFlush), p.queues.ready()
	if now := time.Now(); p.canSend(ctx) && (ready <= window/2 || p.queues.needsMore(now)) {
		picked = p.queues.reserve(now, max(1, window-ready), window)
	}
	ours, ok := p.settlements.write(picked)
	p.queues.dropLost(picked, ours) // messages that could not be marked must not be sent, even if the next write succeeds
	if ok && len(picked) > 0 {
		p.sentSinceFlush = 0
	}
}

// recordResult updates throttle and queue with the result of a message.
func (p *dispatcher) recordResult(s result) {
	n, now := s.queue, time.Now()
	p.latency = max(now.Sub(s.began), p.latency*3/4)
	switch {
	case s.out.RateLimited():
		if n.backOff(s.began, now) {
			p.service.Log.Warn("provider is rate limiting us, slowing down", "provider", n.name, "relay", p.service.shared.Relays.ConfigName(), "a_minute", n.ratePerMinute(), "code", s.out.Code)
		}
	case s.out.Result == mail.Accepted:
		p.service.clearHold(s.domain)
		if n.recover(now) {
			p.service.Log.Info("provider throttle recovered", "provider", n.name)
		}
	}
	if n.probe && s.out.RelayLimit() == mail.NoRelayLimit {
		n.probe, n.probeFailed = false, s.out.Result != mail.Accepted
	}
	p.queues.release(n)
}

// deferOverflow releases messages that cannot be sent within a time, each with its own time for the next attempt.
func (p *dispatcher) deferOverflow(within time.Duration) {
	real := time.Now()
	for _, n := range slices.Clone(p.queues.list) {
		take := n.within(within, len(n.waiting))
		for _, l := range n.waiting[take:] {
			at := p.service.Now().Add(n.deferUntil(real).Sub(real)) // throttles use the real clock, messages the round's
			p.settlements.deferMessage(store.DeferredMessage{Key: l.Key, NotBefore: at, Reason: n.deferReason()})
		}
		n.waiting = n.waiting[:take]
		p.queues.removeIfEmpty(n)
	}
}
