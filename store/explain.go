package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// SightingRecord is a sighting with everything that the store knows about it.
type SightingRecord struct {
	Place
	Seq       int64
	MovedFrom forum.SectionID // 0: first sighting
	PostedAt  time.Time
	At        time.Time // when the scan found it
	Revealed  bool      // it was found before, but not visible then
}

// Sighting returns the sighting for a window.
func (x SightingRecord) Sighting() digest.Sighting {
	s := digest.Sighting{Seq: x.Seq, Post: x.Post, Section: x.Section, MovedFrom: x.MovedFrom, PostedAt: x.PostedAt}
	if x.Revealed || x.MovedFrom != 0 {
		s.VisibleSince = x.At
	}
	return s
}

// Records returns the sightings of posts, in ascending order.
func (s Sightings) Records(ctx context.Context, posts []forum.PostID) (list []SightingRecord, err error) {
	err = s.query(ctx, nil, "sighting_records", args{"posts": marshalIDs(posts)}, func(scan scanFunc) error {
		var x SightingRecord
		var posted, at int64
		err := scan(&x.Post, &x.Seq, &x.Thread, &x.Section, &x.MovedFrom, &posted, &at, &x.Revealed)
		x.PostedAt, x.At = timeOrZero(posted), timeOrZero(at)
		list = append(list, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the sightings of posts: %w", err)
	}
	return list, nil
}

// PendingSince returns the posts that scans found but that are not visible yet, with the time when they were found.
func (s Sightings) PendingSince(ctx context.Context, posts []forum.PostID) (map[forum.PostID]time.Time, error) {
	all := make(map[forum.PostID]time.Time)
	err := s.query(ctx, nil, "pending_since", args{"posts": marshalIDs(posts)}, func(scan scanFunc) error {
		var post forum.PostID
		var since int64
		err := scan(&post, &since)
		all[post] = timeOrZero(since)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading pending posts: %w", err)
	}
	return all, nil
}

// AlertItemRecord is an alert item of a post, with the key of its alert.
type AlertItemRecord struct {
	Key     string
	Cause   digest.AlertCause
	LeftOut string // why the alert omitted the post; empty: it did not, or is not sent yet
}

// ItemsOfMember returns a member's alert items for posts.
func (s Alerts) ItemsOfMember(ctx context.Context, member forum.MemberID, posts []forum.PostID) (map[forum.PostID]AlertItemRecord, error) {
	all := make(map[forum.PostID]AlertItemRecord)
	err := s.query(ctx, nil, "items_of_member", args{"member": int64(member), "posts": marshalIDs(posts)}, func(scan scanFunc) error {
		var post forum.PostID
		var n AlertItemRecord
		err := scan(&post, &n.Key, &n.Cause, &n.LeftOut)
		all[post] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading alert items: %w", err)
	}
	return all, nil
}

// MemberMessages returns a member's messages that wait or were settled since a time, in the order of planning.
func (s Outbox) MemberMessages(ctx context.Context, member forum.MemberID, since time.Time) ([]Message, error) {
	list, err := Queue(s).mails(ctx, "messages_of_member", args{"member": int64(member), "since": since.Unix()})
	if err != nil {
		return nil, fmt.Errorf("reading the messages of a member: %w", err)
	}
	return list, nil
}

// AddressHealth returns what is known of an address. Known is false if nothing ever bounced from it and it was never
// suppressed.
func (s Suppressions) AddressHealth(ctx context.Context, address string) (h Health, known bool, err error) {
	err = s.query(ctx, nil, "health_of", args{"address": strings.ToLower(sanitizeText(address))}, func(scan scanFunc) (err error) {
		known = true
		var tried int64
		h, err = scanHealth(scan, &tried)
		h.Tried = timeOrZero(tried)
		return err
	})
	if err != nil {
		return Health{}, false, fmt.Errorf("reading the health of an address: %w", err)
	}
	return h, known, nil
}
