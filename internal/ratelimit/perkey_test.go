package ratelimit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPerKey_LimitsEachKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPerKey[int](2)
		first, _ := p.Acquire(t.Context(), 1)
		second, _ := p.Acquire(t.Context(), 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, ok := p.Acquire(ctx, 1); ok {
			t.Fatal("a third event of the same key did not wait")
		}
		other, ok := p.Acquire(t.Context(), 2)
		if !ok {
			t.Fatal("another key waits")
		}
		started := make(chan bool)
		go func() {
			release, ok := p.Acquire(t.Context(), 1)
			release()
			started <- ok
		}()
		synctest.Wait()
		first()
		if !<-started {
			t.Error("the waiting event got no place")
		}
		second()
		other()
		if len(p.keys) != 0 {
			t.Errorf("%d keys are kept, want none", len(p.keys))
		}
	})
}
