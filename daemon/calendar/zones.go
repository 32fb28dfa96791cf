package calendar

import (
	"sync"
	"time"
)

// Zones loads each time zone once: time.LoadLocation reads a file at every call.
type Zones struct {
	site  *time.Location
	mu    sync.Mutex
	known map[string]*time.Location
}

// NewZones returns a cache that falls back to the configured zone, which is already validated.
func NewZones(site string) *Zones {
	z := &Zones{site: time.UTC, known: make(map[string]*time.Location)}
	z.site = z.Of(site)
	return z
}

// Of returns the zone with a name, or the configured zone if the name is empty or unknown.
func (z *Zones) Of(name string) *time.Location {
	z.mu.Lock()
	defer z.mu.Unlock()
	if loc := z.known[name]; loc != nil {
		return loc
	}
	loc, err := time.LoadLocation(name)
	// LoadLocation accepts "" as UTC and "Local" as the machine's zone. Neither is a valid choice of a member.
	if err != nil || name == "" || name == "Local" {
		loc = z.site
	}
	z.known[name] = loc
	return loc
}
