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

// Subscriber is what the store knows about a subscriber.
type Subscriber struct {
	ID         forum.MemberID
	Zone       string           // IANA name; empty: unknown
	Locale     string           // BCP 47 tag; empty: unknown
	Schedule   *digest.Schedule // chosen by the member here; nil: not
	CoveredSeq int64            // sightings up to this one are covered
	Due        time.Time        // UTC; zero: never
	Gone       bool             // no longer a subscriber on the forum

	OwnZone      string             // chosen by the member; empty: use the forum's
	PausedUntil  time.Time          // UTC; zero: not
	ForumDigests forum.DigestChoice // on the forum
	WeekendsOff  bool               // no digests on Saturdays and Sundays
}

// Get returns those of the members that the store knows.
func (s Subscribers) Get(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]Subscriber, error) {
	known := make(map[forum.MemberID]Subscriber, len(members))
	err := s.query(ctx, nil, "subscribers", args{"ids": marshalIDs(members)}, func(scan scanFunc) error {
		sub, err := scanSubscriber(scan)
		known[sub.ID] = sub
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading members: %w", err)
	}
	return known, nil
}

// Due returns members whose digest is due, the longest overdue first, without those who have an edition in delivery.
func (s Subscribers) Due(ctx context.Context, now time.Time, limit int) ([]Subscriber, error) {
	var list []Subscriber
	err := s.query(ctx, nil, "due", args{"now": now.Unix(), "most": limit}, func(scan scanFunc) error {
		sub, err := scanSubscriber(scan)
		list = append(list, sub)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading due members: %w", err)
	}
	return list, nil
}

func scanSubscriber(scan scanFunc) (Subscriber, error) {
	var sub Subscriber
	var cadence, zone sql.NullString
	var hour, weekday, day, every, due, left, paused sql.NullInt64
	err := scan(&sub.ID, &sub.Zone, &sub.Locale, &cadence, &hour, &weekday, &day, &every, &sub.CoveredSeq, &due, &left, &zone, &paused, &sub.ForumDigests, &sub.WeekendsOff)
	if err != nil {
		return sub, err
	}
	sub.Schedule = schedule(cadence, hour, weekday, day, every)
	if due.Valid {
		sub.Due = time.Unix(due.Int64, 0).UTC()
	}
	sub.Gone = left.Valid
	sub.OwnZone, sub.PausedUntil = zone.String, timeOrZero(paused.Int64)
	return sub, nil
}

type subscriberRow struct {
	ID         forum.MemberID     `json:"id"`
	Zone       string             `json:"zone"`
	Locale     string             `json:"locale"`
	Digests    forum.DigestChoice `json:"forum_digests"`
	CoveredSeq int64              `json:"mark"`
	Due        *int64             `json:"due"`
}

// Save saves members as the forum knows them now, each at most once. The covered sequence of a known member can only rise. A
// member's schedule is a preference, so Save ignores it.
func (s Subscribers) Save(ctx context.Context, now time.Time, subs []Subscriber) error {
	list := make([]subscriberRow, len(subs))
	for i, sub := range subs {
		list[i] = subscriberRow{ID: sub.ID, Zone: sanitizeText(sub.Zone), Locale: sanitizeText(sub.Locale), Digests: sub.ForumDigests, CoveredSeq: sub.CoveredSeq, Due: unixOrNull(sub.Due)}
	}
	text, err := marshalRows(list)
	if err != nil {
		return err
	}
	if _, err := s.writeMembers(ctx, "save_subscribers", args{"now": now.Unix(), "rows": text}); err != nil {
		return fmt.Errorf("saving members: %w", err)
	}
	return nil
}

// memberLock is the counter that a transaction locks before it writes many members. Daemons start rounds in the same second,
// and two that write the same members in different orders would deadlock.
const memberLock = "member"

func (s Subscribers) writeMembers(ctx context.Context, query string, a args) (n int, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, memberLock); err != nil {
			return err
		}
		n, err = s.exec(ctx, tx, query, a)
		return err
	})
	return n, err
}

// MarkSeen records that the forum still has these members.
func (s Subscribers) MarkSeen(ctx context.Context, now time.Time, members []forum.MemberID) error {
	if _, err := s.writeMembers(ctx, "mark_seen", args{"now": now.Unix(), "ids": marshalIDs(members)}); err != nil {
		return fmt.Errorf("marking members as seen: %w", err)
	}
	return nil
}

// RemoveStale marks members as gone that were last seen on the forum before a time. They are never due.
func (s Subscribers) RemoveStale(ctx context.Context, syncedBefore time.Time) (removed int, err error) {
	n, err := s.writeMembers(ctx, "mark_gone", args{"before": syncedBefore.Unix()})
	if err != nil {
		return 0, fmt.Errorf("removing stale members: %w", err)
	}
	return n, nil
}
