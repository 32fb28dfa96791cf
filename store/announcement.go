package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
	"postrider/forum"
)

// States of an announcement.
const (
	Draft     = "draft"
	Scheduled = "scheduled" // starts later
	InCanary  = "canary"    // sending to the canary, or waiting for its feedback
	Sending   = "sending"
	Paused    = "paused"
	Cancelled = "cancelled"
	Done      = "done"
)

// Announcement is an announcement with its state. [Announcements.CountMessages] counts its messages.
type Announcement struct {
	digest.Announcement
	State          string
	Reason         string // why it is paused
	PausedByDaemon bool   // the daemon paused it, not an administrator
	Resumes        string // the state to which a paused one returns
	Size           int    // of its audience at the start
	Cursor         forum.MemberID
	AllEnqueued    bool // all recipients are in the outbox; in state canary: all of the canary
	PacedAt        time.Time
	CanaryUntil    time.Time // when the canary is evaluated; zero: some of its messages are not tried yet
	BeginsAt       time.Time // start time of a scheduled one
	Created        time.Time
	Changed        time.Time // last change of its text or audience
	Started        time.Time
	Ended          time.Time
}

// ErrNoAnnouncement means that no announcement has this ID.
var ErrNoAnnouncement = errors.New("there is no such announcement")

// StateError means that the state of an announcement does not allow an action.
type StateError struct {
	ID     int64
	State  string
	Action string // "paused"
}

// Error returns the text of the error.
func (e *StateError) Error() string {
	return fmt.Sprintf("announcement %d is in state %s and cannot be %s", e.ID, e.State, e.Action)
}

// Draft saves a new announcement and returns its ID.
func (s Announcements) Draft(ctx context.Context, now time.Time, actor string, a digest.Announcement) (id int64, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if id, err = s.nextNumber(ctx, tx, "announcement"); err != nil {
			return err
		}
		a.ID = id
		if err := s.writeDraft(ctx, tx, "draft_announcement", now, a); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "draft", id, ""))
	})
	if err != nil {
		return 0, fmt.Errorf("saving an announcement: %w", err)
	}
	return id, nil
}

// Revise replaces the text and the audience of a draft.
func (s Announcements) Revise(ctx context.Context, now time.Time, actor string, a digest.Announcement) error {
	return s.changeState(ctx, a.ID, "revised", func(tx *sqlx.Tx) error {
		if err := s.writeDraft(ctx, tx, "revise_announcement", now, a); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "revise", a.ID, ""))
	})
}

// Discard deletes a draft. Its number is not used again.
func (s Announcements) Discard(ctx context.Context, now time.Time, actor string, id int64) error {
	return s.changeState(ctx, id, "discarded", func(tx *sqlx.Tx) error {
		if _, err := s.exec(ctx, tx, "delete_announcement_texts", args{"id": id}); err != nil {
			return err
		}
		if err := s.transition(ctx, tx, "discard_announcement", args{"id": id}); err != nil {
			return err // and the texts stay
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "discard", id, ""))
	})
}

type textRow struct {
	Place  int    `json:"place"`
	Locale string `json:"locale"`
	Title  string `json:"title"`
	Body   string `json:"body"`
}

func (s Announcements) writeDraft(ctx context.Context, tx *sqlx.Tx, query string, now time.Time, a digest.Announcement) error {
	audience, err := json.Marshal(a.Audience)
	if err != nil {
		return err
	}
	err = s.transition(ctx, tx, query, args{
		"id": a.ID, "now": now.Unix(), "forced": a.Forced, "speed": a.Speed,
		"share": a.Canary.Share, "wait": int64(a.Canary.Wait / time.Second), "audience": string(audience),
	})
	if err != nil {
		return err
	}
	list := make([]textRow, len(a.Variants))
	for i, v := range a.Variants {
		list[i] = textRow{i, stripNUL(v.Locale), stripNUL(v.Title), stripNUL(v.Body)}
	}
	text, err := marshalRows(list)
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, "delete_announcement_texts", args{"id": a.ID}); err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "add_announcement_texts", args{"id": a.ID, "rows": text})
	return err
}

// Get returns an announcement with its texts and its audience.
func (s Announcements) Get(ctx context.Context, id int64) (Announcement, error) {
	a, err := s.State(ctx, id)
	if err != nil {
		return Announcement{}, err
	}
	if a.Audience, err = s.audience(ctx, id); err == nil {
		a.Variants, err = s.variants(ctx, id)
	}
	if err != nil {
		return Announcement{}, fmt.Errorf("reading announcement %d: %w", id, err)
	}
	return a, nil
}

// State returns an announcement without its texts and its audience.
func (s Announcements) State(ctx context.Context, id int64) (Announcement, error) {
	list, err := s.announcements(ctx, nil, "announcement", args{"id": id})
	if err != nil {
		return Announcement{}, fmt.Errorf("reading announcement %d: %w", id, err)
	}
	if len(list) == 0 {
		return Announcement{}, fmt.Errorf("announcement %d: %w", id, ErrNoAnnouncement)
	}
	return list[0], nil
}

// List returns all announcements, newest first, without their texts and audiences.
func (s Announcements) List(ctx context.Context) ([]Announcement, error) {
	list, err := s.announcements(ctx, nil, "announcements", nil)
	if err != nil {
		return nil, fmt.Errorf("reading announcements: %w", err)
	}
	return list, nil
}

// Active returns the announcements that are scheduled, in progress or paused, oldest first, without their texts and
// audiences.
func (s Announcements) Active(ctx context.Context) ([]Announcement, error) {
	list, err := s.announcements(ctx, nil, "active_announcements", nil)
	if err != nil {
		return nil, fmt.Errorf("reading announcements: %w", err)
	}
	return list, nil
}

func (s Announcements) announcements(ctx context.Context, tx *sqlx.Tx, query string, a args) (list []Announcement, err error) {
	err = s.query(ctx, tx, query, a, func(scan scanFunc) error {
		var x Announcement
		var start, begins, until, started, ended sql.NullInt64
		var wait, paced, created, changed int64
		err := scan(&x.ID, &x.State, &x.Forced, &start, &x.Start.Local, &begins, &x.Speed, &x.Canary.Share, &wait, &until, &x.Size,
			&x.Cursor, &x.AllEnqueued, &paced, &x.Resumes, &x.Reason, &x.PausedByDaemon, &created, &changed, &started, &ended)
		x.Canary.Wait = time.Duration(wait) * time.Second
		x.Start.At, x.BeginsAt, x.CanaryUntil = timeOrZero(start.Int64), timeOrZero(begins.Int64), timeOrZero(until.Int64)
		x.Created, x.Changed, x.Started, x.Ended = timeOrZero(created), timeOrZero(changed), timeOrZero(started.Int64), timeOrZero(ended.Int64)
		x.PacedAt = time.UnixMilli(paced).UTC()
		list = append(list, x)
		return err
	})
	return list, err
}

func (s Announcements) audience(ctx context.Context, id int64) (a digest.Audience, err error) {
	var text string
	err = s.query(ctx, nil, "announcement_audience", args{"id": id}, func(scan scanFunc) error { return scan(&text) })
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return a, fmt.Errorf("parsing its audience: %w", err)
	}
	return a, nil
}

func (s Announcements) variants(ctx context.Context, id int64) (list []digest.Variant, err error) {
	err = s.query(ctx, nil, "announcement_texts", args{"id": id}, func(scan scanFunc) error {
		var v digest.Variant
		err := scan(&v.Locale, &v.Title, &v.Body)
		list = append(list, v)
		return err
	})
	return list, err
}

func auditEntry(now time.Time, actor, action string, id int64, detail string) AuditEntry {
	return AuditEntry{At: now, Actor: actor, Action: action, Object: AnnouncementObject(id), Detail: detail}
}

// AnnouncementObject returns the name of an announcement in the audit log.
func AnnouncementObject(id int64) string { return fmt.Sprintf("announcement/%d", id) }
