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

// kindAlert is the kind of mails that tell a member of posts at once.
const kindAlert = "alert"

// AlertProgress is how far alerts are planned.
type AlertProgress struct {
	Done   int64          // sightings up to this one were looked at for all members
	Until  int64          // those up to this one
	Member forum.MemberID // for members up to him; Until is Done where no batch is under way
	Head   int64          // the newest sighting
}

// AlertProgress tells how far alerts are planned.
func (s *Store) AlertProgress(ctx context.Context) (AlertProgress, error) {
	var p AlertProgress
	err := s.query(ctx, nil, "alert_progress", nil, func(scan scan) error {
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

// News is a post that was sighted for the first time, as far as the store knows it.
type News struct {
	Seq      int64
	Post     forum.PostID
	Thread   forum.ThreadID
	Author   forum.MemberID
	PostedAt time.Time
}

// News are the first sightings of posts with numbers after one and up to the other, rising. What was moved is none.
func (s *Store) News(ctx context.Context, after, until int64) ([]News, error) {
	var list []News
	err := s.query(ctx, nil, "news", args{"after": after, "until": until}, func(scan scan) error {
		var n News
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

// Alert is what one member is to be told of one thread: a mail of its own, or more posts for one that waits.
type Alert struct {
	Key       string // of the mail, if it is to be one of its own
	Notices   []digest.Notice
	NotBefore time.Time // when its posts have settled
	SettlesAt time.Time // when further posts do not put it off any more
}

// PlanAlerts writes down which members are to be told of which posts, and how far the planning has come, in one
// transaction. Posts join an alert of their thread that waits, or one that is held. It says how many mails are new;
// ok is false, and nothing written, where another daemon has gone on from the same progress.
func (s *Store) PlanAlerts(ctx context.Context, now time.Time, from, to AlertProgress, priority int, list []Alert) (planned int, ok bool, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		planned, ok = 0, false
		if same, err := s.stillAt(ctx, tx, from); err != nil || !same {
			return err
		}
		ok = true
		if planned, err = s.spread(ctx, tx, now, priority, list); err != nil {
			return err
		}
		return s.advance(ctx, tx, to)
	})
	if err != nil {
		return 0, false, fmt.Errorf("planning %d alerts: %w", len(list), err)
	}
	return planned, ok, nil
}

// stillAt holds the progress, and tells whether it is what it was.
func (s *Store) stillAt(ctx context.Context, tx *sqlx.Tx, p AlertProgress) (bool, error) {
	for _, c := range []struct {
		name string
		want int64
	}{{counterAlerted, p.Done}, {counterAlerting, p.Until}, {counterAlertingMember, int64(p.Member)}} {
		if value, err := s.turn(ctx, tx, c.name); err != nil || value != c.want {
			return false, err
		}
	}
	return true, nil
}

func (s *Store) advance(ctx context.Context, tx *sqlx.Tx, p AlertProgress) error {
	for name, value := range map[string]int64{counterAlerted: p.Done, counterAlerting: p.Until, counterAlertingMember: int64(p.Member)} {
		if _, err := s.exec(ctx, tx, "move_counter", args{"name": name, "value": value}); err != nil {
			return err
		}
	}
	return nil
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
	Member  forum.MemberID  `json:"m"`
	Post    forum.PostID    `json:"p"`
	Thread  forum.ThreadID  `json:"t"`
	Section forum.SectionID `json:"s"`
	Seq     int64           `json:"seq"`
	At      int64           `json:"at"`
	Cause   digest.Cause    `json:"cause"`
	Key     string          `json:"key"`
}

func (a Alert) row() alertRow {
	first, last := a.Notices[0], a.Notices[len(a.Notices)-1]
	return alertRow{
		Key: a.Key, Member: first.Member, Thread: first.Thread, First: first.Seq, Until: last.Seq,
		NotBefore: a.NotBefore.Unix(), Settles: a.SettlesAt.Unix(),
	}
}

// spread puts the notices into alerts that wait, and into new ones.
func (s *Store) spread(ctx context.Context, tx *sqlx.Tx, now time.Time, priority int, list []Alert) (planned int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	joins, err := s.join(ctx, tx, list)
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
	if planned, err = execWith(ctx, s, tx, "insert_alert_mails", fresh, args{"now": now.Unix(), "priority": priority, "lasts": alertLasts}); err != nil {
		return 0, err
	}
	if err := execRows(ctx, s, tx, "insert_alerts", fresh); err != nil {
		return 0, err
	}
	err = execRows(ctx, s, tx, "insert_notices", notices)
	return planned, err
}

// conversation is a thread as one member is told of it.
type conversation struct {
	member forum.MemberID
	thread forum.ThreadID
}

// join finds the alerts that wait for further posts of the same threads, or for the end of quiet hours, and extends
// them. It gives their keys, without those that were claimed meanwhile.
func (s *Store) join(ctx context.Context, tx *sqlx.Tx, list []Alert) (map[conversation]string, error) {
	asks := make(map[conversation]alertRow, len(list))
	rowsOf := make([]alertRow, len(list))
	for i, a := range list {
		rowsOf[i] = a.row()
		asks[conversation{rowsOf[i].Member, rowsOf[i].Thread}] = rowsOf[i]
	}
	text, err := rows(rowsOf)
	if err != nil {
		return nil, err
	}
	into := make(map[conversation]string)
	waiting := make(map[string]alertRow) // what they become, by key
	var wider []alertRow
	err = s.query(ctx, tx, "open_alerts", args{"rows": text}, func(scan scan) error {
		var c conversation
		var key string
		var held bool
		var settles int64
		if err := scan(&c.member, &c.thread, &key, &held, &settles); err != nil {
			return err
		}
		if _, found := into[c]; found {
			return nil // one that is held comes first
		}
		into[c] = key
		row, more := asks[c], waiting[key]
		row.Key, row.NotBefore = key, min(row.NotBefore, settles)
		row.Until, row.NotBefore = max(row.Until, more.Until), max(row.NotBefore, more.NotBefore)
		waiting[key] = row
		if held {
			wider = append(wider, alertRow{Key: key, Thread: c.thread})
		}
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	extended, err := s.extend(ctx, tx, waiting)
	if err != nil {
		return nil, err
	}
	for c, key := range into {
		if !extended[key] {
			delete(into, c)
		}
	}
	err = execRows(ctx, s, tx, "widen_alerts", wider)
	return into, err
}

func (s *Store) extend(ctx context.Context, tx *sqlx.Tx, waiting map[string]alertRow) (map[string]bool, error) {
	list := make([]alertRow, 0, len(waiting))
	for _, r := range waiting {
		list = append(list, r)
	}
	text, err := rows(list)
	if err != nil {
		return nil, err
	}
	extended := make(map[string]bool, len(list))
	err = s.query(ctx, tx, "extend_alerts", args{"rows": text}, func(scan scan) error {
		var key string
		err := scan(&key)
		extended[key] = true
		return err
	})
	return extended, err
}

// execWith is execRows with further parameters; it says how many rows it touched.
func execWith[T any](ctx context.Context, s *Store, tx *sqlx.Tx, name string, list []T, a args) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	text, err := rows(list)
	if err != nil {
		return 0, err
	}
	all := args{"rows": text}
	for k, v := range a {
		all[k] = v
	}
	return s.exec(ctx, tx, name, all)
}

// Told asks which of these conversations an alert has gone out in that the member has not answered by writing there.
func (s *Store) Told(ctx context.Context, notices []digest.Notice) ([]digest.Told, error) {
	asked := make(map[conversation]bool)
	var list []alertRow
	for _, n := range notices {
		if c := (conversation{n.Member, n.Thread}); !asked[c] {
			asked[c] = true
			list = append(list, alertRow{Member: n.Member, Thread: n.Thread})
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	text, err := rows(list)
	if err != nil {
		return nil, err
	}
	var told []digest.Told
	err = s.query(ctx, nil, "told", args{"rows": text}, func(scan scan) error {
		var t digest.Told
		var until int64
		err := scan(&t.Member, &t.Thread, &until)
		t.Until = time.Unix(until, 0).UTC()
		told = append(told, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading who was told: %w", err)
	}
	return told, nil
}

// InstantWishes are the members after one and up to another who want some of these threads or sections at once.
func (s *Store) InstantWishes(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after, until forum.MemberID) ([]forum.MemberID, error) {
	var list []forum.MemberID
	a := args{"threads": ids(threads), "sections": ids(sections), "after": int64(after), "until": int64(until)}
	err := s.query(ctx, nil, "instant_wishes", a, func(scan scan) error {
		var id forum.MemberID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading wishes: %w", err)
	}
	return list, nil
}

// NextAlert is the moment at which the next mail of a priority may go; zero: none waits.
func (s *Store) NextAlert(ctx context.Context, priority int) (time.Time, error) {
	var at sql.NullInt64
	err := s.query(ctx, nil, "next_alert", args{"priority": priority}, func(scan scan) error { return scan(&at) })
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the next alert may go: %w", err)
	}
	return moment(at.Int64), nil
}
