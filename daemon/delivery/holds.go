package delivery

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/internal/addr"
	"postrider/store"
)

const (
	// releaseJitter spreads the messages to a domain over time when its hold ends.
	releaseJitter = time.Minute
	// probeFailedWait is how long messages to a domain wait if it rejects the first one after a hold. By then the rejection is
	// evaluated, which may cause another hold.
	probeFailedWait = settings.RefusalSettleTime + time.Minute
	// holdMemory is how long after a hold its domain gets a single message first.
	holdMemory = 24 * time.Hour
)

// domainHolds holds back messages to domains on hold. After a hold it lets a single message through, whose result decides
// about the others. Concurrent delivery loops share it.
type domainHolds struct {
	relay string // how the store names the relay

	mu     sync.Mutex
	held   map[string]bool // domains that get a single message first; nil: not read from the store yet
	recent map[string]bool // domains that have accepted nothing since a hold
}

// load reads the active holds, and the domains whose hold has ended recently without an accepted message since. After a
// start, these get a single message first: none may have been sent since their hold.
func (g *domainHolds) load(ctx context.Context, s store.Holds, now time.Time) (active []store.DomainHold, err error) {
	holds, err := s.Active(ctx, now.Add(-holdMemory))
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recent = make(map[string]bool, len(holds))
	for _, h := range holds {
		if h.Relay != g.relay {
			continue
		}
		if h.Until.After(h.Since) { // else a message was accepted, see MarkAccepted
			g.recent[h.Domain] = true
		}
		if h.Until.After(now) {
			active = append(active, h)
		}
	}
	if g.held == nil {
		g.held = maps.Clone(g.recent)
	}
	return active, nil
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
		kept = append(kept, store.DeferredMessage{Key: l.Key, NotBefore: h.Until.Add(rand.N(releaseJitter)), Reason: digest.DomainHeld(h.Domain, h.Reason).Stored()})
	}
	held := maps.Clone(g.held)
	return open, kept, func(domain string) bool { return held[domain] }
}

// clear records that a domain accepted a message, and reports whether that is the first one since a hold.
func (g *domainHolds) clear(domain string) (first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	first = g.recent[domain]
	delete(g.held, domain)
	delete(g.recent, domain)
	return first
}

// clearHold records that a domain accepted a message. Its next hold is short again.
func (d *Service) clearHold(domain string) {
	if !d.shared.holds.clear(domain) {
		return
	}
	if err := d.Store.Holds.MarkAccepted(context.Background(), d.Now(), store.HoldKey{Relay: d.shared.holds.relay, Domain: domain}); err != nil {
		d.Log.Warn("cannot save that a domain accepts messages again; its next hold will be longer", "domain", domain, "relay", d.shared.Relays.ConfigName(), "err", err)
	}
}
