package digest

import (
	"testing"
	"time"
)

func TestWeekendsOff_MovesSlotsToMonday(t *testing.T) {
	for _, tt := range []struct {
		name        string
		schedule    Schedule
		zone        string
		after, want string
	}{
		{"daily", Schedule{Cadence: Daily, Hour: 8}, "UTC", "2026-05-08T08:00:00Z", "2026-05-11T08:00:00Z"},
		{"every few hours", Schedule{Cadence: EveryNHours, Every: 12, Hour: 8}, "UTC", "2026-05-08T20:00:00Z", "2026-05-11T08:00:00Z"},
		{"every hour", Schedule{Cadence: EveryNHours, Every: 1, Hour: 8}, "UTC", "2026-05-08T23:00:00Z", "2026-05-11T08:00:00Z"},
		{"every hour, after that of Monday", Schedule{Cadence: EveryNHours, Every: 1, Hour: 8}, "UTC", "2026-05-11T08:00:00Z", "2026-05-11T09:00:00Z"},
		{"every hour, through the night to Tuesday", Schedule{Cadence: EveryNHours, Every: 1, Hour: 8}, "UTC", "2026-05-11T23:00:00Z", "2026-05-12T00:00:00Z"},
		{"every six hours", Schedule{Cadence: EveryNHours, Every: 6, Hour: 8}, "UTC", "2026-05-08T20:00:00Z", "2026-05-11T08:00:00Z"},
		{"weekly on Saturday", Schedule{Cadence: Weekly, Weekday: time.Saturday, Hour: 8}, "UTC", "2026-05-05T00:00:00Z", "2026-05-11T08:00:00Z"},
		{"weekly on Monday", Schedule{Cadence: Weekly, Weekday: time.Monday, Hour: 8}, "UTC", "2026-05-05T00:00:00Z", "2026-05-11T08:00:00Z"},
		{"weekly on Tuesday", Schedule{Cadence: Weekly, Weekday: time.Tuesday, Hour: 8}, "UTC", "2026-05-08T00:00:00Z", "2026-05-12T08:00:00Z"},
		{"monthly on a Sunday", Schedule{Cadence: Monthly, Day: 10, Hour: 8}, "UTC", "2026-05-05T00:00:00Z", "2026-05-11T08:00:00Z"},
		{"clocks go forward on Sunday", Schedule{Cadence: Daily, Hour: 8}, "Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-30T06:00:00Z"},
		{"clocks go back on Sunday", Schedule{Cadence: Daily, Hour: 8}, "Europe/Berlin", "2026-10-23T12:00:00Z", "2026-10-26T07:00:00Z"},
		{"by the local day", Schedule{Cadence: Daily, Hour: 8}, "Asia/Tokyo", "2026-05-10T00:00:00Z", "2026-05-10T23:00:00Z"},
	} {
		tt.schedule.WeekendsOff = true
		slot, ok := tt.schedule.Next(zone(t, tt.zone), at(t, tt.after))
		if got := slot.At.UTC().Format(time.RFC3339); !ok || got != tt.want {
			t.Errorf("%s: the slot is at %s, want %s", tt.name, got, tt.want)
		}
		if last, ok := tt.schedule.Last(zone(t, tt.zone), slot.At); !ok || !last.At.Equal(slot.At) || last.Name != slot.Name {
			t.Errorf("%s: the last slot at %s is %v", tt.name, tt.want, last)
		}
	}
}

func TestWeekendEnd_IsMondayAtTheLocalHour(t *testing.T) {
	for _, tt := range []struct{ zone, at, want string }{
		{"UTC", "2026-05-08T23:59:59Z", ""},
		{"UTC", "2026-05-09T00:00:00Z", "2026-05-11T08:00:00Z"},
		{"UTC", "2026-05-10T23:59:59Z", "2026-05-11T08:00:00Z"},
		{"UTC", "2026-05-11T00:00:00Z", ""},
		{"America/New_York", "2026-05-09T03:00:00Z", ""}, // Friday there
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T06:00:00Z"},
		{"Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T07:00:00Z"},
	} {
		end, weekend := WeekendEnd(zone(t, tt.zone), 8, at(t, tt.at))
		got := ""
		if weekend {
			got = end.UTC().Format(time.RFC3339)
		}
		if got != tt.want {
			t.Errorf("in %s at %s the weekend ends at %q, want %q", tt.zone, tt.at, got, tt.want)
		}
	}
}
