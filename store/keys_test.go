package store_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
)

func TestLinkKeys_SharedByAllDaemons(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		keys := make([][][]byte, 4)
		var wg sync.WaitGroup
		for i := range keys {
			s := open(t, dsn)
			wg.Go(func() {
				var err error
				if keys[i], err = s.LinkKeys.All(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, k := range keys {
			if len(k) != 1 || len(k[0]) != 32 || !bytes.Equal(k[0], keys[0][0]) {
				t.Errorf("a daemon has %d keys, not the one of the others", len(k))
			}
		}
	})
}

func TestLinkKeys_NewKeysComeLast(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		before := must(s.LinkKeys.All(t.Context()))(t)
		for want := 2; want <= 11; want++ { // "link key 10" sorts before "link key 2"
			if n := must(s.LinkKeys.Add(t.Context()))(t); n != want {
				t.Errorf("AddLinkKey = %d, want %d", n, want)
			}
			after := must(s.LinkKeys.All(t.Context()))(t)
			if len(after) != want || !slices.EqualFunc(after[:want-1], before, bytes.Equal) {
				t.Fatalf("%d keys, or in another order: want the %d before and one more", len(after), want-1)
			}
			before = after
		}
	})
}
