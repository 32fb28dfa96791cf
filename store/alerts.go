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

// Alert is what one member is to be told of one thread: a mail of its own, or more posts for one that waits.
type Alert struct {
	Key           string // of the mail, if it is to be one of its own
	Notices       []digest.AlertItem
	NotBefore     time.Time // when its posts have settled
	DebounceUntil time.Time // when further posts do not put it off any more
}

// Plan writes down which members are to be told of which posts, and how far the planning has come, in one
// transaction. Posts join an alert of their thread that waits, or one that is held. It says how many mails are new;
// ok is false, and nothing written, where another daemon has gone on from the same progress.
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

type noticeRow struct {
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
	first, last := a.Notices[0], a.Notices[len(a.Notices)-1]
	return alertRow{
		Key: a.Key, Member: first.Member, Thread: first.Thread, First: first.Seq, Until: last.Seq,
		NotBefore: a.NotBefore.Unix(), Settles: a.DebounceUntil.Unix(),
	}
}

// insertAlerts puts the notices into alerts that wait, and into new ones.
func (s Alerts) insertAlerts(ctx context.Context, tx *sqlx.Tx, now time.Time, priority int, list []Alert) (planned int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	joins, err := s.mergeWaitingAlerts(ctx, tx, list)
	if err != nil {
		return 0, err
	}
	var fresh []alertRow
	var notices []noticeRow
	for _, a := range list {
		row := a.row()
		if into, joined := joins[conversation{row.Member, row.Thread}]; joined {
			row.Key = into
		} else {
			fresh = append(fresh, row)
		}
		for _, n := range a.Notices {
			notices = append(notices, noticeRow{n.Member, n.Post, n.Thread, n.Section, n.Seq, n.PostedAt.Unix(), n.Cause, row.Key})
		}
	}
	if planned, err = execWith(ctx, s.database, tx, "insert_alert_mails", fresh, args{"now": now.Unix(), "priority": priority, "lasts": alertLasts}); err != nil {
		return 0, err
	}
	if err := execRows(ctx, s.database, tx, "insert_alerts", fresh); err != nil {
		return 0, err
	}
	err = execRows(ctx, s.database, tx, "insert_notices", notices)
	return planned, err
}

// execWith is execRows with further parameters; it says how many rows it touched.
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

// Next is the moment at which the next mail of a priority may go; zero: none waits.
func (s Alerts) Next(ctx context.Context, priority int) (time.Time, error) {
	var at sql.NullInt64
	err := s.query(ctx, nil, "next_alert", args{"priority": priority}, func(scan scanFunc) error { return scan(&at) })
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the next alert may go: %w", err)
	}
	return timeOrZero(at.Int64), nil
}
