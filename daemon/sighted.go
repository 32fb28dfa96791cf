package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postrider/digest"
	"postrider/store"
)

// mostSighted is how many sightings stay in memory between batches: 48 bytes each.
const mostSighted = 1 << 18

// sighted reads sightings and keeps the newest: they never change, and the batches of a round ask for the
// same ones again and again. It is not safe for concurrent use.
type sighted struct {
	store *store.Store
	after int64 // list holds all sightings after it, up to until
	until int64
	list  []digest.Sighting // by rising number
	dream *dream            // what a rehearsal has met, behind all that the store knows; nil: nothing
}

// between gives the sightings after one number, up to another.
func (s *sighted) between(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if s.dream != nil && until > s.dream.head {
		real, err := s.known(ctx, min(after, s.dream.head), s.dream.head)
		return slices.Concat(real, s.dream.between(after, until)), err
	}
	return s.known(ctx, after, until)
}

// known gives those that the store knows.
func (s *sighted) known(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if after < s.after || after > s.until || len(s.list) > mostSighted {
		s.after, s.until, s.list = after, after, nil
	}
	if until > s.until {
		fresh, err := s.store.Sightings(ctx, s.until, until)
		if err != nil {
			return nil, fmt.Errorf("reading sightings: %w", err)
		}
		s.list, s.until = append(s.list, fresh...), until
	}
	return s.list[s.behind(after):s.behind(until)], nil
}

// behind is the index of the first sighting with a greater number.
func (s *sighted) behind(seq int64) int {
	i, _ := slices.BinarySearchFunc(s.list, seq+1, func(x digest.Sighting, want int64) int { return cmp.Compare(x.Seq, want) })
	return i
}
