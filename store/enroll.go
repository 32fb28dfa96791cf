package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

// Recipient is a member who is to get an announcement.
type Recipient struct {
	Member    forum.MemberID
	NotBefore time.Time
}

type enrolRow struct {
	Key       string `json:"key"`
	Member    int64  `json:"member"`
	NotBefore int64  `json:"not_before"`
}

// Enqueue puts a stretch of members into the outbox and moves the announcement's cursor behind them, in one
// transaction, so that a crash neither skips nor repeats anybody. a is the announcement as it was read: if another
// daemon took that stretch in between, or somebody paused it, nothing happens and taken is false. fanned says that
// nobody is left behind upto.
func (s Announcements) Enqueue(ctx context.Context, now time.Time, a Announcement, list []Recipient, upto forum.MemberID, fanned bool, priority int) (enrolled int, taken bool, err error) {
	enrolments := make([]enrolRow, len(list))
	for i, e := range list {
		enrolments[i] = enrolRow{AnnouncementKey(a.ID, e.Member), int64(e.Member), e.NotBefore.Unix()}
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

// AnnouncementKey names the mail of an announcement to a member: there is never more than one.
func AnnouncementKey(announcement int64, member forum.MemberID) string {
	return fmt.Sprintf("announce/%d/%d", announcement, member)
}

// maxRateCatchUp is how much of its speed an announcement may make up for at once: what a daemon that was down has
// missed must not burst out of it.
const maxRateCatchUp = 10 * time.Second

// ReleaseAtRate lets mails of an announcement go as far as its speed allows now, and says how many. Daemons that share a store
// share the speed.
func (s Announcements) ReleaseAtRate(ctx context.Context, now time.Time, a Announcement) (gone int, err error) {
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
		gone = 0
		err := s.transition(ctx, tx, "pace_announcement", args{"id": a.ID, "after": a.PacedAt.UnixMilli(), "upto": upto.UnixMilli()})
		if err != nil {
			return err
		}
		gone, err = s.exec(ctx, tx, "let_go", args{"id": a.ID, "now": now.Unix(), "lasts": announcementLasts, "most": n})
		return err
	})
	return gone, err
}

// ReleaseAll lets all mails of an announcement without a speed go that were held back while it was paused.
func (s Announcements) ReleaseAll(ctx context.Context, id int64) error {
	return s.setHeld(ctx, "let_all_go", args{"id": id, "lasts": announcementLasts})
}

// HoldRequeued holds back mails of a paused announcement that came back into the queue: their lease ended, or the relay
// wants them later.
func (s Announcements) HoldRequeued(ctx context.Context, id int64) error {
	return s.setHeld(ctx, "hold_back", args{"id": id})
}

func (s Announcements) setHeld(ctx context.Context, query string, a args) error {
	if _, err := s.exec(ctx, nil, query, a); err != nil {
		return fmt.Errorf("announcement %v: moving what waits: %w", a["id"], err)
	}
	return nil
}

// StartCanaryWait notes when a canary that has been tried as a whole is to be judged; nothing happens before that.
func (s Announcements) StartCanaryWait(ctx context.Context, id int64, until time.Time) error {
	var untried bool
	err := s.query(ctx, nil, "untried", args{"id": id}, func(scan scanFunc) error { return scan(&untried) })
	if err != nil {
		return fmt.Errorf("announcement %d: asking whether the canary was tried: %w", id, err)
	}
	if untried {
		return nil
	}
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		return s.transition(ctx, tx, "await_canary", args{"id": id, "until": until.Unix()})
	})
}

// PassCanary lets everybody else have it.
func (s Announcements) PassCanary(ctx context.Context, now time.Time, id int64, detail string) error {
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "pass_canary", args{"id": id}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, systemActor, "canary passed", id, detail))
	})
}

// Finish ends one of which nothing waits any more; nothing happens before that.
func (s Announcements) Finish(ctx context.Context, now time.Time, id int64) error {
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "finish_announcement", args{"id": id, "now": now.Unix()}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, systemActor, "done", id, ""))
	})
}

// Progress is what has become of an announcement's mails, by their state in the outbox.
type Progress struct {
	States  map[string]int
	Skipped map[string]int // by reason
}

// Enrolled is how many members are to get it or have got it, as far as they are known.
func (p Progress) Enrolled() int {
	n := 0
	for _, of := range p.States {
		n += of
	}
	return n
}

// CountMessages counts the mails of an announcement.
func (s Announcements) CountMessages(ctx context.Context, id int64) (Progress, error) {
	p := Progress{States: make(map[string]int), Skipped: make(map[string]int)}
	for query, into := range map[string]map[string]int{"progress": p.States, "progress_skipped": p.Skipped} {
		err := s.query(ctx, nil, query, args{"id": id}, func(scan scanFunc) error {
			var what string
			var n int
			err := scan(&what, &n)
			into[what] = n
			return err
		})
		if err != nil {
			return Progress{}, fmt.Errorf("counting the mails of announcement %d: %w", id, err)
		}
	}
	return p, nil
}

// Feedback is how an announcement was taken.
type AnnouncementFeedback struct {
	Mails      int // that were tried
	Refused    int // by the relay at once, or by a report that came later
	Complaints int // of members who call it spam
}

// Feedback counts what came back from an announcement.
func (s Announcements) Feedback(ctx context.Context, id int64) (b AnnouncementFeedback, err error) {
	err = s.query(ctx, nil, "came_back", args{"id": id}, func(scan scanFunc) error { return scan(&b.Mails, &b.Refused, &b.Complaints) })
	if err != nil {
		return AnnouncementFeedback{}, fmt.Errorf("counting what came back from announcement %d: %w", id, err)
	}
	return b, nil
}
