package daemon

import (
	"testing"
	"time"

	"postrider/store"
)

func TestBaseline_DetectsAnomalousDay(t *testing.T) {
	tests := []struct {
		name  string
		days  []int
		mails int
		odd   bool
	}{
		{"as usual", []int{1000, 1010, 990, 1005}, 1000, false},
		{"a tenth more", []int{1000, 1010, 990, 1005}, 1100, false},
		{"twice as many", []int{1000, 1010, 990, 1005}, 2000, true},
		{"almost none", []int{1000, 1010, 990, 1005}, 10, true},
		{"twice as many, which happened once before", []int{1000, 1010, 2000, 990, 1005}, 2000, true},
		{"many, but days differ", []int{1000, 200, 1800, 600, 1400}, 2000, false},
		{"few on a small forum", []int{30, 40, 35}, 0, false},
		{"many on a small forum", []int{30, 40, 35}, 90, true},
		{"in the third week", []int{1000, 1000}, 9000, false},
		{"in the first week", nil, 9000, false},
	}
	for _, tt := range tests {
		if u := baselineOf(tt.days); u.IsAnomalous(tt.mails) != tt.odd {
			t.Errorf("%s: %d messages after %v: anomalous = %t, with %+v", tt.name, tt.mails, tt.days, !tt.odd, u)
		}
	}
}

// TestAlarms_AnomalousVolume plans a thousand editions each morning of two months, for a forum in a zone with daylight saving time.
func TestAlarms_AnomalousVolume(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	w.set.Digest.Zone = "Europe/Berlin"
	w.restart()
	berlin := w.daemon.calendar.ZoneNamed("Europe/Berlin")
	morning := func(day int) time.Time { return time.Date(2026, 2, day, 8, 0, 0, 0, berlin) }
	plan := func(at time.Time, messages int) {
		if err := w.store.Counts.AddPlanned(t.Context(), at, store.KindDigest, messages); err != nil {
			t.Fatal(err)
		}
	}
	notificationsAt := func(at time.Time) []string {
		w.setTime(at)
		w.daemon.watchdog.checkVolume(t.Context())
		w.daemon.watchdog.flushAlarms(t.Context())
		w.mu.Lock()
		defer w.mu.Unlock()
		notifications := w.notifications
		w.notifications = nil
		return notifications
	}
	day := 1 // of February, continuing into May; the clocks change on 29 March
	for ; day <= 70; day++ {
		plan(morning(day), 1000+10*(day%7))
		for _, hours := range []time.Duration{-7, 0, 1, 12} {
			w.wantAlarms(morning(day).Format("on 2 January"), notificationsAt(morning(day).Add(hours*time.Hour)))
		}
	}
	plan(morning(day), 3000)
	w.wantAlarms("on the morning of a double day", notificationsAt(morning(day).Add(time.Minute)), "raised volume digest: today: 3000 digests planned, on the same weekday of the last 8 weeks about 10")
	day++
	plan(morning(day), 1000)
	w.wantAlarms("the day after", notificationsAt(morning(day)), "resolved volume digest")
	day += 2 // skip a day
	plan(morning(day), 1000)
	w.wantAlarms("after a day without", notificationsAt(morning(day)), "raised volume digest: yesterday: 0 digests planned")
}
