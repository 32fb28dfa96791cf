package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// RoundRecord is what a round did.
type RoundRecord struct {
	Began           time.Time      `json:"began"`
	Owner           string         `json:"owner"`
	Tick            string         `json:"tick"`
	Took            time.Duration  `json:"took_ns"`
	Sighted         int            `json:"sighted"`
	Planned         int            `json:"planned"` // editions, alerts and announcement messages
	Sent            int            `json:"sent"`
	Bytes           int64          `json:"bytes"` // of what was sent
	Refused         int            `json:"refused"`
	Retried         int            `json:"retried"` // to be retried
	Uncertain       int            `json:"uncertain"`
	Waiting         int            `json:"waiting"` // queued again unsent
	Held            int            `json:"held"`    // until the end of quiet hours
	Expired         int            `json:"expired"`
	Skipped         map[string]int `json:"skipped"` // by reason
	ForumStatements int64          `json:"forum_statements"`
	StoreStatements int64          `json:"store_statements"`
	Memory          int64          `json:"memory"` // peak, in bytes
	Error           string         `json:"fault,omitempty"`
}

// Save saves the record of a round.
func (s Rounds) Save(ctx context.Context, r RoundRecord) error {
	skips, err := json.Marshal(r.Skipped)
	if err != nil {
		return fmt.Errorf("saving the record of a round: %w", err)
	}
	skipped := 0
	for _, n := range r.Skipped {
		skipped += n
	}
	_, err = s.exec(ctx, nil, "save_round", args{
		"began": r.Began.Unix(), "owner": r.Owner, "tick": r.Tick, "took": r.Took.Milliseconds(), "sighted": r.Sighted, "planned": r.Planned,
		"sent": r.Sent, "bytes": r.Bytes, "refused": r.Refused, "retried": r.Retried, "uncertain": r.Uncertain, "waiting": r.Waiting, "held": r.Held,
		"expired": r.Expired, "skipped": skipped, "skips": string(skips), "forum_statements": r.ForumStatements, "store_statements": r.StoreStatements,
		"memory": r.Memory, "fault": sanitizeText(r.Error),
	})
	if err != nil {
		return fmt.Errorf("saving the record of a round: %w", err)
	}
	return nil
}

// List returns up to most rounds since a time, latest first.
func (s Rounds) List(ctx context.Context, since time.Time, most int) (list []RoundRecord, err error) {
	err = s.query(ctx, nil, "rounds", args{"since": since.Unix(), "most": most}, func(scan scanFunc) error {
		var r RoundRecord
		var began, took int64
		var skips string
		err := scan(&began, &r.Owner, &r.Tick, &took, &r.Sighted, &r.Planned, &r.Sent, &r.Bytes, &r.Refused, &r.Retried, &r.Uncertain,
			&r.Waiting, &r.Held, &r.Expired, &skips, &r.ForumStatements, &r.StoreStatements, &r.Memory, &r.Error)
		if err == nil {
			err = json.Unmarshal([]byte(skips), &r.Skipped)
		}
		r.Began, r.Took = timeOrZero(began), time.Duration(took)*time.Millisecond
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading rounds: %w", err)
	}
	return list, nil
}

// RunDay sums up the rounds that began on one UTC day.
type RunDay struct {
	Day                                                          time.Time
	Planned, Sent, Refused, Retried, Uncertain, Expired, Skipped int
	Bytes                                                        int64
}

// ByDay returns the days since a time, oldest first. Days without rounds are missing.
func (s Rounds) ByDay(ctx context.Context, since time.Time) (list []RunDay, err error) {
	err = s.query(ctx, nil, "rounds_by_day", args{"since": since.Unix()}, func(scan scanFunc) error {
		var d RunDay
		var day int64
		err := scan(&day, &d.Planned, &d.Sent, &d.Bytes, &d.Refused, &d.Retried, &d.Uncertain, &d.Expired, &d.Skipped)
		d.Day = timeOrZero(day)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("summing up rounds: %w", err)
	}
	return list, nil
}
