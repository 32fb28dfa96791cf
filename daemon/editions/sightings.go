package editions

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// maxCached is how many sightings stay cached between batches, at 80 bytes each.
const maxCached = 1 << 18

// sightingCache reads sightings and caches the latest: they never change, and all batches of a round need the same ones. It
// is not safe for concurrent use.
type sightingCache struct {
	store   store.Sightings
	after   int64 // list holds all sightings after it, up to until
	until   int64
	list    []digest.Sighting // by sequence number
	places  forum.Places      // that stand for several sections
	overlay *Overlay          // sightings of a forecast, after those of the store; nil: none
}

// between returns the sightings with after < seq <= until.
func (s *sightingCache) between(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if s.overlay != nil && until > s.overlay.head {
		real, err := s.cached(ctx, min(after, s.overlay.head), s.overlay.head)
		return slices.Concat(real, s.overlay.between(after, until)), err
	}
	return s.cached(ctx, after, until)
}

// cached returns those from the store.
func (s *sightingCache) cached(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	if after < s.after || after > s.until || len(s.list) > maxCached {
		s.after, s.until, s.list = after, after, nil
	}
	if until > s.until {
		fresh, err := s.store.Between(ctx, s.until, until)
		if err != nil {
			return nil, fmt.Errorf("reading sightings: %w", err)
		}
		s.list, s.until = append(s.list, fresh...), until
	}
	return s.list[s.indexAfter(after):s.indexAfter(until)], nil
}

// placesOf returns the places of sightings that stand for several sections. Few forums have any: then it reads nothing.
func (s *sightingCache) placesOf(ctx context.Context, sightings []digest.Sighting) (forum.Places, error) {
	if s.overlay != nil {
		for place, in := range s.overlay.places {
			s.addPlace(place, in)
		}
	}
	var missing []forum.SectionID
	for _, x := range sightings {
		for _, place := range []forum.SectionID{x.Section, x.MovedFrom} {
			if _, known := s.places[place]; place < 0 && !known {
				missing = append(missing, place)
			}
		}
	}
	if len(missing) == 0 {
		return s.places, nil
	}
	slices.Sort(missing)
	read, err := s.store.Places(ctx, slices.Compact(missing))
	for place, in := range read {
		s.addPlace(place, in)
	}
	return s.places, err
}

func (s *sightingCache) addPlace(place forum.SectionID, in []forum.SectionID) {
	if s.places == nil {
		s.places = make(forum.Places)
	}
	s.places[place] = in
}

// indexAfter returns the index of the first sighting after seq.
func (s *sightingCache) indexAfter(seq int64) int {
	i, _ := slices.BinarySearchFunc(s.list, seq+1, func(x digest.Sighting, want int64) int { return cmp.Compare(x.Seq, want) })
	return i
}
