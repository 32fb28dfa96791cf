package editions

import (
	"context"

	"postrider/daemon/settings"
	"postrider/source"
	"postrider/store"
)

// lockedCacheSize is how many posts' contents a Locked builder caches. It serves one member at a time.
const lockedCacheSize = 1 << 10

// Locked is a Builder that serves concurrent requests, one after the other.
type Locked struct {
	builder *Builder
	inUse   chan struct{} // full while the builder is in use
}

// NewLocked returns a Locked builder for a forum and a store.
func NewLocked(f *source.DB, s *store.Store, set settings.Settings) *Locked {
	return &Locked{builder: newWithCache(f, s, set, lockedCacheSize), inUse: make(chan struct{}, 1)}
}

// Acquire waits for exclusive use of the builder. Call release when done with it.
func (l *Locked) Acquire(ctx context.Context) (b *Builder, release func(), err error) {
	select {
	case l.inUse <- struct{}{}:
		return l.builder, func() { <-l.inUse }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}
