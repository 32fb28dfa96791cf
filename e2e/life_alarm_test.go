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
		if c.isRelay() && c.felt.IsZero() && !now.Before(c.from) && now.Before(c.until) {
			c.felt = l.relay.firstFailure()
		}
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
		if !slices.ContainsFunc(l.causes, func(c *cause) bool { return c.mayRaise(kind) && !now.Before(c.from) }) {
			l.fault("alarm %s is active without a cause", kind)
		}
	}
}

// inTrouble reports whether an alarm is active.
func (l *life) inTrouble() bool {
	return slices.ContainsFunc(l.causes, func(c *cause) bool { return !c.raised.IsZero() && c.resolved.IsZero() })
}

// isRelay reports whether the cause is a fault of the relay. The daemon notices it with the next message only.
func (c *cause) isRelay() bool {
	return slices.Contains(c.kinds, alarm.Relay) || slices.Contains(c.kinds, alarm.Quota)
}

// mayRaise reports whether the cause may raise an alarm. Messages pile up behind many faults.
func (c *cause) mayRaise(kind alarm.Kind) bool {
	return slices.Contains(c.kinds, kind) || kind == alarm.Queue
}

// noticed returns when the daemon could notice the fault; zero: never.
func (c *cause) noticed() time.Time {
	if c.isRelay() {
		return c.felt
	}
	return c.from
}

// checkAlarms checks that each long fault raised an alarm soon, and that no alarm stays.
func (l *life) checkAlarms() {
	l.Helper()
	for _, c := range l.causes {
		noticed := c.noticed()
		if len(c.kinds) == 0 || noticed.IsZero() || c.until.Sub(noticed) < 5*time.Minute {
			continue
		}
		if c.raised.IsZero() || c.raised.Sub(noticed) > 3*time.Minute {
			l.fault("%s, noticed at %s: %s, want an alarm within three minutes", c.name, noticed.Format(time.TimeOnly), c.alarmText())
		}
		if c.resolved.IsZero() {
			l.fault("%s until %s: %s, want it resolved", c.name, c.until.Format(time.TimeOnly), c.alarmText())
		}
	}
}
