package alarm

import (
	"context"
	"errors"
	"time"

	"postrider/store"
)

// Flush saves the detected problems and sends new notifications. An error means that the store is unavailable. Flush then
// notifies of the problems that this daemon has detected itself.
func (m *Manager) Flush(ctx context.Context) error {
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	err := m.sync(ctx)
	if err == nil {
		err = m.deliver(ctx)
	}
	if err != nil && ctx.Err() == nil {
		m.Raise(Store, "", err.Error())
		m.notifyWithoutStore(ctx)
	}
	return err
}

// sync brings the store up to date and queues new notifications.
func (m *Manager) sync(ctx context.Context) error {
	saved, err := m.store.All(ctx)
	if err != nil {
		return err
	}
	now := m.now()
	raised, cleared := m.pendingChanges(saved, now)
	if len(raised)+len(saved) == 0 {
		return nil // no problems, old or new
	}
	if err := m.store.Save(ctx, raised, cleared); err != nil {
		return err
	}
	m.markSaved(raised)
	news, err := m.store.QueueNotifications(ctx, now, now.Add(-resolveDelay), m.channelNames())
	if err != nil {
		return err
	}
	for _, n := range news {
		m.logNotification(notificationOf(n))
	}
	return nil
}

// pendingChanges returns what to save in the store: problems that are new or were last saved a while ago, and the successes of
// active alarms.
func (m *Manager) pendingChanges(saved []store.Alarm, now time.Time) (raised []store.Alarm, cleared map[string]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, f := range m.active {
		if !f.savedAt.IsZero() && f.last.Sub(f.savedAt) < saveInterval {
			continue
		}
		kind := notificationOf(store.AlarmNotification{Key: k}).Kind
		a := store.Alarm{Key: k, Detail: f.detail, Since: f.first, Due: f.first.Add(raiseDelay[kind]), Seen: f.last}
		if len(f.notified) > 0 {
			a.NotifiedAt = now
		}
		raised = append(raised, a)
	}
	for _, a := range m.resolved {
		if m.active[a.Key] == nil { // otherwise the problem is back
			raised = append(raised, a)
		}
	}
	cleared = make(map[string]time.Time)
	for _, a := range saved {
		if at, seen := m.cleared[a.Key]; seen {
			cleared[a.Key] = at
		} else if at, judged := m.clearedKinds[notificationOf(store.AlarmNotification{Key: a.Key}).Kind]; judged && m.active[a.Key] == nil {
			cleared[a.Key] = at
		}
	}
	return raised, cleared
}

// markSaved records what the store has saved.
func (m *Manager) markSaved(raised []store.Alarm) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resolved = nil
	for _, a := range raised {
		if f := m.active[a.Key]; f != nil {
			f.savedAt, f.notified = a.Seen, nil
		}
	}
}

func (m *Manager) channelNames() []string {
	var names []string
	for _, c := range m.channels {
		names = append(names, c.Name())
	}
	return names
}

func (m *Manager) logNotification(n Notification) {
	if n.Resolved {
		m.log.Info("alarm resolved", "alarm", n.Kind, "object", n.Object, "since", n.Since)
		return
	}
	m.log.Error("alarm", "alarm", n.Kind, "object", n.Object, "since", n.Since, "detail", n.Detail)
}

// deliver sends the notifications that are due to their channels.
func (m *Manager) deliver(ctx context.Context) error {
	notes, err := m.store.ClaimNotifications(ctx, m.now())
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range notes {
		if m.notify(ctx, n) {
			errs = append(errs, m.store.DeleteNotification(ctx, n))
		}
	}
	return errors.Join(errs...)
}

// notify sends a notification to its channel and reports whether it is done: sent, expired, or its channel no longer exists.
func (m *Manager) notify(ctx context.Context, n store.AlarmNotification) (done bool) {
	for _, c := range m.channels {
		if c.Name() != n.Channel {
			continue
		}
		err := c.Notify(ctx, notificationOf(n))
		if err == nil {
			return true
		}
		late := m.now().Sub(n.At) > giveUpAfter
		m.log.Warn("cannot send alarm notification", "channel", n.Channel, "alarm", n.Key, "attempt", n.Attempt, "given_up", late, "err", err)
		return late
	}
	return true // the channel was removed from the configuration
}

// notifyWithoutStore notifies of the problems that this daemon has detected while the store is unavailable.
func (m *Manager) notifyWithoutStore(ctx context.Context) {
	now := m.now()
	for _, n := range m.unsavedNotifications(now) {
		for _, c := range append([]Channel{logChannel{m}}, m.channels...) {
			if !m.isNotified(n, c) {
				if err := c.Notify(ctx, n); err != nil {
					m.log.Warn("cannot send alarm notification", "channel", c.Name(), "alarm", key(n.Kind, n.Object), "err", err)
					continue
				}
				m.markNotified(n, c)
			}
		}
	}
}

// unsavedNotifications returns notifications of the due problems that are not saved in the store.
func (m *Manager) unsavedNotifications(now time.Time) (notes []Notification) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, f := range m.active {
		n := notificationOf(store.AlarmNotification{Key: k, Detail: f.detail, Since: f.first, At: now})
		if f.savedAt.IsZero() && now.Sub(f.first) >= raiseDelay[n.Kind] {
			notes = append(notes, n)
		}
	}
	return notes
}

func (m *Manager) isNotified(n Notification, c Channel) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.active[key(n.Kind, n.Object)]
	return f == nil || f.notified[c.Name()]
}

func (m *Manager) markNotified(n Notification, c Channel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.active[key(n.Kind, n.Object)]; f != nil {
		if f.notified == nil {
			f.notified = make(map[string]bool)
		}
		f.notified[c.Name()] = true
	}
}

// logChannel is the log as a Channel.
type logChannel struct{ manager *Manager }

func (logChannel) Name() string { return "log" }

func (l logChannel) Notify(_ context.Context, n Notification) error {
	l.manager.logNotification(n)
	return nil
}
