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
	// fresh is how long a built batch may wait for its hand-over. What is not handed over by then is
	// built again, so that no mail tells what its reader was forbidden to read since.
	fresh = time.Minute
	// linger is how long a batch waits for slow lanes when there is nothing else to do: other mails wait behind it.
	linger = time.Second
)

// dispatch hands the letters of one batch over, as many at a time as there are connections.
//
// One goroutine decides and writes, in decide; workers only render and speak to the relay. Before a worker gets a
// letter, the store notes that it is about to be handed over, so that after a crash only such letters are in
// doubt. That is written together with the settlements of what went before, for as many letters ahead as go
// out between two such writings: at full speed it is a small part of a statement for each mail.
type dispatch struct {
	d       *Daemon
	built   time.Time
	patient time.Duration // how long it waits for slow lanes when there is nothing else to do
	ledger  *ledger
	lines   *lines
	away    int       // letters with workers
	went    int       // to workers since letters were noted last
	lull    time.Time // since when only slow lanes have anything; zero: others have, too
	hand    chan letter
	back    chan sent
}

func (d *Daemon) newDispatch(ctx context.Context, all *lines, built time.Time) *dispatch {
	all.connections, all.pace = d.set.Connections, d.pace
	return &dispatch{
		d: d, built: built, patient: d.patient, ledger: d.newLedger(ctx), lines: all,
		hand: make(chan letter), back: make(chan sent),
	}
}

// run hands over until all is done, or until it is asked to stop, the batch has grown old, the relays are out of reach,
// or the store takes no settlements. What was handed over by then is waited for and written down.
func (p *dispatch) run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.lines.connections {
		workers.Go(func() {
			for l := range p.hand {
				p.back <- p.d.handOver(ctx, l)
			}
		})
	}
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	p.postpone(fresh)
	p.decide(ctx, flush.C)
	close(p.hand)
	workers.Wait()
	if ctx.Err() == nil && p.d.relays.room(time.Now(), 1) > 0 { // else they go as soon as they may
		p.postpone(0)
	}
	return p.ledger.close(flush.C)
}

// decide is the loop that says which letter goes next, and when what became of others is written down.
func (p *dispatch) decide(ctx context.Context, flush <-chan time.Time) {
	renew := time.NewTicker(p.d.set.Lease / 3)
	defer renew.Stop()
	stop := ctx.Done()
	for {
		n, idle := p.choose(ctx)
		var hand chan letter // nil: nothing can go
		var next letter
		switch {
		case n != nil:
			hand, next = p.hand, n.ready[0]
		case idle:
			return
		}
		select {
		case hand <- next:
			p.lines.send(n)
			p.away++
			p.went++
		case s := <-p.back:
			p.away--
			p.heard(s)
			if p.ledger.add(s.settled) {
				p.write(ctx)
			}
		case <-flush:
			if p.ledger.due() {
				p.write(ctx)
			}
		case <-renew.C:
			p.ledger.renew()
		case <-stop:
			stop = nil
		}
	}
}

// choose gives the line whose letter may go now. If there is none, it tells whether there is nothing to wait for either.
func (p *dispatch) choose(ctx context.Context) (n *line, idle bool) {
	for p.open(ctx) {
		now := time.Now()
		if n = p.lines.next(now); n != nil {
			if n.unlimited() {
				p.lull = time.Time{}
			}
			return n, false
		}
		if p.away == p.lines.connections || !p.lines.short(now) {
			return nil, p.away == 0 && !p.waits(now)
		}
		p.write(ctx)
	}
	return nil, p.away == 0
}

// waits tells whether it is worth while to wait for what is limited. A tick of the flush asks again.
func (p *dispatch) waits(now time.Time) bool {
	lane, pace := p.lines.waiting(now)
	if pace || !lane {
		return pace
	}
	if p.lull.IsZero() {
		p.lull = now
	}
	return now.Sub(p.lull) < p.patient
}

// open tells whether another letter may be handed over. It is asked right before each: a slow relay may keep
// letters waiting for minutes.
func (p *dispatch) open(ctx context.Context) bool {
	now := time.Now()
	return ctx.Err() == nil && now.Sub(p.built) <= fresh && p.d.relays.room(now, 1) > 0 && !p.ledger.stuck
}

// write writes down what became of letters, and notes the next. These are twice as many as went since the last
// time, so that no worker waits while they are written; and no fewer than keep all workers busy.
func (p *dispatch) write(ctx context.Context) {
	var picked []letter
	window, ready := max(2*p.lines.connections, 2*p.went), p.lines.ready()
	if now := time.Now(); p.open(ctx) && (ready <= window/2 || p.lines.short(now)) {
		picked = p.lines.pick(now, max(1, window-ready), window)
	}
	ours, ok := p.ledger.write(picked)
	p.lines.keep(picked, ours) // what could not be noted must not go, even if the next writing succeeds
	if ok && len(picked) > 0 {
		p.went = 0
	}
}

// heard lets a lane learn from what became of a letter.
func (p *dispatch) heard(s sent) {
	n, now := s.line, time.Now()
	switch {
	case s.out.RateLimited():
		if n.slow(s.began, now) {
			p.d.Log.Warn("a provider finds us too fast, its mails go slower", "provider", n.name, "a_minute", n.aMinute(), "code", s.out.Code)
		}
	case s.out.Result == mail.Accepted:
		p.d.gate.took(s.domain)
		if n.grow(now) {
			p.d.Log.Info("a provider takes mails as fast as before", "provider", n.name)
		}
	}
	if n.probe {
		n.probe, n.shut = false, s.out.Result != mail.Accepted
	}
	p.lines.done(n)
}

// postpone gives back what lanes cannot take within a time, each letter with a time of its own.
func (p *dispatch) postpone(within time.Duration) {
	real := time.Now()
	for _, n := range slices.Clone(p.lines.list) {
		take := n.within(within, len(n.waiting))
		for _, l := range n.waiting[take:] {
			at := p.d.Now().Add(n.book(real).Sub(real)) // lanes go by the real clock, rows by the round's
			p.ledger.putOff(store.DeferredMessage{Key: l.Key, NotBefore: at, Reason: n.reason()})
		}
		n.waiting = n.waiting[:take]
		p.lines.tidy(n)
	}
}
