package delivery

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"postrider/daemon/settings"
	"postrider/internal/addr"
	"postrider/store"
)

const (
	// releaseJitter spreads the messages to a domain over time when its hold ends.
	releaseJitter = time.Minute
	// probeFailedWait is how long messages to a domain wait if it rejects the first one after a hold. By then the rejection is
	// evaluated, which may cause another hold.
	probeFailedWait = settings.RefusalSettleTime + time.Minute
	// holdMemory is how long after a hold its domain gets a single message first when the daemon starts.
	holdMemory = 24 * time.Hour
)

// domainHolds holds back messages to domains on hold. After a hold it lets a single message through, whose result decides
// about the others. Concurrent delivery loops share it.
type domainHolds struct {
	mu   sync.Mutex
	held map[string]bool // domains that have accepted nothing since a hold; nil: not read from the store yet
}

// loadRecent reads, after a start, which domains were on hold recently: no message may have been sent to them since.
func (g *domainHolds) loadRecent(ctx context.Context, s *store.Store, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		return nil
	}
	holds, err := s.Holds.Active(ctx, now.Add(-holdMemory))
	if err != nil {
		return err
	}
	g.held = make(map[string]bool, len(holds))
	for _, h := range holds {
		g.held[h.Domain] = true
	}
	return nil
}

// partition separates the messages to domains on hold, with the time when each may be sent. again reports whether a domain
// needs a single message first.
func (g *domainHolds) partition(list []outgoing, holds []store.DomainHold) (open []outgoing, kept []store.DeferredMessage, again func(domain string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	stands := make(map[string]store.DomainHold, len(holds))
	for _, h := range holds {
		stands[h.Domain] = h
		g.held[h.Domain] = true
	}
	for _, l := range list {
		h, held := stands[addr.Domain(l.To.Email)]
		if !held {
			open = append(open, l)
			continue
		}
		kept = append(kept, store.DeferredMessage{Key: l.Key, NotBefore: h.Until.Add(rand.N(releaseJitter)), Reason: h.Domain + " is on hold: " + h.Reason})
	}
	held := maps.Clone(g.held)
	return open, kept, func(domain string) bool { return held[domain] }
}

// clear records that a domain accepted a message.
func (g *domainHolds) clear(domain string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, domain)
}
