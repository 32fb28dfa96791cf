package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postrider/digest"
	"postrider/store"
)

// maxCached is how many sightings stay in memory between batches: 48 bytes each.
const maxCached = 1 << 18

// sightingCache reads sightings and keeps the newest: they never change, and the batches of a round ask for the
// same ones again and again. It is not safe for concurrent use.
type sightingCache struct {
	store *store.Store
	after int64 // list holds all sightings after it, up to until
	until int64
	list  []digest.Sighting // by rising number
	dream *sightingOverlay  // what a rehearsal has met, behind all that the store knows; nil: nothing
}

// between gives the sightings after one number, up to another.
func (s *sightingCache) between(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if s.dream != nil && until > s.dream.head {
		real, err := s.cached(ctx, min(after, s.dream.head), s.dream.head)
		return slices.Concat(real, s.dream.between(after, until)), err
	}
	return s.cached(ctx, after, until)
}

// cached gives those that the store knows.
func (s *sightingCache) cached(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if after < s.after || after > s.until || len(s.list) > maxCached {
		s.after, s.until, s.list = after, after, nil
	}
	if until > s.until {
		fresh, err := s.store.Sightings.Between(ctx, s.until, until)
		if err != nil {
			return nil, fmt.Errorf("reading sightings: %w", err)
		}
		s.list, s.until = append(s.list, fresh...), until
	}
	return s.list[s.indexAfter(after):s.indexAfter(until)], nil
}

// indexAfter is the index of the first sighting with a greater number.
func (s *sightingCache) indexAfter(seq int64) int {
	i, _ := slices.BinarySearchFunc(s.list, seq+1, func(x digest.Sighting, want int64) int { return cmp.Compare(x.Seq, want) })
	return i
}
