package daemon

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"postrider/store"
)

const (
	// releaseJitter is over how long the mails of a domain come back whose hold is over: not all at one moment.
	releaseJitter = time.Minute
	// probeFailedWait is how long the mails of a domain wait that was held and does not take the first one after it. Until then it is
	// judged whether it is to be held again.
	probeFailedWait = refusalSettleTime + time.Minute
	// holdMemory is how long ago a hold may have ended whose domain is tried with a single letter after a start.
	holdMemory = 24 * time.Hour
)

// domainHolds keeps back what is for domains that are held. After a hold a single letter is let through, and what becomes of it
// decides for the others. Lanes that work beside each other share it.
type domainHolds struct {
	mu   sync.Mutex
	held map[string]bool // domains that were held, and have taken nothing since; nil: the store was not asked yet
}

// loadRecent asks the store, after a start, which domains were held lately: nobody may have tried them since.
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

// partition takes out of the letters those for domains that are held now, each with when it may go, and tells of which domains
// a first letter is to be tried.
func (g *domainHolds) partition(list []outgoing, holds []store.DomainHold) (open []outgoing, kept []store.DeferredMessage, again func(domain string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	stands := make(map[string]store.DomainHold, len(holds))
	for _, h := range holds {
		stands[h.Domain] = h
		g.held[h.Domain] = true
	}
	for _, l := range list {
		h, held := stands[domainOf(l.to.Email)]
		if !held {
			open = append(open, l)
			continue
		}
		kept = append(kept, store.DeferredMessage{Key: l.Key, NotBefore: h.Until.Add(rand.N(releaseJitter)), Reason: h.Domain + " is held: " + h.Reason})
	}
	held := maps.Clone(g.held)
	return open, kept, func(domain string) bool { return held[domain] }
}

// clear notes that a domain has taken a mail.
func (g *domainHolds) clear(domain string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, domain)
}
