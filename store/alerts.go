package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/forum"
)

// Alert holds the items of one member in one thread. They become a new message, or join one that waits.
type Alert struct {
	Key           string // of the message, if it becomes a new one
	Items         []digest.AlertItem
	NotBefore     time.Time // end of the debounce interval after its newest post
	DebounceUntil time.Time // further posts do not delay it beyond this
}

// Plan saves alerts and the progress of planning in one transaction. Posts join a waiting alert of their thread, or a held
// one. It returns how many messages are new. If another daemon has advanced from the same progress, ok is false and
// nothing is saved.
func (s Alerts) Plan(ctx context.Context, now time.Time, from, to AlertProgress, priority int, list []Alert) (planned int, ok bool, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		planned, ok = 0, false
		if same, err := s.lockProgress(ctx, tx, from); err != nil || !same {
			return err
		}
		ok = true
		if planned, err = s.insertAlerts(ctx, tx, now, priority, list); err != nil {
			return err
		}
		return s.advance(ctx, tx, to)
	})
	if err != nil {
		return 0, false, fmt.Errorf("planning %d alerts: %w", len(list), err)
	}
	return planned, ok, nil
}

type alertRow struct {
	Key       string         `json:"key"`
	Member    forum.MemberID `json:"m"`
	Thread    forum.ThreadID `json:"t"`
	First     int64          `json:"first"`
	Until     int64          `json:"until"`
	NotBefore int64          `json:"not_before"`
	Settles   int64          `json:"settles"`
}

type alertItemRow struct {
	Member  forum.MemberID    `json:"m"`
	Post    forum.PostID      `json:"p"`
	Thread  forum.ThreadID    `json:"t"`
	Section forum.SectionID   `json:"s"`
	Seq     int64             `json:"seq"`
	At      int64             `json:"at"`
	Cause   digest.AlertCause `json:"cause"`
	Key     string            `json:"key"`
}

func (a Alert) row() alertRow {
	first, last := a.Items[0], a.Items[len(a.Items)-1]
	return alertRow{
		Key: a.Key, Member: first.Member, Thread: first.Thread, First: first.Seq, Until: last.Seq,
		NotBefore: a.NotBefore.Unix(), Settles: a.DebounceUntil.Unix(),
	}
}

// insertAlerts adds the items to alerts that wait, and to new ones.
func (s Alerts) insertAlerts(ctx context.Context, tx *sqlx.Tx, now time.Time, priority int, list []Alert) (planned int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	joins, err := s.mergeWaitingAlerts(ctx, tx, list)
	if err != nil {
		return 0, err
	}
	var fresh []alertRow
	var notices []alertItemRow
	for _, a := range list {
		row := a.row()
		if into, joined := joins[conversation{row.Member, row.Thread}]; joined {
			row.Key = into
		} else {
			fresh = append(fresh, row)
		}
		for _, n := range a.Items {
			notices = append(notices, alertItemRow{n.Member, n.Post, n.Thread, n.Section, n.Seq, n.PostedAt.Unix(), n.Cause, row.Key})
		}
	}
	if planned, err = execWith(ctx, s.database, tx, "insert_alert_messages", fresh, args{"now": now.Unix(), "priority": priority, "lasts": alertLasts}); err != nil {
		return 0, err
	}
	if err := execRows(ctx, s.database, tx, "insert_alerts", fresh); err != nil {
		return 0, err
	}
	err = execRows(ctx, s.database, tx, "insert_alert_items", notices)
	return planned, err
}

// execWith is execRows with further parameters. It returns how many rows were affected.
func execWith[T any](ctx context.Context, s *database, tx *sqlx.Tx, name string, list []T, a args) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return 0, err
	}
	all := args{"rows": text}
	for k, v := range a {
		all[k] = v
	}
	return s.exec(ctx, tx, name, all)
}

// Next returns when the next message of a priority may be sent; zero: none waits.
func (s Alerts) Next(ctx context.Context, priority int) (time.Time, error) {
	var at sql.NullInt64
	err := s.query(ctx, nil, "next_alert", args{"priority": priority}, func(scan scanFunc) error { return scan(&at) })
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the next alert is due: %w", err)
	}
	return timeOrZero(at.Int64), nil
}
