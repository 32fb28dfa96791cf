package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// SightingRecord is a sighting with all that is known of it.
type SightingRecord struct {
	Place
	Seq       int64
	MovedFrom forum.SectionID // 0: first sighting
	PostedAt  time.Time
	At        time.Time // when it was seen
}

// Records are the sightings of posts, rising.
func (s Sightings) Records(ctx context.Context, posts []forum.PostID) (list []SightingRecord, err error) {
	err = s.query(ctx, nil, "seen", args{"posts": marshalIDs(posts)}, func(scan scanFunc) error {
		var x SightingRecord
		var posted, at int64
		err := scan(&x.Post, &x.Seq, &x.Thread, &x.Section, &x.MovedFrom, &posted, &at)
		x.PostedAt, x.At = timeOrZero(posted), timeOrZero(at)
		list = append(list, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading when posts were seen: %w", err)
	}
	return list, nil
}

// PendingSince are those of the posts that were met and not visible yet, with when that was.
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
		return nil, fmt.Errorf("reading which posts are not visible yet: %w", err)
	}
	return all, nil
}

// AlertItemRecord is a notice of a post, and the alert that is or was to tell of it.
type AlertItemRecord struct {
	Key     string
	Cause   digest.AlertCause
	LeftOut string // why the alert went without the post; empty: it did not, or is not out
}

// ItemsOfMember are the notices that a member has of posts.
func (s Alerts) ItemsOfMember(ctx context.Context, member forum.MemberID, posts []forum.PostID) (map[forum.PostID]AlertItemRecord, error) {
	all := make(map[forum.PostID]AlertItemRecord)
	err := s.query(ctx, nil, "notices_of", args{"member": int64(member), "posts": marshalIDs(posts)}, func(scan scanFunc) error {
		var post forum.PostID
		var n AlertItemRecord
		err := scan(&post, &n.Key, &n.Cause, &n.LeftOut)
		all[post] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	return all, nil
}

// MemberMessages are a member's mails that wait, or were settled since a moment, in the order in which they were planned.
func (s Outbox) MemberMessages(ctx context.Context, member forum.MemberID, since time.Time) ([]Mail, error) {
	list, err := Queue(s).mails(ctx, "mails_of", args{"member": int64(member), "since": since.Unix()})
	if err != nil {
		return nil, fmt.Errorf("reading a member's mails: %w", err)
	}
	return list, nil
}

// AddressHealth is what is known of an address, if mail ever came back from it or a person has suppressed it.
func (s Suppressions) AddressHealth(ctx context.Context, address string) (h Health, known bool, err error) {
	err = s.query(ctx, nil, "health_of", args{"address": strings.ToLower(sanitizeText(address))}, func(scan scanFunc) (err error) {
		known = true
		var tried int64
		h, err = scanHealth(scan, &tried)
		h.Tried = timeOrZero(tried)
		return err
	})
	if err != nil {
		return Health{}, false, fmt.Errorf("reading what is known of an address: %w", err)
	}
	return h, known, nil
}
