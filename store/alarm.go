package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// Alarm is a problem that an operator must see to.
type Alarm struct {
	Key        string // "relay", "held example.org"
	Detail     string
	Since      time.Time
	Due        time.Time // notify from then on, if it is still active
	Seen       time.Time // when its check last failed
	Good       time.Time // when its check last passed; zero: never
	NotifiedAt time.Time // zero: not yet
}

// Active reports whether the last check failed.
func (a Alarm) Active() bool { return a.Seen.After(a.Good) }

// AlarmNotification announces the start or the end of an alarm on one channel.
type AlarmNotification struct {
	Key      string
	Resolved bool // the alarm has ended; false: it has begun
	At       time.Time
	Channel  string
	Detail   string
	Since    time.Time
	Attempt  int // attempts so far, including this one
}

// All returns the alarms that are active or ended recently, oldest first.
func (s Alarms) All(ctx context.Context) ([]Alarm, error) {
	var list []Alarm
	err := s.query(ctx, nil, "alarms", nil, func(scan scanFunc) error {
		var a Alarm
		var since, due, seen, good, notified int64
		err := scan(&a.Key, &a.Detail, &since, &due, &seen, &good, &notified)
		a.Since, a.Due, a.Seen, a.Good, a.NotifiedAt = timeOrZero(since), timeOrZero(due), timeOrZero(seen), timeOrZero(good), timeOrZero(notified)
		list = append(list, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading alarms: %w", err)
	}
	return list, nil
}

type alarmRow struct {
	Key        string `json:"key"`
	Detail     string `json:"detail"`
	Since      int64  `json:"since"`
	Due        int64  `json:"due"`
	Seen       int64  `json:"seen"`
	NotifiedAt int64  `json:"told"`
}

type goodRow struct {
	Key  string `json:"key"`
	Good int64  `json:"good"`
}

// Save records the alarms whose checks failed, and for other keys when their checks last passed.
func (s Alarms) Save(ctx context.Context, bad []Alarm, good map[string]time.Time) error {
	failed := make([]alarmRow, len(bad))
	for i, a := range bad {
		failed[i] = alarmRow{a.Key, sanitizeText(a.Detail), a.Since.Unix(), a.Due.Unix(), a.Seen.Unix(), unixOrZero(a.NotifiedAt)}
	}
	var passed []goodRow
	for key, at := range good {
		passed = append(passed, goodRow{key, at.Unix()})
	}
	// Every daemon uses the same order, so that two of them cannot deadlock.
	slices.SortFunc(failed, func(a, b alarmRow) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(passed, func(a, b goodRow) int { return cmp.Compare(a.Key, b.Key) })
	if err := execRows(ctx, s.database, nil, "save_failed_checks", failed); err != nil {
		return fmt.Errorf("saving failed checks: %w", err)
	}
	if err := execRows(ctx, s.database, nil, "save_passed_checks", passed); err != nil {
		return fmt.Errorf("saving passed checks: %w", err)
	}
	return nil
}

// execRows runs a statement on all rows. It does nothing if there are none.
func execRows[T any](ctx context.Context, s *database, tx *sqlx.Tx, query string, list []T) error {
	if len(list) == 0 {
		return nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, query, args{"rows": text})
	return err
}

type notificationRow struct {
	Key      string `json:"key"`
	Resolved int    `json:"over"`
	At       int64  `json:"at"`
	Channel  string `json:"channel"`
	Detail   string `json:"detail"`
	Since    int64  `json:"since"`
}

// QueueNotifications finds the alarms that are due, and those whose checks have not failed since quietSince. It queues a
// notification of each for every channel. The result has each notification once, without a channel, and only one daemon gets it.
func (s Alarms) QueueNotifications(ctx context.Context, now, quietSince time.Time, channels []string) (news []AlarmNotification, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		news = nil
		err := s.query(ctx, tx, "mark_alarms_notified", args{"now": now.Unix()}, func(scan scanFunc) error {
			var since int64
			n := AlarmNotification{At: now}
			err := scan(&n.Key, &n.Detail, &since)
			n.Since = timeOrZero(since)
			news = append(news, n)
			return err
		})
		if err != nil {
			return err
		}
		err = s.query(ctx, tx, "delete_ended_alarms", args{"quiet_since": quietSince.Unix()}, func(scan scanFunc) error {
			var since, notified int64
			n := AlarmNotification{Resolved: true, At: now}
			err := scan(&n.Key, &n.Detail, &since, &notified)
			if n.Since = timeOrZero(since); notified != 0 { // otherwise its start was never announced
				news = append(news, n)
			}
			return err
		})
		if err != nil {
			return err
		}
		return execRows(ctx, s.database, tx, "queue_alarm_notifications", notificationRows(news, channels))
	})
	if err != nil {
		return nil, fmt.Errorf("queueing alarm notifications: %w", err)
	}
	return news, nil
}

func notificationRows(news []AlarmNotification, channels []string) (list []notificationRow) {
	for _, n := range news {
		over := 0
		if n.Resolved {
			over = 1
		}
		for _, channel := range channels {
			list = append(list, notificationRow{n.Key, over, n.At.Unix(), channel, n.Detail, n.Since.Unix()})
		}
	}
	return list
}

// ClaimNotifications returns the notifications that are due, oldest first. One that is not deleted is due again: after a minute,
// then after longer intervals.
func (s Alarms) ClaimNotifications(ctx context.Context, now time.Time) ([]AlarmNotification, error) {
	var due int
	err := s.query(ctx, nil, "count_due_alarm_notifications", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&due) })
	if err != nil || due == 0 {
		return nil, wrapErr("counting due alarm notifications", err)
	}
	var list []AlarmNotification
	err = s.query(ctx, nil, "claim_alarm_notifications", args{"now": now.Unix()}, func(scan scanFunc) error {
		var n AlarmNotification
		var at, since int64
		err := scan(&n.Key, &n.Resolved, &at, &n.Channel, &n.Detail, &since, &n.Attempt)
		n.At, n.Since = timeOrZero(at), timeOrZero(since)
		list = append(list, n)
		return err
	})
	slices.SortStableFunc(list, func(a, b AlarmNotification) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Channel, b.Channel))
	})
	return list, wrapErr("claiming alarm notifications", err)
}

// DeleteNotification removes a notification that was sent or given up.
func (s Alarms) DeleteNotification(ctx context.Context, n AlarmNotification) error {
	_, err := s.exec(ctx, nil, "delete_alarm_notification", args{"key": n.Key, "over": n.Resolved, "at": n.At.Unix(), "channel": n.Channel})
	return wrapErr("deleting an alarm notification", err)
}

// wrapErr adds context to an error. It returns nil for nil.
func wrapErr(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
