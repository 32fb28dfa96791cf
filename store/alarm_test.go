package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"postrider/store"
)

// listNotifications describes notifications as strings for comparison.
func listNotifications(notes []store.AlarmNotification) (list []string) {
	for _, n := range notes {
		word := "begins"
		if n.Resolved {
			word = "over"
		}
		list = append(list, fmt.Sprintf("%s %s %s: %s", n.Key, word, n.Channel, n.Detail))
	}
	return list
}

// failedCheck returns an alarm that started and was last seen at a time, and is due for notification after a delay.
func failedCheck(key, detail string, at time.Time, after time.Duration) store.Alarm {
	return store.Alarm{Key: key, Detail: detail, Since: at, Due: at.Add(after), Seen: at}
}

const calm = 10 * time.Minute

func TestAlarms_NotifyAtStartAndEnd(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		notifications := func(at time.Time) []string {
			return listNotifications(must(s.Alarms.QueueNotifications(t.Context(), at, at.Add(-calm), []string{"mail"}))(t))
		}
		check(t, s.Alarms.Save(t.Context(), []store.Alarm{failedCheck("relay", "refused", now, time.Minute)}, nil))
		equal(t, "before it is due", notifications(now), nil)
		equal(t, "when it is due", notifications(now.Add(time.Minute)), []string{"relay begins : refused"})
		equal(t, "after that", notifications(now.Add(2*time.Minute)), nil)

		check(t, s.Alarms.Save(t.Context(), []store.Alarm{failedCheck("relay", "timed out", now.Add(3*time.Minute), time.Minute)}, nil))
		equal(t, "fails again", notifications(now.Add(5*time.Minute)), nil)
		a := must(s.Alarms.All(t.Context()))(t)[0]
		equal(t, "its start", a.Since, now)
		equal(t, "the last detail", a.Detail, "timed out")
		equal(t, "when it was last seen", a.Seen, now.Add(3*time.Minute))

		equal(t, "no check for a long time", notifications(now.Add(time.Hour)), nil)
		check(t, s.Alarms.Save(t.Context(), nil, map[string]time.Time{"relay": now.Add(4 * time.Minute), "forum": now}))
		equal(t, "passed, but not quiet for long enough", notifications(now.Add(3*time.Minute+calm)), nil)
		equal(t, "quiet for long enough", notifications(now.Add(4*time.Minute+calm)), []string{"relay over : timed out"})
		equal(t, "active alarms", len(must(s.Alarms.All(t.Context()))(t)), 0)
	})
}

func TestAlarms_SkipBriefFailures(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Alarms.Save(t.Context(), []store.Alarm{failedCheck("relay", "refused", now, time.Minute)}, nil))
		check(t, s.Alarms.Save(t.Context(), nil, map[string]time.Time{"relay": now.Add(time.Second)}))
		for _, at := range []time.Duration{time.Minute, time.Hour} {
			equal(t, "notifications", len(must(s.Alarms.QueueNotifications(t.Context(), now.Add(at), now.Add(at-calm), nil))(t)), 0)
		}
		equal(t, "active alarms", len(must(s.Alarms.All(t.Context()))(t)), 0)
	})
}

func TestAlarms_RetryNotificationsUntilDeleted(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Alarms.Save(t.Context(), []store.Alarm{failedCheck("relay", "refused", now, 0), failedCheck("held a.example", "5.7.1", now, 0)}, nil))
		must(s.Alarms.QueueNotifications(t.Context(), now, now, []string{"mail", "webhook"}))(t)
		take := func(at time.Time) []store.AlarmNotification {
			return must(s.Alarms.ClaimNotifications(t.Context(), at))(t)
		}
		notes := take(now)
		equal(t, "the first time", listNotifications(notes), []string{
			"held a.example begins mail: 5.7.1", "held a.example begins webhook: 5.7.1",
			"relay begins mail: refused", "relay begins webhook: refused",
		})
		for _, n := range notes[1:] {
			check(t, s.Alarms.DeleteNotification(t.Context(), n))
		}
		attempts := 1
		var waited []time.Duration
		for at, last := now, now; attempts < 5; at = at.Add(time.Second) {
			if again := take(at); len(again) == 1 {
				attempts++
				equal(t, "attempt", again[0].Attempt, attempts)
				waited = append(waited, at.Sub(last))
				last = at
			}
		}
		equal(t, "waited", waited, []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute})
	})
}

func TestAlarms_OneDaemonNotifies(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Alarms.Save(t.Context(), []store.Alarm{failedCheck("relay", "refused", now, 0)}, nil))
		var mu sync.Mutex
		queued, taken := 0, 0
		var daemons sync.WaitGroup
		for range 8 {
			daemons.Go(func() {
				news, err := s.Alarms.QueueNotifications(t.Context(), now, now, []string{"mail"})
				notes, err2 := s.Alarms.ClaimNotifications(t.Context(), now)
				mu.Lock()
				defer mu.Unlock()
				if queued, taken = queued+len(news), taken+len(notes); err != nil || err2 != nil {
					t.Error(err, err2)
				}
			})
		}
		daemons.Wait()
		equal(t, "notifications", queued, 1)
		equal(t, "claimed", taken, 1)
	})
}
