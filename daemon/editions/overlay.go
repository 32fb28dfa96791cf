package editions

import (
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// Overlay holds the new sightings of a forecast in memory. Their sequence numbers continue those of the store.
type Overlay struct {
	head int64 // the last sequence number in the store
	list []digest.Sighting
	seen map[postPlace]bool
}

type postPlace struct {
	post    forum.PostID
	section forum.SectionID
}

// Overlay makes the builder read the sightings of a forecast after those of the store, whose last one is head.
func (b *Builder) Overlay(head int64) *Overlay {
	b.sightings.overlay = &Overlay{head: head, seen: make(map[postPlace]bool)}
	return b.sightings.overlay
}

// Add adds the result of a scan.
func (m *Overlay) Add(g store.ScanResult) {
	revealed := make(map[forum.PostID]bool, len(g.Settled))
	for _, id := range g.Settled {
		revealed[id] = true
	}
	add := func(a forum.Arrival, from forum.SectionID) {
		if p := (postPlace{a.Post, a.Section}); !m.seen[p] {
			m.seen[p] = true
			x := digest.Sighting{Seq: m.Until() + 1, Post: a.Post, Section: a.Section, MovedFrom: from, PostedAt: a.PostedAt}
			if revealed[a.Post] || from != 0 {
				x.VisibleSince = g.Now
			}
			m.list = append(m.list, x)
		}
	}
	for _, a := range g.Sighted {
		add(a, 0)
	}
	for _, move := range g.Moved {
		add(move.Arrival, move.From)
	}
}

// Until returns the last sequence number.
func (m *Overlay) Until() int64 { return m.head + int64(len(m.list)) }

// between returns the sightings with after < seq <= until.
func (m *Overlay) between(after, until int64) []digest.Sighting {
	first := max(after-m.head, 0)
	last := min(until, m.Until()) - m.head
	if first >= last {
		return nil
	}
	return m.list[first:last]
}
