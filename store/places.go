package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

type placeRow struct {
	Place   forum.SectionID `json:"p"`
	Section forum.SectionID `json:"s"`
}

// Places returns the places of the scan result that stand for several sections.
func (g ScanResult) Places() forum.Places {
	var all forum.Places
	add := func(a *forum.Arrival) {
		if len(a.AlsoIn) == 0 {
			return
		}
		place := a.Place()
		if _, known := all[place]; place >= 0 || known {
			return
		}
		if all == nil {
			all = make(forum.Places)
		}
		in := append(slices.Clone(a.AlsoIn), a.Section)
		slices.Sort(in)
		all[place] = slices.Compact(in)
	}
	for i := range g.Sighted {
		add(&g.Sighted[i])
	}
	for i := range g.Moved {
		add(&g.Moved[i].Arrival)
	}
	return all
}

// savePlaces saves places that stand for several sections. They never change.
func (s Sightings) savePlaces(ctx context.Context, tx *sqlx.Tx, places forum.Places) error {
	if len(places) == 0 {
		return nil
	}
	var rows []placeRow
	for place, in := range places {
		for _, section := range in {
			rows = append(rows, placeRow{place, section})
		}
	}
	slices.SortFunc(rows, func(a, b placeRow) int { // in the same order in each daemon, or two would wait for each other
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Section, b.Section))
	})
	list, err := marshalRows(rows)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "insert_places", args{"rows": list})
	return err
}

// Places returns the sections of places, as far as these stand for several.
func (s Sightings) Places(ctx context.Context, ids []forum.SectionID) (forum.Places, error) {
	all := make(forum.Places, len(ids))
	err := s.query(ctx, nil, "places", args{"ids": marshalIDs(ids)}, func(scan scanFunc) error {
		var place, section forum.SectionID
		err := scan(&place, &section)
		all[place] = append(all[place], section)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the sections of places: %w", err)
	}
	return all, nil
}
