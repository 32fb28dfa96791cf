package daemon

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"postrider/store"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// providerQueue is the letters of a batch that go by one lane.
type providerQueue struct {
	*throttle
	name        string
	waiting     []outgoing // in the order in which they go
	ready       []outgoing // noted as about to go, and with no worker yet
	inFlight    int        // with workers
	probe       bool       // its domain was held until now: one letter goes, and what becomes of it decides for the others
	probeFailed bool       // the probe failed
}

// rank tells what goes first: kinds by their priority, and last what may have arrived already. Should the daemon die over
// and over, it is then not always these that are in doubt.
func (l outgoing) rank() int {
	p := store.PriorityOf(l.Kind)
	if l.UncertainCount > 0 {
		p += 1000
	}
	return p
}

// canReserve tells whether a waiting letter may be noted now.
func (n *providerQueue) canReserve(now time.Time) bool {
	return len(n.waiting) > 0 && !n.probeFailed && (!n.probe || len(n.ready)+n.inFlight == 0) && n.available(now)
}

// within is what its lane takes in a time; nothing if its probe has failed.
func (n *providerQueue) within(d time.Duration, most int) int {
	if n.probeFailed {
		return 0
	}
	return n.throttle.capacity(d, most)
}

// deferUntil gives a waiting letter a time of its own.
func (n *providerQueue) deferUntil(now time.Time) time.Time {
	if n.probeFailed {
		return now.Add(probeFailedWait + rand.N(releaseJitter))
	}
	return n.throttle.reserveSlot(now)
}

// deferReason is why a letter waits.
func (n *providerQueue) deferReason() string {
	if n.probeFailed {
		return n.name + ", did not take the first mail after that"
	}
	return fmt.Sprintf("waits its turn, %s takes %s mails a minute", n.name, n.ratePerMinute())
}

// providerQueues are all letters of a batch. They take turns, so that no slow provider holds up the others: none has more than half of
// the connections while there is something to go for others.
type providerQueues struct {
	list         []*providerQueue // those with letters
	cursor       int              // place of the line whose turn is next
	samePriority bool             // all letters are of one class
	connections  int
	pace         *rate.Limiter // of all together; nil: none
}

// newLines puts letters into their lines. again tells which domains were held until now: each has a line of its own.
func newLines(letters []outgoing, throttles *throttles, again func(domain string) bool) *providerQueues {
	s := &providerQueues{samePriority: true}
	known := make(map[string]*providerQueue)
	for _, l := range letters {
		name, probe := provider(l.to.Email), again(domainOf(l.to.Email))
		pace := throttles.forProvider(name)
		if probe {
			name = domainOf(l.to.Email) + ", held before"
		}
		if known[name] == nil {
			known[name] = &providerQueue{throttle: pace, name: name, probe: probe}
			s.list = append(s.list, known[name])
		}
		l.line = known[name]
		l.line.waiting = append(l.line.waiting, l)
		s.samePriority = s.samePriority && l.rank() == letters[0].rank()
	}
	for _, n := range s.list {
		slices.SortStableFunc(n.waiting, func(a, b outgoing) int { return cmp.Compare(a.rank(), b.rank()) })
	}
	return s
}

// roundRobin gives the line that is next of those that fit, by the class of its letter; nil: none fits.
func (s *providerQueues) roundRobin(fits func(*providerQueue) bool, head func(*providerQueue) outgoing) *providerQueue {
	var best *providerQueue
	for i := range s.list {
		n := s.list[(s.cursor+i)%len(s.list)]
		if !fits(n) {
			continue
		}
		if s.samePriority {
			return n
		}
		if best == nil || head(n).rank() < head(best).rank() {
			best = n
		}
	}
	return best
}

// advance gives the turn to the line behind n.
func (s *providerQueues) advance(n *providerQueue) { s.cursor = slices.Index(s.list, n) + 1 }

// next is the line whose first letter that is ready may go now; nil: there is none.
func (s *providerQueues) next(now time.Time) *providerQueue {
	share := s.maxPerQueue(now)
	return s.roundRobin(
		func(n *providerQueue) bool { return len(n.ready) > 0 && n.inFlight < share },
		func(n *providerQueue) outgoing { return n.ready[0] })
}

// maxPerQueue is how many connections one line may have.
func (s *providerQueues) maxPerQueue(now time.Time) int {
	busy := 0
	for _, n := range s.list {
		if len(n.ready) > 0 || n.canReserve(now) {
			if busy++; busy > 1 {
				return (s.connections + 1) / 2
			}
		}
	}
	return s.connections
}

// send takes the letter that next has found.
func (s *providerQueues) send(n *providerQueue) outgoing {
	l := n.ready[0]
	n.ready = n.ready[1:]
	n.inFlight++
	s.advance(n)
	return l
}

// needsMore tells that a line has letters to be noted, and none that is ready.
func (s *providerQueues) needsMore(now time.Time) bool {
	return s.withinRate(now) && slices.ContainsFunc(s.list, func(n *providerQueue) bool { return len(n.ready) == 0 && n.canReserve(now) })
}

// withinRate tells whether the pace of all together lets another letter go.
func (s *providerQueues) withinRate(now time.Time) bool {
	return s.pace == nil || s.pace.TokensAt(now) >= 1
}

// reserve makes up to most letters ready, in turn. No line gets more than its part of the window, so that those which are
// stuck leave room for the others.
func (s *providerQueues) reserve(now time.Time, most, window int) (picked []outgoing) {
	part := max(1, window/max(1, len(s.list)))
	for len(picked) < most && s.withinRate(now) {
		n := s.roundRobin(
			func(n *providerQueue) bool { return len(n.ready) < part && n.canReserve(now) },
			func(n *providerQueue) outgoing { return n.waiting[0] })
		if n == nil {
			break
		}
		picked = append(picked, n.waiting[0])
		n.ready = append(n.ready, n.waiting[0])
		n.waiting = n.waiting[1:]
		n.consume(now)
		if s.pace != nil {
			s.pace.AllowN(now, 1)
		}
		s.advance(n)
	}
	return picked
}

// dropLost drops of the letters that were picked those that are not ours any more.
func (s *providerQueues) dropLost(picked, ours []outgoing) {
	if len(picked) == len(ours) {
		return
	}
	held := make(map[string]bool, len(ours))
	for _, l := range ours {
		held[l.Key] = true
	}
	for _, l := range picked {
		if !held[l.Key] {
			l.line.ready = slices.DeleteFunc(l.line.ready, func(r outgoing) bool { return r.Key == l.Key })
			s.removeIfEmpty(l.line)
		}
	}
}

// release takes a letter back from its worker.
func (s *providerQueues) release(n *providerQueue) {
	n.inFlight--
	s.removeIfEmpty(n)
}

// removeIfEmpty takes a line out that has nothing left.
func (s *providerQueues) removeIfEmpty(n *providerQueue) {
	at := slices.Index(s.list, n)
	if at < 0 || len(n.waiting)+len(n.ready)+n.inFlight > 0 {
		return
	}
	s.list = slices.Delete(s.list, at, at+1)
	if s.cursor > at {
		s.cursor--
	}
}

// ready is how many letters are ready.
func (s *providerQueues) ready() (total int) {
	for _, n := range s.list {
		total += len(n.ready)
	}
	return total
}

// waiting tells whether letters wait for nothing but a limit: of their lane, or of the pace of all together.
func (s *providerQueues) waiting(now time.Time) (lane, pace bool) {
	for _, n := range s.list {
		switch {
		case len(n.waiting) == 0 || n.probeFailed:
		case n.canReserve(now):
			pace = true
		default:
			lane = true
		}
	}
	return lane, pace
}
