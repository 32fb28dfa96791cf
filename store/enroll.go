package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Recipient is a member who gets an announcement.
type Recipient struct {
	Member    forum.MemberID
	NotBefore time.Time
}

type enqueueRow struct {
	Key       string `json:"key"`
	Member    int64  `json:"member"`
	NotBefore int64  `json:"not_before"`
}

// Enqueue puts the recipients up to the member upto into the outbox and advances the announcement's cursor, in one transaction,
// so that a crash neither skips nor repeats a recipient. a is the announcement as it was read: if another daemon enqueued these
// recipients in between, or the announcement was paused, nothing happens and taken is false. fanned means that no recipient
// comes after upto.
func (s Announcements) Enqueue(ctx context.Context, now time.Time, a Announcement, list []Recipient, upto forum.MemberID, fanned bool, priority int) (enrolled int, taken bool, err error) {
	enrolments := make([]enqueueRow, len(list))
	for i, e := range list {
		enrolments[i] = enqueueRow{AnnouncementKey(a.ID, e.Member), int64(e.Member), e.NotBefore.Unix()}
	}
	text, err := marshalRows(enrolments)
	if err != nil {
		return 0, false, err
	}
	state := StateQueued
	if a.Speed > 0 {
		state = StateHeld
	}
	err = s.systemTransition(ctx, a.ID, func(tx *sqlx.Tx) error {
		enrolled, taken = 0, false
		err := s.transition(ctx, tx, "advance_announcement", args{
			"id": a.ID, "after": int64(a.Cursor), "upto": int64(upto), "state": a.State, "fanned": fanned,
		})
		if err != nil {
			return err
		}
		if taken = true; len(list) == 0 {
			return nil
		}
		enrolled, err = s.exec(ctx, tx, "enroll", args{"id": a.ID, "now": now.Unix(), "state": state, "priority": priority, "lasts": announcementLasts, "rows": text})
		return err
	})
	return enrolled, taken && err == nil, err
}

// AnnouncementKey returns the key of the only message of an announcement to a member.
func AnnouncementKey(announcement int64, member forum.MemberID) string {
	return fmt.Sprintf("announce/%d/%d", announcement, member)
}

// maxRateCatchUp limits how much missed time an announcement catches up on: after downtime its messages must not go out in
// one burst.
const maxRateCatchUp = 10 * time.Second

// ReleaseAtRate releases as many held messages of an announcement as its speed allows now, and returns how many. Daemons that
// share a store share the speed.
func (s Announcements) ReleaseAtRate(ctx context.Context, now time.Time, a Announcement) (released int, err error) {
	each := time.Minute / time.Duration(a.Speed)
	from := a.PacedAt
	if oldest := now.Add(-max(maxRateCatchUp, each)); from.Before(oldest) {
		from = oldest
	}
	n := int64(now.Sub(from) / each)
	if n < 1 {
		return 0, nil
	}
	upto := from.Add(time.Duration(n) * each)
	err = s.systemTransition(ctx, a.ID, func(tx *sqlx.Tx) error {
		released = 0
		err := s.transition(ctx, tx, "pace_announcement", args{"id": a.ID, "after": a.PacedAt.UnixMilli(), "upto": upto.UnixMilli()})
		if err != nil {
			return err
		}
		released, err = s.exec(ctx, tx, "release_at_rate", args{"id": a.ID, "now": now.Unix(), "lasts": announcementLasts, "most": n})
		return err
	})
	return released, err
}

// ReleaseAll releases all messages that were held while an announcement without a speed limit was paused.
func (s Announcements) ReleaseAll(ctx context.Context, id int64) error {
	return s.setHeld(ctx, "release_all", args{"id": id, "lasts": announcementLasts})
}

// HoldRequeued holds the messages of a paused announcement that are queued again because their lease expired or the relay
// deferred them.
func (s Announcements) HoldRequeued(ctx context.Context, id int64) error {
	return s.setHeld(ctx, "hold_messages", args{"id": id})
}

func (s Announcements) setHeld(ctx context.Context, query string, a args) error {
	if _, err := s.exec(ctx, nil, query, a); err != nil {
		return fmt.Errorf("announcement %v: holding or releasing messages: %w", a["id"], err)
	}
	return nil
}

// StartCanaryWait sets when the canary is evaluated, once all its messages have been tried. Before that, it does nothing.
func (s Announcements) StartCanaryWait(ctx context.Context, id int64, until time.Time) error {
	var untried bool
	err := s.query(ctx, nil, "canary_untried", args{"id": id}, func(scan scanFunc) error { return scan(&untried) })
	if err != nil {
		return fmt.Errorf("announcement %d: checking whether the canary was tried: %w", id, err)
	}
	if untried {
		return nil
	}
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		return s.transition(ctx, tx, "start_canary_wait", args{"id": id, "until": until.Unix()})
	})
}

// PassCanary lets the rest of the audience have the announcement.
func (s Announcements) PassCanary(ctx context.Context, now time.Time, id int64, detail string) error {
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "pass_canary", args{"id": id}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, systemActor, "canary passed", id, detail))
	})
}

// Finish ends an announcement without waiting messages. While some wait, it does nothing.
func (s Announcements) Finish(ctx context.Context, now time.Time, id int64) error {
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "finish_announcement", args{"id": id, "now": now.Unix()}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, systemActor, "done", id, ""))
	})
}

// Progress counts an announcement's messages by their state in the outbox.
type Progress struct {
	States  map[string]int
	Skipped map[string]int // by reason
}

// Enrolled returns how many members have a message in the outbox.
func (p Progress) Enrolled() int {
	n := 0
	for _, of := range p.States {
		n += of
	}
	return n
}

// CountMessages counts the messages of an announcement.
func (s Announcements) CountMessages(ctx context.Context, id int64) (Progress, error) {
	p := Progress{States: make(map[string]int), Skipped: make(map[string]int)}
	for query, into := range map[string]map[string]int{"count_messages": p.States, "count_skipped": p.Skipped} {
		err := s.query(ctx, nil, query, args{"id": id}, func(scan scanFunc) error {
			var what string
			var n int
			err := scan(&what, &n)
			into[what] = n
			return err
		})
		if err != nil {
			return Progress{}, fmt.Errorf("counting the messages of announcement %d: %w", id, err)
		}
	}
	return p, nil
}

// AnnouncementFeedback counts rejections and complaints about an announcement.
type AnnouncementFeedback struct {
	Messages   int // messages that were tried
	Refused    int // rejected by the relay, or bounced later
	Complaints int // reported as spam
}

// Feedback counts the rejections and complaints about an announcement.
func (s Announcements) Feedback(ctx context.Context, id int64) (b AnnouncementFeedback, err error) {
	err = s.query(ctx, nil, "announcement_feedback", args{"id": id}, func(scan scanFunc) error { return scan(&b.Messages, &b.Refused, &b.Complaints) })
	if err != nil {
		return AnnouncementFeedback{}, fmt.Errorf("counting the feedback on announcement %d: %w", id, err)
	}
	return b, nil
}
