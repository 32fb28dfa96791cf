package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Progress is how far alerts are planned.
type AlertProgress struct {
	Done   int64          // sightings up to this one were looked at for all members
	Until  int64          // those up to this one
	Member forum.MemberID // for members up to him; Until is Done where no batch is under way
	Head   int64          // the newest sighting
}

// Progress tells how far alerts are planned.
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
		return AlertProgress{}, fmt.Errorf("reading how far alerts are planned: %w", err)
	}
	return p, nil
}

// The counters that say so.
const (
	counterAlerted        = "alerted"
	counterAlerting       = "alerting"
	counterAlertingMember = "alerting_member"
)

// PostEvent is a post that was sighted for the first time, as far as the store knows it.
type PostEvent struct {
	Seq      int64
	Post     forum.PostID
	Thread   forum.ThreadID
	Author   forum.MemberID
	PostedAt time.Time
}

// PostEvents are the first sightings of posts with numbers after one and up to the other, rising. What was moved is none.
func (s Alerts) PostEvents(ctx context.Context, after, until int64) ([]PostEvent, error) {
	var list []PostEvent
	err := s.query(ctx, nil, "news", args{"after": after, "until": until}, func(scan scanFunc) error {
		var n PostEvent
		var posted int64
		err := scan(&n.Seq, &n.Post, &n.Thread, &n.Author, &posted)
		n.PostedAt = time.Unix(posted, 0).UTC()
		list = append(list, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading news: %w", err)
	}
	return list, nil
}

// lockProgress holds the progress, and tells whether it is what it was.
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
		if _, err := s.exec(ctx, tx, "move_counter", args{"name": name, "value": value}); err != nil {
			return err
		}
	}
	return nil
}
