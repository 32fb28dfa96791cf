package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// AlertProgress is how far alerts are planned.
type AlertProgress struct {
	Done   int64 // alerts are planned up to this sighting for all members
	Until  int64 // and up to this one for the members up to Member; equals Done between batches
	Member forum.MemberID
	Head   int64 // the newest sighting
}

// Progress returns how far alerts are planned.
func (s Alerts) Progress(ctx context.Context) (AlertProgress, error) {
	var p AlertProgress
	err := s.query(ctx, nil, "alert_progress", nil, func(scan scanFunc) error {
		var name string
		var value int64
		err := scan(&name, &value)
		switch name {
		case counterAlerted:
			p.Done = value
		case counterAlerting:
			p.Until = value
		case counterAlertingMember:
			p.Member = forum.MemberID(value)
		case "sighting":
			p.Head = value
		}
		return err
	})
	if err != nil {
		return AlertProgress{}, fmt.Errorf("reading the progress of alerts: %w", err)
	}
	return p, nil
}

// The counters that keep the progress.
const (
	counterAlerted        = "alerted"
	counterAlerting       = "alerting"
	counterAlertingMember = "alerting_member"
)

// PostEvent is the first sighting of a post.
type PostEvent struct {
	Seq      int64
	Post     forum.PostID
	Thread   forum.ThreadID
	Author   forum.MemberID
	PostedAt time.Time
	// VisibleSince is when the post was sighted, if it was known before but not visible; zero: since it was posted.
	VisibleSince time.Time
}

// PostEvents returns the first sightings of posts with after < Seq <= until, in ascending order. It leaves out moved posts.
func (s Alerts) PostEvents(ctx context.Context, after, until int64) ([]PostEvent, error) {
	var list []PostEvent
	err := s.query(ctx, nil, "post_events", args{"after": after, "until": until}, func(scan scanFunc) error {
		var n PostEvent
		var posted, since int64
		err := scan(&n.Seq, &n.Post, &n.Thread, &n.Author, &posted, &since)
		n.PostedAt, n.VisibleSince = time.Unix(posted, 0).UTC(), timeOrZero(since)
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading first sightings: %w", err)
	}
	return list, nil
}

// lockProgress locks the progress and reports whether it still equals p.
func (s Alerts) lockProgress(ctx context.Context, tx *sqlx.Tx, p AlertProgress) (bool, error) {
	for _, c := range []struct {
		name string
		want int64
	}{{counterAlerted, p.Done}, {counterAlerting, p.Until}, {counterAlertingMember, int64(p.Member)}} {
		if value, err := s.lockCounter(ctx, tx, c.name); err != nil || value != c.want {
			return false, err
		}
	}
	return true, nil
}

func (s Alerts) advance(ctx context.Context, tx *sqlx.Tx, p AlertProgress) error {
	for name, value := range map[string]int64{counterAlerted: p.Done, counterAlerting: p.Until, counterAlertingMember: int64(p.Member)} {
		if _, err := s.exec(ctx, tx, "set_counter", args{"name": name, "value": value}); err != nil {
			return err
		}
	}
	return nil
}
