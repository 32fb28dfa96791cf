package daemon

import (
	"context"
	"sync"
	"time"

	"postrider/store"
)

// fresh is how long a built batch may wait for its hand-over. What is not handed over by then is
// built again, so that no mail tells what its reader was forbidden to read since.
const fresh = time.Minute

// dispatch hands the letters of one batch over, as many at a time as there are connections.
//
// One goroutine decides and writes, in run; workers only render and speak to the relay. Before a worker gets a
// letter, the store notes that it is about to be handed over, so that after a crash only such letters are in
// doubt. That is written together with the settlements of what went before, for as many letters ahead as go
// out between two such writings: at full speed it is a small part of a statement for each mail.
type dispatch struct {
	d       *Daemon
	built   time.Time
	ledger  *ledger
	waiting []letter // not noted
	ready   []letter // noted, and with no worker yet
	away    int      // with workers
	went    int      // to workers since letters were noted last
	hand    chan letter
	back    chan store.Settlement
}

func (d *Daemon) newDispatch(ctx context.Context, list []letter, built time.Time) *dispatch {
	return &dispatch{
		d: d, built: built, waiting: list, ledger: d.newLedger(ctx),
		hand: make(chan letter), back: make(chan store.Settlement),
	}
}

// run hands over until all is done, or until it is asked to stop, the batch has grown old, the relay is out of reach,
// or the store takes no settlements. What was handed over by then is waited for and written down.
func (p *dispatch) run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.d.set.Connections {
		workers.Go(func() {
			for l := range p.hand {
				p.back <- p.d.handOver(ctx, l)
			}
		})
	}
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	p.decide(ctx, flush.C)
	close(p.hand)
	workers.Wait()
	return p.ledger.close(flush.C)
}

// decide is the loop that says which letter goes next, and when what became of others is written down.
func (p *dispatch) decide(ctx context.Context, flush <-chan time.Time) {
	renew := time.NewTicker(p.d.set.Lease / 3)
	defer renew.Stop()
	stop := ctx.Done()
	for {
		var hand chan letter // nil: nothing can go
		var next letter
		if p.open(ctx) {
			if len(p.ready) == 0 && len(p.waiting) > 0 {
				p.write(ctx)
				continue
			}
			if len(p.ready) > 0 {
				hand, next = p.hand, p.ready[0]
			}
		}
		if hand == nil && p.away == 0 {
			return
		}
		select {
		case hand <- next:
			p.ready = p.ready[1:]
			p.away++
			p.went++
		case s := <-p.back:
			p.away--
			if p.ledger.add(s) {
				p.write(ctx)
			}
		case <-flush:
			if p.ledger.holds() {
				p.write(ctx)
			}
		case <-renew.C:
			p.ledger.renew()
		case <-stop:
			stop = nil
		}
	}
}

// open tells whether another letter may be handed over. It is asked right before each: a slow relay may keep
// letters waiting for minutes.
func (p *dispatch) open(ctx context.Context) bool {
	return ctx.Err() == nil && time.Since(p.built) <= fresh && p.d.relays.room(time.Now(), 1) > 0 && !p.ledger.stuck
}

// write writes down what became of letters, and notes the next. These are twice as many as went since the last
// time, so that no worker waits while they are written; and no fewer than keep all workers busy.
func (p *dispatch) write(ctx context.Context) {
	ahead := 0
	if window := max(2*p.d.set.Connections, 2*p.went); p.open(ctx) && len(p.ready) <= window/2 {
		ahead = min(window-len(p.ready), len(p.waiting))
	}
	ours, ok := p.ledger.write(p.waiting[:ahead])
	if !ok || ahead == 0 {
		return
	}
	p.ready = append(p.ready, ours...)
	p.waiting = p.waiting[ahead:]
	p.went = 0
}
