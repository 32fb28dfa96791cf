package admin

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowLane_LetsThoseInFirstWhoTriedLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSlowLane(time.Second, 4)
		start := time.Now()
		if !l.enter(t.Context(), 1) {
			t.Fatal("a free lane is closed")
		}
		var mu sync.Mutex
		var order []int
		rejected := 0
		for _, tried := range []int{5, 3, 1, 3, 4, 2} { // two too many
			go func() {
				ok := l.enter(t.Context(), tried)
				mu.Lock()
				defer mu.Unlock()
				if !ok {
					rejected++
					return
				}
				order = append(order, tried)
				l.leave()
			}()
			synctest.Wait()
		}
		l.leave()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []int{1, 2, 3, 3}; !slices.Equal(order, want) || rejected != 2 {
			t.Errorf("order %v, want %v; %d rejected, want 2", order, want, rejected)
		}
		if !l.enter(t.Context(), 5) || time.Since(start) != 10*time.Second {
			t.Error("the lane is not free again")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if l.enter(ctx, 1) || len(l.waiting) != 0 {
			t.Errorf("an attempt whose time is over entered, or still waits: %d", len(l.waiting))
		}
	})
}
