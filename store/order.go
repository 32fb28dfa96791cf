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
var errWrongState = errors.New("store: the announcement is in another state")

// transition runs a statement on one announcement. It returns errWrongState if the announcement's state does not allow it.
func (s Announcements) transition(ctx context.Context, tx *sqlx.Tx, query string, a args) error {
	found := false
	err := s.query(ctx, tx, query, a, func(scanFunc) error { found = true; return nil })
	if err == nil && !found {
		return errWrongState
	}
	return err
}

// changeState performs an action in a transaction. If the announcement's state does not allow the action, the error is a
// *StateError, or ErrNoAnnouncement.
func (s Announcements) changeState(ctx context.Context, id int64, action string, do func(*sqlx.Tx) error) error {
	err := s.inTx(ctx, do)
	if errors.Is(err, errWrongState) {
		a, err := s.State(ctx, id)
		if err != nil {
			return err
		}
		return &StateError{ID: id, State: a.State, Action: action}
	}
	if err != nil {
		return fmt.Errorf("announcement %d: %w", id, err)
	}
	return nil
}

// Start starts a draft with an audience of the given size, now or at its start time. It returns the new state.
func (s Announcements) Start(ctx context.Context, now time.Time, actor string, a digest.Announcement, size int) (state string, err error) {
	begins := a.StartTime()
	state = firstState(a.Canary, size)
	if begins.After(now) {
		state = Scheduled
	}
	detail := fmt.Sprintf("audience of %d", size)
	if a.Forced {
		detail += ", forced: includes members who opted out"
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

// firstState returns the first state in which messages are sent.
func firstState(c digest.Canary, size int) string {
	if c.Size(size) > 0 {
		return InCanary
	}
	return Sending
}

// Begin starts a scheduled announcement. It does nothing if another daemon has already done so.
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

// systemActor is the actor of what the daemon does on its own.
const systemActor = "postrider"

// systemTransition performs an action of the daemon. It does nothing if the announcement has already changed state.
func (s Announcements) systemTransition(ctx context.Context, id int64, do func(*sqlx.Tx) error) error {
	err := s.inTx(ctx, do)
	if err == nil || errors.Is(err, errWrongState) {
		return nil
	}
	return fmt.Errorf("announcement %d: %w", id, err)
}

// Pause stops an announcement until it is resumed. Deliveries in progress are finished.
func (s Announcements) Pause(ctx context.Context, now time.Time, actor string, id int64, reason string) error {
	return s.changeState(ctx, id, "paused", func(tx *sqlx.Tx) error {
		return s.pause(ctx, tx, now, actor, id, args{"reason": sanitizeText(reason), "judged": false, "stopped": false})
	})
}

// PauseBySystem pauses an announcement on behalf of the daemon. If judged is true, the canary was evaluated: after Resume the
// announcement goes to the rest of the audience.
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
	if _, err := s.exec(ctx, tx, "hold_messages", args{"id": id}); err != nil {
		return err
	}
	return s.audit(ctx, tx, auditEntry(now, actor, "pause", id, a["reason"].(string)))
}

// Resume continues a paused announcement.
func (s Announcements) Resume(ctx context.Context, now time.Time, actor string, id int64) error {
	return s.changeState(ctx, id, "resumed", func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "resume_announcement", args{"id": id, "now": now.Unix(), "paced": now.UnixMilli()}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "resume", id, ""))
	})
}

// Cancel ends an announcement permanently. Waiting messages are skipped, deliveries in progress are finished.
func (s Announcements) Cancel(ctx context.Context, now time.Time, actor string, id int64) error {
	return s.changeState(ctx, id, "cancelled", func(tx *sqlx.Tx) error {
		if err := s.transition(ctx, tx, "cancel_announcement", args{"id": id, "now": now.Unix()}); err != nil {
			return err
		}
		if _, err := s.exec(ctx, tx, "cancel_messages", args{"id": id, "now": now.Unix(), "reason": WasCancelled}); err != nil {
			return err
		}
		return s.audit(ctx, tx, auditEntry(now, actor, "cancel", id, ""))
	})
}

// WasCancelled is the reason of the skipped messages of a cancelled announcement.
const WasCancelled = "announcement cancelled"
