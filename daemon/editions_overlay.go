package daemon

import (
	"context"
	"fmt"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// sightingOverlay is what a rehearsal meets on the forum that the store has not sighted yet. It goes on with the store's numbers.
type sightingOverlay struct {
	head int64 // the last number that the store has given
	list []digest.Sighting
	seen map[postPlace]bool
}

type postPlace struct {
	post    forum.PostID
	section forum.SectionID
}

// scanDryRun gathers without writing anything down.
func (d *Daemon) scanDryRun(ctx context.Context) error {
	head, err := d.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("reading the newest sighting: %w", err)
	}
	d.dryRun = &sightingOverlay{head: head, seen: make(map[postPlace]bool)}
	d.builder.sightings.dream = d.dryRun
	return d.steps(ctx, d.scanAll, d.scanMoves)
}

// add takes what was gathered.
func (m *sightingOverlay) add(g store.ScanResult) {
	add := func(a forum.Arrival, from forum.SectionID) {
		if p := (postPlace{a.Post, a.Section}); !m.seen[p] {
			m.seen[p] = true
			m.list = append(m.list, digest.Sighting{Seq: m.until() + 1, Post: a.Post, Section: a.Section, MovedFrom: from})
		}
	}
	for _, a := range g.Sighted {
		add(a, 0)
	}
	for _, move := range g.Moved {
		add(move.Arrival, move.From)
	}
}

// until is the last number of all.
func (m *sightingOverlay) until() int64 { return m.head + int64(len(m.list)) }

// between gives what was met after one number, up to another.
func (m *sightingOverlay) between(after, until int64) []digest.Sighting {
	first := max(after-m.head, 0)
	last := min(until, m.until()) - m.head
	if first >= last {
		return nil
	}
	return m.list[first:last]
}
