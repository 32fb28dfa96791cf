package digest

import (
	"testing"
	"time"

	"postrider/internal/racetest"
)

func TestQuietHours_EndByLocalTime(t *testing.T) {
	tests := []struct {
		name     string
		quiet    QuietHours
		zone     string
		at, want string // "": not quiet
	}{
		{"over midnight, before it", QuietHours{22, 7}, "Europe/Berlin", "2026-05-04T21:30:00Z", "2026-05-05T05:00:00Z"},
		{"over midnight, after it", QuietHours{22, 7}, "Europe/Berlin", "2026-05-04T23:30:00Z", "2026-05-05T05:00:00Z"},
		{"within a day", QuietHours{9, 17}, "Asia/Tokyo", "2026-05-04T01:00:00Z", "2026-05-04T08:00:00Z"},
		{"the first minute counts", QuietHours{22, 7}, "UTC", "2026-05-04T22:00:00Z", "2026-05-05T07:00:00Z"},
		{"the last minute counts", QuietHours{22, 7}, "UTC", "2026-05-04T06:59:59Z", "2026-05-04T07:00:00Z"},
		{"the end does not", QuietHours{22, 7}, "UTC", "2026-05-04T07:00:00Z", ""},
		{"nor the time before", QuietHours{22, 7}, "UTC", "2026-05-04T21:59:59Z", ""},
		{"none", QuietHours{7, 7}, "UTC", "2026-05-04T07:00:00Z", ""},
		{"end in the hour skipped in spring", QuietHours{22, 2}, "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
		{"one hour shorter in spring", QuietHours{22, 7}, "Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"},
		{"end at the first of the repeated hours in autumn", QuietHours{22, 2}, "Europe/Berlin", "2026-10-24T23:30:00Z", "2026-10-25T00:00:00Z"},
		{"and do not start again", QuietHours{22, 2}, "Europe/Berlin", "2026-10-25T01:30:00Z", ""},
		{"a repeated hour is quiet both times", QuietHours{22, 2}, "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z"},
		{"a clock change of half an hour", QuietHours{22, 2}, "Australia/Lord_Howe", "2026-10-03T15:15:00Z", "2026-10-03T15:30:00Z"},
		{"a clock change of two hours back", QuietHours{22, 2}, "Antarctica/Troll", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			end, quiet := tt.quiet.End(zone(t, tt.zone), at(t, tt.at))
			got := ""
			if quiet {
				got = end.UTC().Format(time.RFC3339)
			}
			if got != tt.want {
				t.Errorf("quiet from %s until %q, want %q", tt.at, got, tt.want)
			}
		})
	}
}

// TestQuietHours_EndInEveryZone checks the days around each clock change of two years in every zone of the tz database.
func TestQuietHours_EndInEveryZone(t *testing.T) {
	racetest.SkipIfRace(t)
	from, until := at(t, "2026-01-01T00:00:00Z"), at(t, "2028-01-01T00:00:00Z")
	for _, name := range allZones(t) {
		loc := zone(t, name)
		around := []time.Time{from.AddDate(0, 0, 100)}
		for when := from; when.Before(until); {
			_, next := when.In(loc).ZoneBounds()
			if next.IsZero() || !next.Before(until) {
				break
			}
			around = append(around, next)
			when = next
		}
		for _, change := range around {
			for _, q := range []QuietHours{{22, 7}, {23, 0}, {0, 1}, {1, 2}, {22, 2}, {2, 3}, {9, 17}} {
				for n := -30 * 6; n < 30*6; n++ {
					wantQuietEnds(t, loc, q, change.Add(time.Duration(n)*10*time.Minute+7*time.Second))
				}
			}
		}
	}
}

func wantQuietEnds(t *testing.T, loc *time.Location, q QuietHours, at time.Time) {
	t.Helper()
	end, quiet := q.End(loc, at)
	switch {
	case quiet != q.contains(at.In(loc).Hour()):
		t.Fatalf("%s %+v: at %v quiet = %t", loc, q, at.In(loc), quiet)
	case !quiet:
	case !end.After(at), end.Sub(at) > 25*time.Hour:
		t.Fatalf("%s %+v: from %v they end at %v", loc, q, at.In(loc), end.In(loc))
	case q.contains(end.In(loc).Hour()):
		t.Fatalf("%s %+v: from %v they end at %v, which is also quiet", loc, q, at.In(loc), end.In(loc))
	case !q.contains(end.Add(-time.Second).In(loc).Hour()):
		t.Fatalf("%s %+v: from %v they end at %v, but were over earlier", loc, q, at.In(loc), end.In(loc))
	}
}
