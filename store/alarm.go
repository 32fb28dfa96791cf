package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// Alarm is something that is wrong.
type Alarm struct {
	Key        string // "relay", "held example.org"
	Detail     string
	Since      time.Time
	Due        time.Time // it is told from then on, if it still stands
	Seen       time.Time // when it was last seen bad
	Good       time.Time // when it was last seen good; zero: never
	NotifiedAt time.Time // zero: not yet
}

// Active tells that it was last seen bad, not good.
func (a Alarm) Active() bool { return a.Seen.After(a.Good) }

// AlarmNotification is what is to be told of an alarm, and by which way.
type AlarmNotification struct {
	Key      string
	Resolved bool // it is over, else it has begun
	At       time.Time
	Channel  string
	Detail   string
	Since    time.Time
	Attempt  int // how often it was tried, this time included
}

// All are those that stand, or stood a short while ago, the oldest first.
func (s Alarms) All(ctx context.Context) ([]Alarm, error) {
	var list []Alarm
	err := s.query(ctx, nil, "alarms", nil, func(scan scanFunc) error {
		var a Alarm
		var since, due, seen, good, told int64
		err := scan(&a.Key, &a.Detail, &since, &due, &seen, &good, &told)
		a.Since, a.Due, a.Seen, a.Good, a.NotifiedAt = timeOrZero(since), timeOrZero(due), timeOrZero(seen), timeOrZero(good), timeOrZero(told)
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

// Save writes down what was seen: bad ones, and when others were seen good.
func (s Alarms) Save(ctx context.Context, bad []Alarm, good map[string]time.Time) error {
	worse := make([]alarmRow, len(bad))
	for i, a := range bad {
		worse[i] = alarmRow{a.Key, sanitizeText(a.Detail), a.Since.Unix(), a.Due.Unix(), a.Seen.Unix(), unixOrZero(a.NotifiedAt)}
	}
	var better []goodRow
	for key, at := range good {
		better = append(better, goodRow{key, at.Unix()})
	}
	// In one order everywhere, or two daemons could wait for each other.
	slices.SortFunc(worse, func(a, b alarmRow) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(better, func(a, b goodRow) int { return cmp.Compare(a.Key, b.Key) })
	if err := execRows(ctx, s.database, nil, "alarm_bad", worse); err != nil {
		return fmt.Errorf("noting alarms: %w", err)
	}
	if err := execRows(ctx, s.database, nil, "alarm_good", better); err != nil {
		return fmt.Errorf("noting the end of alarms: %w", err)
	}
	return nil
}

// execRows runs a statement for all rows, if there are any.
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

type noteRow struct {
	Key      string `json:"key"`
	Resolved int    `json:"over"`
	At       int64  `json:"at"`
	Channel  string `json:"channel"`
	Detail   string `json:"detail"`
	Since    int64  `json:"since"`
}

// QueueNotifications finds what has begun and what has been over since before calm, and leaves a note of each for every channel.
// What it gives is told to this daemon alone; the notes have no channel there.
func (s Alarms) QueueNotifications(ctx context.Context, now, calm time.Time, channels []string) (news []AlarmNotification, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		news = nil
		err := s.query(ctx, tx, "alarm_tell", args{"now": now.Unix()}, func(scan scanFunc) error {
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
		err = s.query(ctx, tx, "alarm_over", args{"calm": calm.Unix()}, func(scan scanFunc) error {
			var since, told int64
			n := AlarmNotification{Resolved: true, At: now}
			err := scan(&n.Key, &n.Detail, &since, &told)
			if n.Since = timeOrZero(since); told != 0 { // else nobody has heard of it
				news = append(news, n)
			}
			return err
		})
		if err != nil {
			return err
		}
		return execRows(ctx, s.database, tx, "add_alarm_notes", noteRows(news, channels))
	})
	if err != nil {
		return nil, fmt.Errorf("telling alarms: %w", err)
	}
	return news, nil
}

func noteRows(news []AlarmNotification, channels []string) (list []noteRow) {
	for _, n := range news {
		over := 0
		if n.Resolved {
			over = 1
		}
		for _, channel := range channels {
			list = append(list, noteRow{n.Key, over, n.At.Unix(), channel, n.Detail, n.Since.Unix()})
		}
	}
	return list
}

// ClaimNotifications takes those that are due, the oldest first. One that is not dropped comes again: after a minute, then
// after longer.
func (s Alarms) ClaimNotifications(ctx context.Context, now time.Time) ([]AlarmNotification, error) {
	var due int
	err := s.query(ctx, nil, "alarm_notes_due", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&due) })
	if err != nil || due == 0 {
		return nil, wrapErr("asking for notes of alarms", err)
	}
	var list []AlarmNotification
	err = s.query(ctx, nil, "take_alarm_notes", args{"now": now.Unix()}, func(scan scanFunc) error {
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
	return list, wrapErr("taking notes of alarms", err)
}

// DeleteNotification says that a note was told, or is given up.
func (s Alarms) DeleteNotification(ctx context.Context, n AlarmNotification) error {
	_, err := s.exec(ctx, nil, "drop_alarm_note", args{"key": n.Key, "over": n.Resolved, "at": n.At.Unix(), "channel": n.Channel})
	return wrapErr("dropping a note of an alarm", err)
}

// wrapErr words an error, if there is one.
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
