package e2e

import (
	"slices"
	"time"

	"postrider/alarm"
)

// observeAlarms records when alarms are raised and resolved.
func (l *life) observeAlarms() {
	list, err := l.store.Alarms.All(l.Context())
	if err != nil {
		return // the store is down
	}
	active := map[alarm.Kind]bool{}
	for _, a := range list {
		kind, _ := alarm.ParseKey(a.Key)
		if !a.NotifiedAt.IsZero() {
			active[kind] = true
		}
	}
	now := l.clock()
	for _, c := range l.causes {
		raised := slices.ContainsFunc(c.kinds, func(k alarm.Kind) bool { return active[k] })
		switch {
		case now.Before(c.from):
		case raised && c.raised.IsZero() && now.Before(c.until.Add(time.Minute)):
			c.raised = now
		case !raised && !c.raised.IsZero() && c.resolved.IsZero():
			c.resolved = now
		}
	}
	for kind := range active {
		if !slices.ContainsFunc(l.causes, func(c *cause) bool { return slices.Contains(c.kinds, kind) && !now.Before(c.from) }) {
			l.fault("alarm %s is active without a cause", kind)
		}
	}
}

// inTrouble reports whether an alarm is active.
func (l *life) inTrouble() bool {
	return slices.ContainsFunc(l.causes, func(c *cause) bool { return !c.raised.IsZero() && c.resolved.IsZero() })
}

// checkAlarms checks that each long fault raised an alarm soon, and that no alarm stays.
func (l *life) checkAlarms() {
	l.Helper()
	for _, c := range l.causes {
		if len(c.kinds) == 0 || c.until.Sub(c.from) < 5*time.Minute {
			continue
		}
		if c.raised.IsZero() || c.raised.Sub(c.from) > 3*time.Minute {
			l.fault("%s from %s: %s, want an alarm within three minutes", c.name, c.from.Format(time.TimeOnly), c.alarmText())
		}
		if c.resolved.IsZero() {
			l.fault("%s until %s: %s, want it resolved", c.name, c.until.Format(time.TimeOnly), c.alarmText())
		}
	}
}
