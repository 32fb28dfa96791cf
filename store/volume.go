package store

import (
	"context"
	"fmt"
	"time"
)

// AddPlanned adds to the number of messages of a kind that were planned in the hour of at.
func (s Counts) AddPlanned(ctx context.Context, at time.Time, kind string, mails int) error {
	a := args{"hour": at.Truncate(time.Hour).Unix(), "kind": kind, "planned": mails}
	if _, err := s.exec(ctx, nil, "add_planned", a); err != nil {
		return fmt.Errorf("counting planned messages: %w", err)
	}
	return nil
}

// PlannedByHour returns how many messages of a kind were planned in each hour that begins in [since, until). Hours without any
// are missing.
func (s Counts) PlannedByHour(ctx context.Context, kind string, since, until time.Time) (map[time.Time]int, error) {
	hours := make(map[time.Time]int)
	err := s.query(ctx, nil, "planned_by_hour", args{"kind": kind, "since": since.Unix(), "until": until.Unix()}, func(scan scanFunc) error {
		var hour int64
		var planned int
		err := scan(&hour, &planned)
		hours[time.Unix(hour, 0).UTC()] = planned
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading planned messages: %w", err)
	}
	return hours, nil
}
