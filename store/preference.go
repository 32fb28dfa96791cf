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

// OfMembers returns the preferences of members. Members without any are missing.
func (s Preferences) OfMembers(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]digest.Preferences, error) {
	all := make(map[forum.MemberID]digest.Preferences)
	err := s.query(ctx, nil, "preferences", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		id, c, err := scanPreferences(scan)
		all[id] = c
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading preferences: %w", err)
	}
	return all, nil
}

func scanPreferences(scan scanFunc) (id forum.MemberID, c digest.Preferences, err error) {
	var chosen int64
	var cadence, zone, locale, format, alerts sql.NullString
	var hour, weekday, day, every, excerpt, from, until, paused sql.NullInt64
	var own, unread, announcements, weekends, threadsOnly, byAdmin sql.NullBool
	var optOuts sql.NullInt64
	var digests, replies, newThreads, quotes, mentions, bundle sql.NullString
	err = scan(&id, &chosen, &cadence, &hour, &weekday, &day, &every, &zone, &locale, &format, &excerpt,
		&own, &unread, &alerts, &announcements, &from, &until, &paused, &optOuts, &digests,
		&replies, &newThreads, &quotes, &mentions, &bundle, &weekends, &threadsOnly, &byAdmin)
	c = digest.Preferences{
		Schedule: schedule(cadence, hour, weekday, day, every), SetByAdmin: byAdmin.Bool,
		Zone: zone.String, Locale: locale.String, Format: digest.Format(format.String), Excerpt: int(excerpt.Int64),
		IncludeOwnPosts: boolPtr(own), UnreadOnly: boolPtr(unread), Alerts: digest.AlertMode(alerts.String), Announcements: boolPtr(announcements),
		ChosenAt: time.Unix(chosen, 0).UTC(), PausedUntil: timeOrZero(paused.Int64), OptedOut: forum.Kinds(optOuts.Int64), ForumDigests: digestChoice(digests),
		Switches: digest.Switches{
			Replies: digest.Cadence(replies.String), NewThreads: digest.Cadence(newThreads.String),
			Quotes: digest.Cadence(quotes.String), Mentions: digest.Cadence(mentions.String),
		},
		Bundle: digest.Bundle(bundle.String), WeekendsOff: boolPtr(weekends), NewThreadsOnly: boolPtr(threadsOnly),
	}
	if from.Valid && until.Valid {
		c.Quiet = &digest.QuietHours{From: int(from.Int64), Until: int(until.Int64)}
	}
	return id, c, err
}

// schedule returns a member's own schedule, or nil.
func schedule(cadence sql.NullString, hour, weekday, day, every sql.NullInt64) *digest.Schedule {
	if !cadence.Valid {
		return nil
	}
	return &digest.Schedule{
		Cadence: digest.Cadence(cadence.String), Hour: int(hour.Int64), Weekday: time.Weekday(weekday.Int64),
		Day: int(day.Int64), Every: int(every.Int64),
	}
}

// digestChoice returns a member's choice on the forum, or nil if it is not known.
func digestChoice(s sql.NullString) *forum.DigestChoice {
	if !s.Valid {
		return nil
	}
	c := forum.DigestChoice(s.String)
	return &c
}

func boolPtr(b sql.NullBool) *bool {
	if !b.Valid {
		return nil
	}
	return &b.Bool
}

// Save replaces all preferences of a member. What the forum said when they chose is taken over for the schedule, and stays for a time
// zone and a language that stay.
func (s Preferences) Save(ctx context.Context, now time.Time, member forum.MemberID, c digest.Preferences) error {
	a := args{
		"member": int64(member), "now": now.Unix(),
		"zone": nullIfZero(sanitizeText(c.Zone)), "locale": nullIfZero(sanitizeText(c.Locale)), "format": nullIfZero(string(c.Format)), "excerpt": nullIfZero(c.Excerpt),
		"own_posts": c.IncludeOwnPosts, "unread_only": c.UnreadOnly, "alerts": nullIfZero(string(c.Alerts)), "announcements": c.Announcements, "weekends_off": c.WeekendsOff, "new_threads_only": c.NewThreadsOnly,
		"paused_until": unixOrNull(c.PausedUntil), "quiet_from": nil, "quiet_until": nil, "bundle": nullIfZero(string(c.Bundle)),
		"cadence": nil, "hour": nil, "weekday": nil, "day": nil, "every": nil, "basis_digests": nil, "set_by_admin": nil,
	}
	addSwitches(a, c.Switches)
	if own := c.Schedule; own != nil {
		a["basis_digests"], a["set_by_admin"] = c.ForumDigests, nullIfZero(c.SetByAdmin)
		a["cadence"], a["hour"], a["weekday"], a["day"], a["every"] = string(own.Cadence), own.Hour, int(own.Weekday), own.Day, own.Every
	}
	if c.Quiet != nil {
		a["quiet_from"], a["quiet_until"] = c.Quiet.From, c.Quiet.Until
	}
	if _, err := s.exec(ctx, nil, "save_preference", a); err != nil {
		return fmt.Errorf("saving preferences: %w", err)
	}
	return nil
}

// addSwitches adds the switches to the parameters of a query, those without a choice as NULL.
func addSwitches(a args, s digest.Switches) {
	a["replies"], a["new_threads"] = nullIfZero(string(s.Replies)), nullIfZero(string(s.NewThreads))
	a["quotes"], a["mentions"] = nullIfZero(string(s.Quotes)), nullIfZero(string(s.Mentions))
}

// nullIfZero returns the value for the database: NULL for the zero value.
func nullIfZero[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// UnsubscribeKind ends all digests, alerts or announcements of a member. kind is one of the kinds of the outbox. Doing it again
// changes nothing. Waiting messages are skipped when they are about to be sent.
func (s Preferences) UnsubscribeKind(ctx context.Context, now time.Time, member forum.MemberID, kind string) error {
	queries := map[string][]string{
		KindDigest:       {"unsubscribe_digests", "clear_due"},
		KindAlert:        {"unsubscribe_alerts"},
		KindAnnouncement: {"unsubscribe_announcements"},
	}[kind]
	if queries == nil {
		return fmt.Errorf("unsubscribing a member: unknown kind %q: must be digest, alert or announcement", kind)
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
		return fmt.Errorf("unsubscribing a member from %ss: %w", kind, err)
	}
	return nil
}

// UnsubscribePosts turns off posts of one kind for a member. Doing it again changes nothing.
func (s Preferences) UnsubscribePosts(ctx context.Context, now time.Time, member forum.MemberID, kind digest.PostKind) error {
	var off digest.Switches
	off.Set(kind, digest.Off)
	a := args{"member": int64(member), "now": now.Unix()}
	addSwitches(a, off)
	if _, err := s.exec(ctx, nil, "unsubscribe_posts", a); err != nil {
		return fmt.Errorf("turning off %s for a member: %w", kind, err)
	}
	return nil
}

// SetOverride saves the cadence of a member for one section or one thread; the other ID is 0. An empty cadence removes the
// override.
func (s Preferences) SetOverride(ctx context.Context, now time.Time, member forum.MemberID, section forum.SectionID, thread forum.ThreadID, cadence digest.Cadence) error {
	a := args{"member": int64(member), "section": int64(section), "thread": int64(thread), "cadence": string(cadence), "now": now.Unix()}
	query := "save_override"
	if cadence == "" {
		query = "delete_override"
	}
	if _, err := s.exec(ctx, nil, query, a); err != nil {
		return fmt.Errorf("saving an override: %w", err)
	}
	return nil
}

// MutedAt returns when a member muted one section or one thread; the other ID is 0. It is zero if they did not, or no longer do.
func (s Preferences) MutedAt(ctx context.Context, member forum.MemberID, section forum.SectionID, thread forum.ThreadID) (at time.Time, err error) {
	a := args{"member": int64(member), "section": int64(section), "thread": int64(thread)}
	err = s.query(ctx, nil, "muted_at", a, func(scan scanFunc) error {
		var chosen int64
		err := scan(&chosen)
		at = time.Unix(chosen, 0).UTC()
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when a member muted a thread or a section: %w", err)
	}
	return at, nil
}

// AddSection lets a member watch a section that they do not watch on the forum, with the cadence of an override.
func (s Preferences) AddSection(ctx context.Context, now time.Time, member forum.MemberID, section forum.SectionID, cadence digest.Cadence) error {
	a := args{"member": int64(member), "section": int64(section), "cadence": string(cadence), "now": now.Unix()}
	if _, err := s.exec(ctx, nil, "add_section", a); err != nil {
		return fmt.Errorf("adding a section: %w", err)
	}
	return nil
}

// WithAddedSections returns up to limit members with an ID above after who watch sections only here, in ascending order.
func (s Preferences) WithAddedSections(ctx context.Context, after forum.MemberID, limit int) (list []forum.MemberID, err error) {
	err = s.query(ctx, nil, "members_with_added_sections", args{"after": int64(after), "most": limit}, func(scan scanFunc) error {
		var id forum.MemberID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading members with added sections: %w", err)
	}
	return list, nil
}

// Overrides returns the overrides of members. Members without any are missing.
func (s Preferences) Overrides(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]digest.Overrides, error) {
	all := make(map[forum.MemberID]digest.Overrides)
	err := s.query(ctx, nil, "overrides", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		var member forum.MemberID
		var section forum.SectionID
		var thread forum.ThreadID
		var cadence digest.Cadence
		var added bool
		if err := scan(&member, &section, &thread, &cadence, &added); err != nil {
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
		if added {
			w.Added = append(w.Added, section)
			all[member] = w
		}
		if thread != 0 {
			w.Threads[thread] = cadence
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading overrides: %w", err)
	}
	return all, nil
}

// InstantOverrides returns the members with after < ID <= until who chose alerts for any of these threads or sections.
func (s Preferences) InstantOverrides(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after, until forum.MemberID) ([]forum.MemberID, error) {
	var list []forum.MemberID
	a := args{"threads": marshalIDs(threads), "sections": marshalIDs(sections), "after": int64(after), "until": int64(until)}
	err := s.query(ctx, nil, "instant_overrides", a, func(scan scanFunc) error {
		var id forum.MemberID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading instant overrides: %w", err)
	}
	return list, nil
}
