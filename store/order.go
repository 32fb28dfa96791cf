package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/digest"
)

// errWrongState means that a statement found its announcement in another state.
var errWrongState = errors.New("store: nothing was moved")

// transition runs a statement on one announcement; errWrongState: it was in no state for it.
func (s Announcements) transition(ctx context.Context, tx *sqlx.Tx, query string, a args) error {
	found := false
	err := s.query(ctx, tx, query, a, func(scanFunc) error { found = true; return nil })
	if err == nil && !found {
		return errWrongState
	}
	return err
}

// changeState carries out an order in a transaction. Where the announcement is in no state for it, the error
// is a *StateError, or ErrNoAnnouncement.
func (s Announcements) changeState(ctx context.Context, id int64, order string, do func(*sqlx.Tx) error) error {
	err := s.inTx(ctx, do)
	if errors.Is(err, errWrongState) {
		a, err := s.State(ctx, id)
		if err != nil {
			return err
		}
		return &StateError{ID: id, State: a.State, Action: order}
	}
	if err != nil {
		return fmt.Errorf("announcement %d: %w", id, err)
	}
	return nil
}

// Start lets a draft go, to an audience of that size: at once, or at start. It gives the state in which
// it is then.
func (s Announcements) Start(ctx context.Context, now time.Time, actor string, a digest.Announcement, size int) (state string, err error) {
	begins := a.StartTime()
	state = firstState(a.Canary, size)
	if begins.After(now) {
		state = Scheduled
	}
	detail := fmt.Sprintf("audience of %d", size)
	if a.Forced {
		detail += ", forced: goes to members, too, who have opted out"
	}
	err = s.changeState(ctx, a.ID, "started", func(tx *sqlx.Tx) error {
		err := s.transition(ctx, tx, "start_announcement", args{
			"id": a.ID, "state": state, "start": unixOrNull(a.Start.At), "local": a.Start.Local, "begins": unixOrNull(begins),
			"size": size, "now": now.Unix(), "paced": now.UnixMilli(),
		})
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "start", a.ID, detail))
	})
	return state, err
}

// firstState is the state in which mails go out first.
func firstState(c digest.Canary, size int) string {
	if c.Size(size) > 0 {
		return InCanary
	}
	return Sending
}

// Begin begins one whose time has come. Another daemon may have done so: then nothing happens.
func (s Announcements) Begin(ctx context.Context, now time.Time, a Announcement) error {
	return s.systemTransition(ctx, a.ID, func(tx *sqlx.Tx) error {
		state := firstState(a.Canary, a.Size)
		err := s.transition(ctx, tx, "begin_announcement", args{"id": a.ID, "state": state, "now": now.Unix(), "paced": now.UnixMilli()})
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, systemActor, "begin", a.ID, ""))
	})
}

// systemActor is the actor of what the daemon does without being told.
const systemActor = "postrider"

// systemTransition carries out what the daemon does by itself, unless it has been done.
func (s Announcements) systemTransition(ctx context.Context, id int64, do func(*sqlx.Tx) error) error {
	err := s.inTx(ctx, do)
	if err == nil || errors.Is(err, errWrongState) {
		return nil
	}
	return fmt.Errorf("announcement %d: %w", id, err)
}

// Pause stops one until it is resumed. What is being handed over is finished.
func (s Announcements) Pause(ctx context.Context, now time.Time, actor string, id int64, reason string) error {
	return s.changeState(ctx, id, "paused", func(tx *sqlx.Tx) error {
		return s.pause(ctx, tx, now, actor, id, args{"reason": sanitizeText(reason), "judged": false, "stopped": false})
	})
}

// PauseBySystem is the pause that the daemon orders. After the verdict on a canary, one that is resumed goes on
// with everybody else.
func (s Announcements) PauseBySystem(ctx context.Context, now time.Time, id int64, reason string, judged bool) error {
	return s.systemTransition(ctx, id, func(tx *sqlx.Tx) error {
		return s.pause(ctx, tx, now, systemActor, id, args{"reason": sanitizeText(reason), "judged": judged, "stopped": true})
	})
}

func (s Announcements) pause(ctx context.Context, tx *sqlx.Tx, now time.Time, actor string, id int64, a args) error {
	a["id"] = id
	if err := s.transition(ctx, tx, "pause_announcement", a); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, "hold_back", args{"id": id}); err != nil {
		return err
	}
	return s.audit(ctx, tx, auditEntry(now, actor, "pause", id, a["reason"].(string)))
}

// Resume lets one go on.
func (s Announcements) Resume(ctx context.Context, now time.Time, actor string, id int64) error {
	return s.changeState(ctx, id, "resumed", func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "resume_announcement", args{"id": id, "now": now.Unix(), "paced": now.UnixMilli()}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "resume", id, ""))
	})
}

// Cancel ends one for good: what waits is skipped, what is being handed over is finished.
func (s Announcements) Cancel(ctx context.Context, now time.Time, actor string, id int64) error {
	return s.changeState(ctx, id, "cancelled", func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "cancel_announcement", args{"id": id, "now": now.Unix()}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, tx, "cancel_mails", args{"id": id, "now": now.Unix(), "reason": WasCancelled}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "cancel", id, ""))
	})
}

// WasCancelled is why mails of a cancelled announcement are skipped.
const WasCancelled = "announcement cancelled"
