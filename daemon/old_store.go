package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postrider/alarm"
	"postrider/store"
)

// noticeRestore checks at the start whether the store is an old copy. Then nothing is planned or sent until an operator decides.
func (d *Daemon) noticeRestore(ctx context.Context) error {
	r, err := d.Store.Restored(ctx)
	d.restored.Store(r != nil)
	return err
}

// settleRestored carries out an operator's decision about a store that was restored from a backup. It must follow a scan: posts
// that existed when the daemon started on the old store may have been sent. Without a decision it returns store.ErrUndecided.
func (l *loop) settleRestored(ctx context.Context) error {
	if !l.restored.Load() {
		return nil
	}
	if err := l.pauseAnnouncements(ctx); err != nil {
		return err
	}
	r, err := l.Store.SettleRestored(ctx, l.Now())
	if errors.Is(err, store.ErrUndecided) {
		why := fmt.Errorf("the store is as of %s: %w", r.Of.Format(time.RFC3339), err)
		l.watchdog.alarms.Raise(alarm.OldStore, "", why.Error())
		return why
	}
	if err != nil {
		return err
	}
	if r != nil {
		l.Log.Info("restored store: decision carried out", "decision", r.Decision, "of", r.Of, "until", r.Noticed)
	}
	l.watchdog.alarms.Clear(alarm.OldStore, "")
	l.restored.Store(false)
	return nil
}

// pauseAnnouncements pauses the active announcements: some members may have them already. An operator resumes or cancels them.
func (l *loop) pauseAnnouncements(ctx context.Context) error {
	active, err := l.Store.Announcements.Active(ctx)
	for _, a := range active {
		if err == nil {
			err = l.Store.Announcements.PauseBySystem(ctx, l.Now(), a.ID, "the store was restored: some members may have this announcement already", false)
		}
	}
	return err
}

// waitForDecision is settleRestored for a daemon that keeps running without a decision.
func (l *loop) waitForDecision(ctx context.Context) error {
	if err := l.settleRestored(ctx); !errors.Is(err, store.ErrUndecided) {
		return err
	}
	return nil
}
