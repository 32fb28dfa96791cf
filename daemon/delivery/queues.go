package delivery

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"postrider/digest"
	"postrider/internal/addr"
	"postrider/store"
)

// providerQueue is the queue of a batch for one provider.
type providerQueue struct {
	*throttle
	name        string
	domain      string     // of the first message
	waiting     []outgoing // in sending order
	ready       []outgoing // marked as in flight, but not with a worker yet
	inFlight    int        // with workers
	probe       bool       // first delivery after a hold: one message is sent, and its result decides about the others
	probeFailed bool       // the probe failed
}

// rank orders messages: by the priority of their kind, and uncertain ones last. If the daemon crashes repeatedly, it is not
// always the same messages that become uncertain.
func (l outgoing) rank() int {
	p := store.PriorityOf(l.Kind)
	if l.UncertainCount > 0 {
		p += 1000
	}
	return p
}

// canReserve reports whether a waiting message may be marked as in flight now.
func (n *providerQueue) canReserve(now time.Time) bool {
	return len(n.waiting) > 0 && !n.probeFailed && (!n.probe || len(n.ready)+n.inFlight == 0) && n.available(now)
}

// within returns how many messages the throttle allows within a time. It is 0 if the probe failed.
func (n *providerQueue) within(d time.Duration, most int) int {
	if n.probeFailed {
		return 0
	}
	return n.throttle.capacity(d, most)
}

// deferUntil returns when the next waiting message may be sent.
func (n *providerQueue) deferUntil(now time.Time) time.Time {
	if n.probeFailed {
		return now.Add(probeFailedWait + rand.N(releaseJitter))
	}
	return n.throttle.reserveSlot(now)
}

// deferReason returns why messages wait, as the store keeps it.
func (n *providerQueue) deferReason() string {
	if n.probeFailed {
		return digest.NewPhrase("probe_rejected", "domain", n.domain).Stored()
	}
	name := n.name
	if n.probe {
		name = n.domain
	}
	return digest.NewPhrase("rate_limited", "provider", name, "rate", n.ratePerMinute()).Stored()
}

// providerQueues are the queues of a batch. They take turns, so that a slow provider does not block the others: no provider
// gets more than half of the connections while other queues have messages to send.
type providerQueues struct {
	list         []*providerQueue // queues with messages
	cursor       int              // index of the queue whose turn is next
	samePriority bool             // all messages have the same rank
	connections  int
	pace         *rate.Limiter // of all messages together; nil: none
}

// newProviderQueues puts messages into the queues of their providers. again reports which domains were on hold until now: each gets
// a separate queue.
func newProviderQueues(messages []outgoing, throttles *throttles, again func(domain string) bool) *providerQueues {
	s := &providerQueues{samePriority: true}
	known := make(map[string]*providerQueue)
	for _, l := range messages {
		name, probe := addr.Provider(l.To.Email), again(addr.Domain(l.To.Email))
		pace := throttles.forProvider(name)
		if probe {
			name = addr.Domain(l.To.Email) + ", on hold before"
		}
		if known[name] == nil {
			known[name] = &providerQueue{throttle: pace, name: name, domain: addr.Domain(l.To.Email), probe: probe}
			s.list = append(s.list, known[name])
		}
		l.queue = known[name]
		l.queue.waiting = append(l.queue.waiting, l)
		s.samePriority = s.samePriority && l.rank() == messages[0].rank()
	}
	for _, n := range s.list {
		slices.SortStableFunc(n.waiting, func(a, b outgoing) int { return cmp.Compare(a.rank(), b.rank()) })
	}
	return s
}

// roundRobin returns the next matching queue by the rank of its message, or nil if none matches.
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

// advance gives the turn to the queue after n.
func (s *providerQueues) advance(n *providerQueue) { s.cursor = slices.Index(s.list, n) + 1 }

// next returns the queue whose first ready message may be sent now, or nil if there is none.
func (s *providerQueues) next(now time.Time) *providerQueue {
	share := s.maxPerQueue(now)
	return s.roundRobin(
		func(n *providerQueue) bool { return len(n.ready) > 0 && n.inFlight < share },
		func(n *providerQueue) outgoing { return n.ready[0] })
}

// maxPerQueue returns how many connections one queue may use.
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

// send removes and returns the first ready message of a queue.
func (s *providerQueues) send(n *providerQueue) outgoing {
	l := n.ready[0]
	n.ready = n.ready[1:]
	n.inFlight++
	s.advance(n)
	return l
}

// needsMore reports whether a queue has waiting messages, but none ready.
func (s *providerQueues) needsMore(now time.Time) bool {
	return s.withinRate(now) && slices.ContainsFunc(s.list, func(n *providerQueue) bool { return len(n.ready) == 0 && n.canReserve(now) })
}

// withinRate reports whether the overall rate limit allows another message.
func (s *providerQueues) withinRate(now time.Time) bool {
	return s.pace == nil || s.pace.TokensAt(now) >= 1
}

// reserve makes up to most messages ready, from the queues in turn. No queue gets more than its share of the window, so that
// blocked ones leave room for the others.
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

// dropLost drops picked messages that are no longer leased by this daemon.
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
			l.queue.ready = slices.DeleteFunc(l.queue.ready, func(r outgoing) bool { return r.Key == l.Key })
			s.removeIfEmpty(l.queue)
		}
	}
}

// upcoming returns the messages that are ready, and of each queue some that are waiting: about most of these in all.
func (s *providerQueues) upcoming(most int) (rows []store.Row) {
	part := max(1, most/max(1, len(s.list)))
	for _, n := range s.list {
		for _, l := range n.ready {
			rows = append(rows, l.Row)
		}
		for _, l := range n.waiting[:min(part, len(n.waiting))] {
			rows = append(rows, l.Row)
		}
	}
	return rows
}

// replace replaces messages by those with the same key in fresh, and drops those that are not in fresh or belong into another
// queue by now.
func (s *providerQueues) replace(rows []store.Row, fresh []outgoing) {
	again := make(map[string]*outgoing, len(rows))
	for _, r := range rows {
		again[r.Key] = nil
	}
	for i := range fresh {
		again[fresh[i].Key] = &fresh[i]
	}
	update := func(list []outgoing) []outgoing {
		kept := list[:0]
		for _, l := range list {
			if by, drafted := again[l.Key]; drafted {
				if by == nil || addr.Domain(by.To.Email) != addr.Domain(l.To.Email) {
					continue
				}
				by.queue = l.queue
				l = *by
			}
			kept = append(kept, l)
		}
		return kept
	}
	for _, n := range slices.Clone(s.list) {
		n.ready, n.waiting = update(n.ready), update(n.waiting)
		s.removeIfEmpty(n)
	}
}

// release records that a worker has finished a message.
func (s *providerQueues) release(n *providerQueue) {
	n.inFlight--
	s.removeIfEmpty(n)
}

// removeIfEmpty removes a queue without messages.
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

// empty reports whether no message is left to send.
func (s *providerQueues) empty() bool {
	return !slices.ContainsFunc(s.list, func(n *providerQueue) bool { return len(n.ready) > 0 || len(n.waiting) > 0 && !n.probeFailed })
}

// ready returns how many messages are ready.
func (s *providerQueues) ready() (total int) {
	for _, n := range s.list {
		total += len(n.ready)
	}
	return total
}

// waiting reports whether messages wait only for a limit: that of their provider, or the overall rate.
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
