package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// renameRow gives a post another ID.
type renameRow struct {
	From forum.PostID `json:"from"`
	To   forum.PostID `json:"to"`
}

// retireLost takes the IDs of lost posts away from their sightings, alert items and deferred posts, because the forum gave these
// IDs to other posts. Without this, a member who got the lost post would never get the other one. If a post is a lost one that
// exists again, retireLost gives its ID back, so that no member gets it twice.
//
// It does not depend on what the scan knew: another loop may have sighted the lost post.
func (s Sightings) retireLost(ctx context.Context, tx *sqlx.Tx, g ScanResult) error {
	rows := ScanResult{Sighted: slices.Concat(g.Reused, g.Sighted)}.sightings()
	for i := range min(len(g.Reused), len(rows)) {
		rows[i].Reused = 1
	}
	text, err := marshalRows(rows)
	if err != nil {
		return err
	}
	for _, query := range []string{"lost_posts", "found_posts"} {
		renames, err := s.renames(ctx, tx, query, text)
		if err != nil || len(renames) == 0 {
			return err
		}
		for _, update := range []string{"rename_sightings", "rename_alert_items", "rename_deferred", "rename_delivered"} {
			if err := execRows(ctx, s.database, tx, update, renames); err != nil {
				return err
			}
		}
	}
	return nil
}

// renames reads pairs of IDs and returns each ID at most once: an author may have written several posts in a second.
func (s Sightings) renames(ctx context.Context, tx *sqlx.Tx, query, rows string) (list []renameRow, err error) {
	taken := make(map[forum.PostID]bool)
	err = s.query(ctx, tx, query, args{"rows": rows}, func(scan scanFunc) error {
		var r renameRow
		err := scan(&r.From, &r.To)
		if !taken[r.From] && !taken[r.To] {
			taken[r.From], taken[r.To] = true, true
			list = append(list, r)
		}
		return err
	})
	return list, err
}

// Rewind takes the cursor back, if it is still where it was read.
func (s Sightings) Rewind(ctx context.Context, from, to forum.PostID) error {
	if _, err := s.exec(ctx, nil, "rewind_cursor", args{"from": int64(from), "to": int64(to)}); err != nil {
		return fmt.Errorf("taking the cursor back: %w", err)
	}
	return nil
}

// LastScan returns when the forum was last scanned completely; zero: never.
func (s Sightings) LastScan(ctx context.Context) (time.Time, error) {
	at, _, err := s.counter(ctx, "scanned")
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time of the last scan: %w", err)
	}
	return timeOrZero(at), nil
}

// SaveLastScan records a complete scan.
func (s Sightings) SaveLastScan(ctx context.Context, at time.Time) error {
	if _, err := s.exec(ctx, nil, "save_scan_time", args{"at": at.Unix()}); err != nil {
		return fmt.Errorf("saving the time of the last scan: %w", err)
	}
	return nil
}
