package alarm

import (
	"context"
	"errors"
	"time"

	"postrider/store"
)

// Flush writes down what was met, and tells what is new. Its error means that the store does not answer: then what stands is
// told as far as this daemon knows of it.
func (b *Manager) Flush(ctx context.Context) error {
	b.flushMu.Lock()
	defer b.flushMu.Unlock()
	err := b.sync(ctx)
	if err == nil {
		err = b.deliver(ctx)
	}
	if err != nil && ctx.Err() == nil {
		b.Raise(Store, "", err.Error())
		b.notifyWithoutStore(ctx)
	}
	return err
}

// sync brings the store up to date and finds what is new.
func (b *Manager) sync(ctx context.Context) error {
	stand, err := b.store.Alarms.All(ctx)
	if err != nil {
		return err
	}
	now := b.now()
	bad, good := b.pendingChanges(stand, now)
	if len(bad)+len(stand) == 0 {
		return nil // all is well
	}
	if err := b.store.Alarms.Save(ctx, bad, good); err != nil {
		return err
	}
	b.markSaved(bad)
	news, err := b.store.Alarms.QueueNotifications(ctx, now, now.Add(-resolveDelay), b.channelNames())
	if err != nil {
		return err
	}
	for _, n := range news {
		b.logNotification(notificationOf(n))
	}
	return nil
}

// pendingChanges is what the store must learn: what was seen bad, the first time and now and then, and what was seen good of that
// which stands.
func (b *Manager) pendingChanges(stand []store.Alarm, now time.Time) (bad []store.Alarm, good map[string]time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, f := range b.active {
		if !f.savedAt.IsZero() && f.last.Sub(f.savedAt) < saveInterval {
			continue
		}
		kind := notificationOf(store.AlarmNotification{Key: k}).Kind
		a := store.Alarm{Key: k, Detail: f.detail, Since: f.first, Due: f.first.Add(raiseDelay[kind]), Seen: f.last}
		if len(f.notified) > 0 {
			a.NotifiedAt = now
		}
		bad = append(bad, a)
	}
	for _, a := range b.resolved {
		if b.active[a.Key] == nil { // else it has come again
			bad = append(bad, a)
		}
	}
	good = make(map[string]time.Time)
	for _, a := range stand {
		if at, seen := b.cleared[a.Key]; seen {
			good[a.Key] = at
		} else if at, judged := b.clearedKinds[notificationOf(store.AlarmNotification{Key: a.Key}).Kind]; judged && b.active[a.Key] == nil {
			good[a.Key] = at
		}
	}
	return bad, good
}

// markSaved remembers what the store has learnt.
func (b *Manager) markSaved(bad []store.Alarm) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resolved = nil
	for _, a := range bad {
		if f := b.active[a.Key]; f != nil {
			f.savedAt, f.notified = a.Seen, nil
		}
	}
}

func (b *Manager) channelNames() []string {
	var names []string
	for _, c := range b.channels {
		names = append(names, c.Name())
	}
	return names
}

// logNotification tells the log.
func (b *Manager) logNotification(n Notification) {
	if n.Resolved {
		b.log.Info("alarm is over", "alarm", n.Kind, "object", n.Object, "since", n.Since)
		return
	}
	b.log.Error("alarm", "alarm", n.Kind, "object", n.Object, "since", n.Since, "detail", n.Detail)
}

// deliver hands the notes that are due to their channels.
func (b *Manager) deliver(ctx context.Context) error {
	notes, err := b.store.Alarms.ClaimNotifications(ctx, b.now())
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range notes {
		if b.notify(ctx, n) {
			errs = append(errs, b.store.Alarms.DeleteNotification(ctx, n))
		}
	}
	return errors.Join(errs...)
}

// notify tells a note by its channel. Done means that it need not come again.
func (b *Manager) notify(ctx context.Context, n store.AlarmNotification) (done bool) {
	for _, c := range b.channels {
		if c.Name() != n.Channel {
			continue
		}
		err := c.Notify(ctx, notificationOf(n))
		if err == nil {
			return true
		}
		late := b.now().Sub(n.At) > giveUpAfter
		b.log.Warn("alarm could not be told", "channel", n.Channel, "alarm", n.Key, "attempt", n.Attempt, "given_up", late, "err", err)
		return late
	}
	return true // the owner has taken that channel away
}

// notifyWithoutStore tells what this daemon has met while the store does not answer.
func (b *Manager) notifyWithoutStore(ctx context.Context) {
	now := b.now()
	for _, n := range b.unsavedNotifications(now) {
		for _, c := range append([]Channel{logChannel{b}}, b.channels...) {
			if !b.isNotified(n, c) {
				if err := c.Notify(ctx, n); err != nil {
					b.log.Warn("alarm could not be told", "channel", c.Name(), "alarm", key(n.Kind, n.Object), "err", err)
					continue
				}
				b.markNotified(n, c)
			}
		}
	}
}

// unsavedNotifications are the faults that are due and that the store has not taken.
func (b *Manager) unsavedNotifications(now time.Time) (notes []Notification) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, f := range b.active {
		n := notificationOf(store.AlarmNotification{Key: k, Detail: f.detail, Since: f.first, At: now})
		if f.savedAt.IsZero() && now.Sub(f.first) >= raiseDelay[n.Kind] {
			notes = append(notes, n)
		}
	}
	return notes
}

func (b *Manager) isNotified(n Notification, c Channel) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.active[key(n.Kind, n.Object)]
	return f == nil || f.notified[c.Name()]
}

func (b *Manager) markNotified(n Notification, c Channel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.active[key(n.Kind, n.Object)]; f != nil {
		if f.notified == nil {
			f.notified = make(map[string]bool)
		}
		f.notified[c.Name()] = true
	}
}

// logChannel is the log as a channel.
type logChannel struct{ manager *Manager }

func (logChannel) Name() string { return "log" }

func (l logChannel) Notify(_ context.Context, n Notification) error {
	l.manager.logNotification(n)
	return nil
}
