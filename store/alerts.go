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

// Alert holds items of one member: in one thread, in new threads of one section, or a bundle. They become a new message, or join one
// that waits, or the next digest brings them.
type Alert struct {
	Key           string // of the message, if it becomes a new one
	Items         []digest.AlertItem
	NotBefore     time.Time // end of the debounce interval after its newest post
	DebounceUntil time.Time // further posts do not delay it beyond this
	// Section is the watched section whose new threads it is about, and others may join; 0: it is about other posts.
	Section forum.SectionID
	// Bundle is set if all posts of the member join it while it waits.
	Bundle bool
	// LeftToDigest defers the posts to the next digest of the member, instead of an alert.
	LeftToDigest bool
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
	Key       string          `json:"key"`
	Member    forum.MemberID  `json:"m"`
	Thread    forum.ThreadID  `json:"t"` // 0: several
	Section   forum.SectionID `json:"s"`
	Held      int             `json:"held"`
	Index     int             `json:"i"`
	First     int64           `json:"first"`
	Until     int64           `json:"until"`
	NotBefore int64           `json:"not_before"`
	Settles   int64           `json:"settles"`
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
	first := a.Items[0]
	r := alertRow{
		Key: a.Key, Member: first.Member, Thread: first.Thread, Section: a.Section, First: first.Seq, Until: first.Seq,
		NotBefore: a.NotBefore.Unix(), Settles: a.DebounceUntil.Unix(),
	}
	if a.Bundle {
		r.Held = 1
	}
	for _, n := range a.Items {
		r.First, r.Until = min(r.First, n.Seq), max(r.Until, n.Seq)
		if n.Thread != first.Thread {
			r.Thread = 0
		}
	}
	return r
}

// insertAlerts adds the items to alerts that wait, and to new ones, or defers them to digests.
func (s Alerts) insertAlerts(ctx context.Context, tx *sqlx.Tx, now time.Time, priority int, list []Alert) (planned int, err error) {
	if list, err = s.deferLate(ctx, tx, now, list); err != nil || len(list) == 0 {
		return 0, err
	}
	joins, err := s.mergeWaitingAlerts(ctx, tx, list)
	if err != nil {
		return 0, err
	}
	var fresh []alertRow
	var notices []alertItemRow
	for i, a := range list {
		row := a.row()
		if into, joined := joins[i]; joined {
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

// deferLate defers the items of the alerts that are left to digests, and returns the other alerts.
func (s Alerts) deferLate(ctx context.Context, tx *sqlx.Tx, now time.Time, list []Alert) (others []Alert, err error) {
	var late []deferredRow
	for _, a := range list {
		if !a.LeftToDigest {
			others = append(others, a)
			continue
		}
		for _, n := range a.Items {
			o := n.Defer(now)
			late = append(late, deferredRow{Member: int64(n.Member), Post: o.Post, Seq: o.Seq, NotBefore: now.Unix(), Cause: o.Cause, Reason: o.Reason})
		}
	}
	_, err = execWith(ctx, s.database, tx, "defer_late_posts", late, args{"now": now.Unix()})
	return others, err
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

// ReleaseBundles lets the alerts of a member go out that wait for each other or for the end of quiet hours or a weekend, after a change of
// preferences. If the member has quiet hours or a free weekend now, they wait for their end all the same. It leaves alerts alone that a relay has seen.
func (s Alerts) ReleaseBundles(ctx context.Context, now time.Time, member forum.MemberID) error {
	if _, err := s.exec(ctx, nil, "release_bundles", args{"now": now.Unix(), "member": int64(member)}); err != nil {
		return fmt.Errorf("releasing the bundled alerts of a member: %w", err)
	}
	return nil
}
