package store

import (
	"context"
	"fmt"
	"time"
)

// DueHours counts members by when their next digest is due: those who are due now, and those of each of the coming hours.
func (s Subscribers) DueHours(ctx context.Context, now time.Time, hours int) (due int, coming []int, err error) {
	coming = make([]int, hours)
	a := args{"now": now.Unix(), "until": now.Add(time.Duration(hours) * time.Hour).Unix()}
	err = s.query(ctx, nil, "due_hours", a, func(scan scanFunc) error {
		var hour, members int
		err := scan(&hour, &members)
		if hour < 0 {
			due = members
		} else if hour < hours {
			coming[hour] = members
		}
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("counting due members: %w", err)
	}
	return due, coming, nil
}

// PendingCount is the number of messages of a kind in a state that is not final.
type PendingCount struct {
	Count
	Next time.Time // when the first of them may be sent
}

// PendingMessages counts the messages that are not settled yet.
func (s Queue) PendingMessages(ctx context.Context) (list []PendingCount, err error) {
	err = s.query(ctx, nil, "pending_messages", nil, func(scan scanFunc) error {
		var c PendingCount
		var next int64
		err := scan(&c.Kind, &c.State, &c.Messages, &next)
		c.Next = timeOrZero(next)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting unsettled messages: %w", err)
	}
	return list, nil
}

// LastSent returns when the latest round began in which a relay accepted a message; zero: none in the last month.
func (s Counts) LastSent(ctx context.Context) (at time.Time, err error) {
	err = s.query(ctx, nil, "last_sent", nil, func(scan scanFunc) error {
		var began int64
		err := scan(&began)
		at = timeOrZero(began)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when a message was last sent: %w", err)
	}
	return at, nil
}
