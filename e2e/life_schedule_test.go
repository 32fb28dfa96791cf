package e2e

import (
	"slices"
	"time"

	"postrider/alarm"
)

// during starts a fault at a minute and ends it some minutes later.
func (l *life) during(name string, minute, minutes int, start, end func(), kinds ...alarm.Kind) {
	c := &cause{name: name, kinds: kinds, from: l.began.Add(time.Duration(minute) * time.Minute)}
	c.until = c.from.Add(time.Duration(minutes) * time.Minute)
	l.causes = append(l.causes, c)
	l.steps[minute] = append(l.steps[minute], start)
	l.steps[minute+minutes] = append(l.steps[minute+minutes], end)
}

// at plans a step at a minute.
func (l *life) at(minute int, step func()) { l.steps[minute] = append(l.steps[minute], step) }

// whileSending restarts a part at a minute, as soon as the relay has received a message.
func (l *life) whileSending(name string, minute int, restart func(), kinds ...alarm.Kind) {
	quit, done := make(chan struct{}), make(chan struct{})
	l.during(name, minute, 1, func() {
		before := len(l.relay.messages())
		l.relay.set(relaySlow)
		go func() {
			defer close(done)
			for len(l.relay.messages()) == before {
				select {
				case <-quit:
					return
				case <-time.After(time.Millisecond):
				}
			}
			restart()
			l.restarts++
		}()
	}, func() {
		close(quit)
		<-done
		l.relay.set(relayWorks)
	}, kinds...)
}

// forumUp reports whether the forum can be written.
func (l *life) forumUp() bool {
	return !slices.ContainsFunc(l.causes, func(c *cause) bool {
		return (c.name == "MariaDB stopped" || c.name == "table locked") && !l.clock().Before(c.from) && l.clock().Before(c.until)
	})
}

// schedule plans the faults of the eight hours.
func (l *life) schedule() {
	r := l.forumModel.random
	at := func(minute int) int { return minute + r.IntN(10) }
	relay := func(mode relayMode) func() { return func() { l.relay.set(mode) } }
	l.during("column renamed", at(20), 20, func() {
		l.exec("ALTER TABLE mybb_threads RENAME COLUMN closed TO is_closed")
	}, func() { l.exec("ALTER TABLE mybb_threads RENAME COLUMN is_closed TO closed") }, alarm.SelfCheck, alarm.Forum)
	l.during("MariaDB stopped", at(70), 7, l.mariadb.Stop, l.mariadb.Start, alarm.Forum)
	l.during("relay down", at(130), 20, relay(relayDown), relay(relayWorks), alarm.Relay)
	l.during("relay greets with 421", at(210), 12, relay(relayGreets421), relay(relayWorks), alarm.Relay)
	l.during("relay defers", at(250), 10, relay(relayDefers), relay(relayWorks))
	l.during("MariaDB stopped", at(330), 7, l.mariadb.Stop, l.mariadb.Start, alarm.Forum)
	l.during("relay limits its rate", 357, 7, relay(relayLimits), relay(relayWorks))
	l.during("relay has a quota", at(272), 8, relay(relayQuota), func() {
		l.relay.set(relayWorks)
		l.restart() // otherwise the daemon rests for 15 minutes of the real clock
	}, alarm.Quota)
	l.during("relay slow", at(365), 10, relay(relaySlow), relay(relayWorks))
	l.during("relay drops", at(385), 3, relay(relayDrops), relay(relayWorks), alarm.Relay)
	l.during("table locked", at(170), 1, l.lockTable, func() {})
	l.at(at(60), l.restart)
	l.at(at(300), l.rejectMembers)
	for _, hour := range []int{2, 4, 7} { // digests are due
		l.at(60*hour, l.killDaemon)
	}
	for minute := 5; minute < lifeMinutes; minute += 60 {
		l.at(at(minute), func() {
			if l.forumUp() {
				l.changePreferences()
			}
		})
		l.at(at(minute+40), l.unsubscribe)
	}
	l.during("store restarted", at(200), 1, l.postgres.Restart, func() {}, alarm.Store)
	l.during("store stopped", 317, 4, l.postgres.Crash, l.postgres.Restart, alarm.Store)
	l.whileSending("MariaDB restarted while messages are sent", 60, func() { l.mariadb.Stop(); l.mariadb.Start() }, alarm.Forum)
	l.whileSending("store restarted while messages are sent", 180, l.postgres.Restart, alarm.Store)
}
