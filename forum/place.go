package forum

import (
	"hash/fnv"
	"slices"
	"strconv"
)

// A thread is in one section, or in several: in Flarum, those of its tags. A sighting records where a thread was by a single number,
// its place. The place of a thread in one section is that section. The place of a thread in several is a negative number, always the
// same for the same sections.

// PlaceOf returns the place of a thread in a section and further ones, in any order.
func PlaceOf(section SectionID, also []SectionID) SectionID {
	if len(also) == 0 {
		return section
	}
	all := append(slices.Clone(also), section)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 1 {
		return all[0]
	}
	sum := fnv.New64a()
	for _, id := range all {
		sum.Write(strconv.AppendInt(nil, int64(id), 10))
		sum.Write([]byte{','})
	}
	return SectionID(-int64(sum.Sum64()>>1) - 1)
}

// Place returns where the thread is.
func (t *Thread) Place() SectionID { return PlaceOf(t.Section, t.AlsoIn) }

// Place returns where the post's thread is.
func (a *Arrival) Place() SectionID { return PlaceOf(a.Section, a.AlsoIn) }

// InSections yields all sections of the thread.
func (t *Thread) InSections(yield func(SectionID) bool) {
	if !yield(t.Section) {
		return
	}
	for _, id := range t.AlsoIn {
		if !yield(id) {
			return
		}
	}
}

// Under returns the thread with one of its sections as the first.
func (t Thread) Under(first SectionID) Thread {
	if i := slices.Index(t.AlsoIn, first); i >= 0 {
		t.AlsoIn = slices.Clone(t.AlsoIn)
		t.Section, t.AlsoIn[i] = t.AlsoIn[i], t.Section
	}
	return t
}

// Places holds the sections of places that stand for several.
type Places map[SectionID][]SectionID

// Of returns the sections of a place. It returns none for a place that is not known.
func (p Places) Of(place SectionID) []SectionID {
	if place >= 0 {
		return []SectionID{place}
	}
	return p[place]
}

// Move returns a thread as if it were at a place. It returns false if the place is not known.
func (p Places) Move(t *Thread, to SectionID) (Thread, bool) {
	moved := *t
	if to >= 0 {
		moved.Section, moved.AlsoIn = to, nil
		return moved, true
	}
	in := p[to]
	if len(in) == 0 {
		return moved, false
	}
	moved.Section, moved.AlsoIn = in[0], in[1:]
	return moved, true
}
