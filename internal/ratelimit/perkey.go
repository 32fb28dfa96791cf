package ratelimit

import (
	"context"
	"sync"
)

// PerKey limits how many events of one key happen at the same time. Further ones wait. It is safe for concurrent use.
type PerKey[K comparable] struct {
	size int
	mu   sync.Mutex
	keys map[K]*slots
}

// slots are the places of one key.
type slots struct {
	taken chan struct{}
	users int // those who have a place or wait for one
}

// NewPerKey allows size events of each key at the same time.
func NewPerKey[K comparable](size int) *PerKey[K] {
	return &PerKey[K]{size: size, keys: make(map[K]*slots)}
}

// Acquire waits for a place. It returns false if ctx ended first; otherwise the caller must call release.
func (p *PerKey[K]) Acquire(ctx context.Context, key K) (release func(), ok bool) {
	s := p.join(key)
	select {
	case s.taken <- struct{}{}:
		return func() { <-s.taken; p.leave(key, s) }, true
	case <-ctx.Done():
		p.leave(key, s)
		return nil, false
	}
}

func (p *PerKey[K]) join(key K) *slots {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.keys[key]
	if s == nil {
		s = &slots{taken: make(chan struct{}, p.size)}
		p.keys[key] = s
	}
	s.users++
	return s
}

func (p *PerKey[K]) leave(key K, s *slots) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(p.keys, key)
	}
}
