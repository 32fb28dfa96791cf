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

// OfMembers are what members have chosen. Who has chosen nothing is not in it.
func (s Preferences) OfMembers(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]digest.Preferences, error) {
	all := make(map[forum.MemberID]digest.Preferences)
	err := s.query(ctx, nil, "preferences", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		id, c, err := scanChoices(scan)
		all[id] = c
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading preferences: %w", err)
	}
	return all, nil
}

func scanChoices(scan scanFunc) (id forum.MemberID, c digest.Preferences, err error) {
	var chosen int64
	var cadence, zone, locale, format, alerts sql.NullString
	var hour, weekday, day, every, excerpt, from, until, paused sql.NullInt64
	var own, unread, announcements, optedOut sql.NullBool
	err = scan(&id, &chosen, &cadence, &hour, &weekday, &day, &every, &zone, &locale, &format, &excerpt,
		&own, &unread, &alerts, &announcements, &from, &until, &paused, &optedOut)
	c = digest.Preferences{
		Schedule: schedule(cadence, hour, weekday, day, every),
		Zone:     zone.String, Locale: locale.String, Format: digest.Format(format.String), Excerpt: int(excerpt.Int64),
		IncludeOwnPosts: boolPtr(own), UnreadOnly: boolPtr(unread), Alerts: digest.AlertMode(alerts.String), Announcements: boolPtr(announcements),
		ChosenAt: time.Unix(chosen, 0).UTC(), PausedUntil: timeOrZero(paused.Int64), OptedOut: optedOut.Bool,
	}
	if from.Valid && until.Valid {
		c.Quiet = &digest.QuietHours{From: int(from.Int64), Until: int(until.Int64)}
	}
	return id, c, err
}

// schedule reads a member's own schedule; nil: he has none.
func schedule(cadence sql.NullString, hour, weekday, day, every sql.NullInt64) *digest.Schedule {
	if !cadence.Valid {
		return nil
	}
	return &digest.Schedule{
		Cadence: digest.Cadence(cadence.String), Hour: int(hour.Int64), Weekday: time.Weekday(weekday.Int64),
		Day: int(day.Int64), Every: int(every.Int64),
	}
}

func boolPtr(b sql.NullBool) *bool {
	if !b.Valid {
		return nil
	}
	return &b.Bool
}

// Save writes down all that a member has chosen, at now, in the place of what he had chosen before.
func (s Preferences) Save(ctx context.Context, now time.Time, member forum.MemberID, c digest.Preferences) error {
	a := args{
		"member": int64(member), "now": now.Unix(),
		"zone": nullIfZero(sanitizeText(c.Zone)), "locale": nullIfZero(sanitizeText(c.Locale)), "format": nullIfZero(string(c.Format)), "excerpt": nullIfZero(c.Excerpt),
		"own_posts": c.IncludeOwnPosts, "unread_only": c.UnreadOnly, "alerts": nullIfZero(string(c.Alerts)), "announcements": c.Announcements,
		"paused_until": unixOrNull(c.PausedUntil), "quiet_from": nil, "quiet_until": nil,
		"cadence": nil, "hour": nil, "weekday": nil, "day": nil, "every": nil,
	}
	if own := c.Schedule; own != nil {
		a["cadence"], a["hour"], a["weekday"], a["day"], a["every"] = string(own.Cadence), own.Hour, int(own.Weekday), own.Day, own.Every
	}
	if c.Quiet != nil {
		a["quiet_from"], a["quiet_until"] = c.Quiet.From, c.Quiet.Until
	}
	if _, err := s.exec(ctx, nil, "save_preference", a); err != nil {
		return fmt.Errorf("writing a preference: %w", err)
	}
	return nil
}

// nullIfZero is a value as the database keeps it; NULL for the zero value.
func nullIfZero[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// UnsubscribeKind ends all digests, alerts or announcements of a member, by the kind of mail that they are in the outbox. To
// end what has ended changes nothing. Mails that wait are skipped when their turn comes.
func (s Preferences) UnsubscribeKind(ctx context.Context, now time.Time, member forum.MemberID, kind string) error {
	queries := map[string][]string{
		KindDigest:     {"end_digests", "end_due"},
		KindAlert:      {"end_alerts"},
		"announcement": {"end_announcements"},
	}[kind]
	if queries == nil {
		return fmt.Errorf("ending %q of a member: there is no such kind of mail", kind)
	}
	a := args{"member": int64(member), "now": now.Unix()}
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		for _, query := range queries {
			if _, err := s.exec(ctx, tx, query, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ending %ss of a member: %w", kind, err)
	}
	return nil
}

// SetOverride notes how a member wants to hear of a section or a thread that he watches; the other of the two is 0. An empty
// cadence takes the wish back.
func (s Preferences) SetOverride(ctx context.Context, now time.Time, member forum.MemberID, section forum.SectionID, thread forum.ThreadID, cadence digest.Cadence) error {
	a := args{"member": int64(member), "section": int64(section), "thread": int64(thread), "cadence": string(cadence), "now": now.Unix()}
	query := "wish"
	if cadence == "" {
		query = "wish_nothing"
	}
	if _, err := s.exec(ctx, nil, query, a); err != nil {
		return fmt.Errorf("writing a wish: %w", err)
	}
	return nil
}

// Overrides are those of members for single sections and threads. Who has none is not in it.
func (s Preferences) Overrides(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]digest.Overrides, error) {
	all := make(map[forum.MemberID]digest.Overrides)
	err := s.query(ctx, nil, "wishes", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		var member forum.MemberID
		var section forum.SectionID
		var thread forum.ThreadID
		var cadence digest.Cadence
		if err := scan(&member, &section, &thread, &cadence); err != nil {
			return err
		}
		w, found := all[member]
		if !found {
			w = digest.Overrides{Sections: make(map[forum.SectionID]digest.Cadence), Threads: make(map[forum.ThreadID]digest.Cadence)}
			all[member] = w
		}
		if section != 0 {
			w.Sections[section] = cadence
		}
		if thread != 0 {
			w.Threads[thread] = cadence
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading wishes: %w", err)
	}
	return all, nil
}
