package daemon

import (
	"math/rand/v2"
	"time"

	"postrider/store"
)

const (
	// spread is over how long the mails of a domain come back whose hold is over: not all at one moment.
	spread = time.Minute
	// shutFor is how long the mails of a domain wait that was held and does not take the first one after it. Until then it is
	// judged whether it is to be held again.
	shutFor = ripen + time.Minute
)

// gate keeps back what is for domains that are held. After a hold a single letter is let through, and what becomes of it
// decides for the others.
type gate struct {
	held map[string]bool // domains that were held, and have taken nothing since
}

// sort takes out of the letters those for domains that are held now, each with when it may go, and tells of which domains
// a first letter is to be tried.
func (g *gate) sort(list []letter, holds []store.Hold) (open []letter, kept []store.Postponed, again func(domain string) bool) {
	stands := make(map[string]store.Hold, len(holds))
	for _, h := range holds {
		stands[h.Domain] = h
		g.note(h.Domain)
	}
	for _, l := range list {
		h, held := stands[domainOf(l.to.Email)]
		if !held {
			open = append(open, l)
			continue
		}
		kept = append(kept, store.Postponed{Key: l.Key, NotBefore: h.Until.Add(rand.N(spread)), Reason: h.Domain + " is held: " + h.Reason})
	}
	return open, kept, func(domain string) bool { return g.held[domain] }
}

func (g *gate) note(domain string) {
	if g.held == nil {
		g.held = make(map[string]bool)
	}
	g.held[domain] = true
}

// took notes that a domain has taken a mail.
func (g *gate) took(domain string) { delete(g.held, domain) }
