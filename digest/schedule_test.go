package digest

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"postrider/internal/racetest"
)

func dailyAt(hour int) Schedule { return Schedule{Cadence: Daily, Hour: hour} }

func TestSchedule_Next(t *testing.T) {
	tests := []struct {
		name     string
		schedule Schedule
		zone     string
		after    string
		want     string
		slot     string
	}{
		{"later today", dailyAt(8), "Europe/Berlin", "2026-05-04T05:59:59Z", "2026-05-04T06:00:00Z", "2026-05-04"},
		{"a slot is not after itself", dailyAt(8), "Europe/Berlin", "2026-05-04T06:00:00Z", "2026-05-05T06:00:00Z", "2026-05-05"},
		{"an hour skipped in spring is due at the end of the gap", dailyAt(2), "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08"},
		{"a repeated hour in autumn is due the first time", dailyAt(1), "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T05:00:00Z", "2026-11-01"},
		{"and not the second time", dailyAt(1), "America/New_York", "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z", "2026-11-02"},
		{"midnight skipped in spring", dailyAt(0), "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-06"},
		{"a gap of half an hour", dailyAt(2), "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z", "2026-10-04"},
		{"a gap that ends at midnight", dailyAt(23), "America/Nuuk", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-28"},
		{"a day that the zone skipped has no slot", dailyAt(8), "Pacific/Apia", "2011-12-29T20:00:00Z", "2011-12-30T18:00:00Z", "2011-12-31"},
		{"an offset of a quarter of an hour", dailyAt(8), "Asia/Kathmandu", "2026-05-04T00:00:00Z", "2026-05-04T02:15:00Z", "2026-05-04"},
		{"weekly", Schedule{Cadence: Weekly, Hour: 7, Weekday: time.Monday}, "UTC", "2026-05-04T07:00:00Z", "2026-05-11T07:00:00Z", "2026-05-11"},
		{"monthly on a day that the month does not have: its last day", Schedule{Cadence: Monthly, Hour: 7, Day: 31}, "UTC", "2026-02-01T00:00:00Z", "2026-02-28T07:00:00Z", "2026-02-28"},
		{"every six hours, counted from seven", Schedule{Cadence: EveryNHours, Hour: 7, Every: 6}, "UTC", "2026-05-04T07:00:00Z", "2026-05-04T13:00:00Z", "2026-05-04T13"},
		{"every six hours, past midnight", Schedule{Cadence: EveryNHours, Hour: 7, Every: 6}, "UTC", "2026-05-04T19:30:00Z", "2026-05-05T01:00:00Z", "2026-05-05T01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.schedule.Next(zone(t, tt.zone), at(t, tt.after))
			if want := at(t, tt.want); !ok || !got.At.Equal(want) || got.Name != tt.slot {
				t.Errorf("Next(%s) = %v %q, want %v %q", tt.after, got.At.UTC(), got.Name, want, tt.slot)
			}
			last, ok := tt.schedule.Last(zone(t, tt.zone), got.At)
			if !ok || !last.At.Equal(got.At) || last.Name != got.Name {
				t.Errorf("Last(%v) = %v, want the slot itself", got, last)
			}
		})
	}
}

func TestSchedule_OffHasNoSlot(t *testing.T) {
	if slot, ok := (Schedule{Cadence: Off}).Next(time.UTC, at(t, "2026-05-04T00:00:00Z")); ok {
		t.Errorf("Next = %v, want none", slot)
	}
}

// TestSchedule_OneEditionEachLocalDay checks 400 days in every zone of the tz database, for hours
// that are in gaps and overlaps in some zone.
func TestSchedule_OneEditionEachLocalDay(t *testing.T) {
	racetest.SkipIfRace(t)
	start := at(t, "2026-01-01T12:00:00Z")
	for _, name := range allZones(t) {
		loc := zone(t, name)
		for _, hour := range []int{0, 1, 2, 3, 8, 22, 23} {
			wantOneEditionADay(t, loc, dailyAt(hour), start)
		}
	}
}

func wantOneEditionADay(t *testing.T, loc *time.Location, s Schedule, start time.Time) {
	t.Helper()
	slot, _ := s.Last(loc, start)
	for range 400 {
		next, ok := s.Next(loc, slot.At)
		if !ok || !next.At.After(slot.At) {
			t.Fatalf("%s %+v: Next(%v) = %v, %v: does not advance", loc, s, slot.At, next, ok)
		}
		today, _ := time.Parse(time.DateOnly, slot.Name)
		if want := today.AddDate(0, 0, 1).Format(time.DateOnly); next.Name != want {
			t.Fatalf("%s %+v: the edition after %s is %s, want %s", loc, s, slot.Name, next.Name, want)
		}
		if h := next.At.In(loc); h.Hour() != s.Hour && !afterGap(next.At) {
			t.Fatalf("%s %+v: edition %s is due at %v, which is neither its hour nor the end of a gap", loc, s, next.Name, h)
		}
		if twin := next.At.Add(-time.Hour); twin.In(loc).Format("15:04 2006-01-02") == next.At.In(loc).Format("15:04 2006-01-02") {
			t.Fatalf("%s %+v: edition %s is due at the second of two repeated hours", loc, s, next.Name)
		}
		slot = next
	}
}

// afterGap reports whether clocks jumped forward to t.
func afterGap(t time.Time) bool {
	_, before := t.Add(-time.Second).Zone()
	_, after := t.Zone()
	return after > before
}

// allZones returns the names of all zones in the tz database that Go ships.
func allZones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatalf("opening the tz database: %v", err)
	}
	defer archive.Close()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	if len(names) < 400 {
		t.Fatalf("the tz database has %d zones, want all of them", len(names))
	}
	return names
}

func TestSchedule_HourlyEditionsStayInOrderThroughClockChanges(t *testing.T) {
	racetest.SkipIfRace(t)
	for _, every := range []int{1, 2, 3, 4, 6, 8, 12} {
		s := Schedule{Cadence: EveryNHours, Every: every}
		for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Nuuk"} {
			slot, _ := s.Last(zone(t, name), at(t, "2026-01-01T00:00:00Z"))
			seen := map[string]bool{}
			for range 400 * 24 / every {
				next, _ := s.Next(zone(t, name), slot.At)
				if wait := next.At.Sub(slot.At); wait <= 0 || wait > time.Duration(every+1)*time.Hour {
					t.Fatalf("%s every %d h: %v after %v", name, every, next, slot)
				}
				if seen[next.Name] {
					t.Fatalf("%s every %d h: %s is due twice", name, every, next.Name)
				}
				seen[next.Name] = true
				slot = next
			}
		}
	}
}

func TestSchedule_ValidateNamesTheValidValues(t *testing.T) {
	tests := []struct {
		schedule Schedule
		want     string
	}{
		{dailyAt(24), "0 to 23"},
		{Schedule{Cadence: Weekly, Weekday: 7}, "Saturday"},
		{Schedule{Cadence: Monthly}, "1 to 31"},
		{Schedule{Cadence: EveryNHours, Every: 5}, "1, 2, 3, 4, 6, 8 or 12"},
		{Schedule{Cadence: "yearly"}, "daily, weekly"},
	}
	for _, tt := range tests {
		if err := tt.schedule.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error is %v, want one with %q", tt.schedule, err, tt.want)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}
