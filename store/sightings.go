package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/forum"
)

// ScanResult is what one page of a scan found.
type ScanResult struct {
	Now     time.Time
	Cursor  forum.PostID // the newest post read; 0: leave the cursor where it is
	Sighted []forum.Arrival
	Moved   []Move
	Reused  []forum.Arrival // posts with the ID of an earlier post that the forum lost; visible ones are also in Sighted
	Pending []forum.PostID  // not visible yet: check again later
	Settled []forum.PostID  // no further check
}

// Move is a post that moved to another place since its sighting.
type Move struct {
	forum.Arrival
	From forum.SectionID // a place
}

// Place is where a post was when it was last sighted.
type Place struct {
	Post     forum.PostID
	Thread   forum.ThreadID
	Section  forum.SectionID // or a place of several, see forum.PlaceOf
	Author   forum.MemberID
	PostedAt time.Time
}

type sightingRow struct {
	Place     int             `json:"i"`
	Post      forum.PostID    `json:"p"`
	Thread    forum.ThreadID  `json:"t"`
	Section   forum.SectionID `json:"s"`
	Author    forum.MemberID  `json:"a"`
	MovedFrom forum.SectionID `json:"m"`
	Posted    int64           `json:"w"`
	Reused    int             `json:"r,omitempty"` // 1: the ID was another post's, whatever its time
}

// sightings returns the rows of a scan result, each pair of post and place once.
func (g ScanResult) sightings() []sightingRow {
	type place struct {
		forum.PostID
		forum.SectionID
	}
	seen := make(map[place]bool, len(g.Sighted)+len(g.Moved))
	list := make([]sightingRow, 0, len(g.Sighted)+len(g.Moved))
	add := func(a forum.Arrival, from forum.SectionID) {
		at := a.Place()
		if p := (place{a.Post, at}); !seen[p] {
			seen[p] = true
			list = append(list, sightingRow{len(list), a.Post, a.Thread, at, a.Author, from, a.PostedAt.Unix(), 0})
		}
	}
	for _, a := range g.Sighted {
		add(a, 0)
	}
	for _, m := range g.Moved {
		add(m.Arrival, m.From)
	}
	return list
}

// Save saves a scan result in one transaction and returns how many sightings are new. It skips a post that was already
// sighted at its place. Sequence numbers follow the order of commits: a reader who has seen one never finds a smaller one
// later.
func (s Sightings) Save(ctx context.Context, g ScanResult) (added int, err error) {
	list, err := marshalRows(g.sightings())
	if err != nil {
		return 0, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		added = 0
		if len(g.Sighted)+len(g.Moved)+len(g.Reused) > 0 {
			last, err := s.lockCounter(ctx, tx, "sighting")
			if err != nil {
				return err
			}
			if err := s.retireLost(ctx, tx, g); err != nil {
				return err
			}
			if err := s.savePlaces(ctx, tx, g.Places()); err != nil {
				return err
			}
			if added, err = s.exec(ctx, tx, "insert_sightings", args{"last": last, "now": g.Now.Unix(), "rows": list}); err != nil {
				return err
			}
		}
		if added > 0 {
			if _, err := s.exec(ctx, tx, "advance_counter", args{"name": "sighting", "by": added}); err != nil {
				return err
			}
		}
		return s.saveScanState(ctx, tx, g)
	})
	if err != nil {
		return 0, fmt.Errorf("saving sightings: %w", err)
	}
	return added, nil
}

// saveScanState saves the cursor and the pending posts of a scan.
func (s Sightings) saveScanState(ctx context.Context, tx *sqlx.Tx, g ScanResult) error {
	if len(g.Pending) > 0 {
		if _, err := s.exec(ctx, tx, "add_pending", args{"now": g.Now.Unix(), "ids": marshalIDs(g.Pending)}); err != nil {
			return err
		}
	}
	if len(g.Settled) > 0 {
		if _, err := s.exec(ctx, tx, "drop_pending", args{"ids": marshalIDs(g.Settled)}); err != nil {
			return err
		}
	}
	if g.Cursor > 0 {
		if _, err := s.exec(ctx, tx, "move_cursor", args{"cursor": int64(g.Cursor)}); err != nil {
			return err
		}
	}
	return nil
}

// Cursor returns the newest post that scans have read. Known is false before the first scan.
func (s Sightings) Cursor(ctx context.Context) (cursor forum.PostID, known bool, err error) {
	value, known, err := s.counter(ctx, "cursor")
	if err != nil {
		return 0, false, fmt.Errorf("reading the cursor: %w", err)
	}
	return forum.PostID(value), known, nil
}

// LastSeq returns the sequence number of the newest sighting, or 0.
func (s Sightings) LastSeq(ctx context.Context) (int64, error) {
	value, _, err := s.counter(ctx, "sighting")
	if err != nil {
		return 0, fmt.Errorf("reading the last sequence number: %w", err)
	}
	return value, nil
}

func (s *database) counter(ctx context.Context, name string) (value int64, known bool, err error) {
	err = s.query(ctx, nil, "counter", args{"name": name}, func(scan scanFunc) error {
		known = true
		return scan(&value)
	})
	return value, known, err
}

// Pending returns posts to check again, oldest first.
func (s Sightings) Pending(ctx context.Context, limit int) ([]forum.PostID, error) {
	var list []forum.PostID
	err := s.query(ctx, nil, "pending", args{"most": limit}, func(scan scanFunc) error {
		var id forum.PostID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading pending posts: %w", err)
	}
	return list, nil
}

// CurrentPlaces returns the latest places of the posts sighted since a time.
func (s Sightings) CurrentPlaces(ctx context.Context, since time.Time) ([]Place, error) {
	var list []Place
	err := s.query(ctx, nil, "current_places", args{"since": since.Unix()}, func(scan scanFunc) error {
		var p Place
		var posted int64
		err := scan(&p.Post, &p.Thread, &p.Section, &p.Author, &posted)
		p.PostedAt = timeOrZero(posted)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading places: %w", err)
	}
	return list, nil
}

// Between returns the sightings with after < Seq <= until, in ascending order.
func (s Sightings) Between(ctx context.Context, after, until int64) ([]digest.Sighting, error) {
	return s.sightings(ctx, "sightings", args{"after": after, "until": until})
}

func (s Sightings) sightings(ctx context.Context, query string, a args) ([]digest.Sighting, error) {
	var list []digest.Sighting
	err := s.query(ctx, nil, query, a, func(scan scanFunc) error {
		var d digest.Sighting
		var posted, since int64
		err := scan(&d.Seq, &d.Post, &d.Section, &d.MovedFrom, &posted, &since)
		d.PostedAt, d.VisibleSince = timeOrZero(posted), timeOrZero(since)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading sightings: %w", err)
	}
	return list, nil
}
