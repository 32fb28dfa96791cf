package daemon

import (
	"context"
	"fmt"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// sightingOverlay holds the new sightings of a forecast in memory. Their sequence numbers continue those of the store.
type sightingOverlay struct {
	head int64 // the last sequence number in the store
	list []digest.Sighting
	seen map[postPlace]bool
}

type postPlace struct {
	post    forum.PostID
	section forum.SectionID
}

// scanDryRun scans the forum without saving anything.
func (d *Daemon) scanDryRun(ctx context.Context) error {
	head, err := d.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return fmt.Errorf("reading the latest sighting: %w", err)
	}
	d.dryRun = &sightingOverlay{head: head, seen: make(map[postPlace]bool)}
	d.builder.sightings.dream = d.dryRun
	return d.steps(ctx, d.scanAll, d.scanMoves)
}

// add adds the result of a scan.
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

// until returns the last sequence number.
func (m *sightingOverlay) until() int64 { return m.head + int64(len(m.list)) }

// between returns the sightings with after < seq <= until.
func (m *sightingOverlay) between(after, until int64) []digest.Sighting {
	first := max(after-m.head, 0)
	last := min(until, m.until()) - m.head
	if first >= last {
		return nil
	}
	return m.list[first:last]
}
