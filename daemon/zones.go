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

// newZones falls back to the site's zone, which the configuration has checked.
func newZones(site string) *zoneCache {
	z := &zoneCache{site: time.UTC, known: make(map[string]*time.Location)}
	z.site = z.of(site)
	return z
}

// of is the zone of a name; the site's own where the name is empty or unknown.
func (z *zoneCache) of(name string) *time.Location {
	z.mu.Lock()
	defer z.mu.Unlock()
	if loc := z.known[name]; loc != nil {
		return loc
	}
	loc, err := time.LoadLocation(name)
	// LoadLocation takes "" for UTC and "Local" for the machine's zone: neither is a member's choice.
	if err != nil || name == "" || name == "Local" {
		loc = z.site
	}
	z.known[name] = loc
	return loc
}
