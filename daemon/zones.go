package daemon

import (
	"sync"
	"time"
)

// zoneCache loads each time zone once: time.LoadLocation reads a file at every call.
type zoneCache struct {
	site  *time.Location
	mu    sync.Mutex
	known map[string]*time.Location
}

// newZones returns a cache that falls back to the configured zone, which is already validated.
func newZones(site string) *zoneCache {
	z := &zoneCache{site: time.UTC, known: make(map[string]*time.Location)}
	z.site = z.of(site)
	return z
}

// of returns the zone with a name, or the configured zone if the name is empty or unknown.
func (z *zoneCache) of(name string) *time.Location {
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
