package digest

import (
	"fmt"
	"slices"
	"time"
)

// Slot is a moment at which an edition is due.
type Slot struct {
	At   time.Time
	Name string // the local day, and for Hourly the hour, that it stands for: "2026-05-04", "2026-05-04T14"
}

// Next is the first slot after a moment, by the clock on the wall in zone. ok is false for Off.
//
// An hour that the clock skips in spring comes at the first instant after the gap, an hour that
// comes twice in autumn at its first instant, so that each local day has exactly one edition.
func (s Schedule) Next(zone *time.Location, after time.Time) (slot Slot, ok bool) {
	// Where the clock skips the hour before midnight (Nuuk), a day's slot comes on the day after it.
	return s.search(zone, after, -1, +1, func(at time.Time) bool { return at.After(after) })
}

// Last is the newest slot at or before a moment. ok is false for Off.
func (s Schedule) Last(zone *time.Location, at time.Time) (slot Slot, ok bool) {
	return s.search(zone, at, 0, -1, func(t time.Time) bool { return !t.After(at) })
}

// maxSearchDays is how many days a search may walk: a month's slot lies at most two months off, and a zone
// may lack a day (Samoa, 30 December 2011).
const maxSearchDays = 64

// search walks the local days from the one of a moment, and returns the first slot that is wanted.
func (s Schedule) search(zone *time.Location, from time.Time, offset, step int, wanted func(time.Time) bool) (Slot, bool) {
	local := from.In(zone)
	for n := range maxSearchDays {
		day := time.Date(local.Year(), local.Month(), local.Day()+offset+n*step, 12, 0, 0, 0, time.UTC)
		if !s.hasSlot(day) {
			continue
		}
		hours := s.hours()
		if step < 0 {
			slices.Reverse(hours)
		}
		for _, hour := range hours {
			if at, exists := localInstant(day, hour, zone); exists && wanted(at) {
				return Slot{At: at, Name: s.slotName(day, hour)}, true
			}
		}
	}
	return Slot{}, false
}

// hasSlot tells whether a local day has a slot.
func (s Schedule) hasSlot(day time.Time) bool {
	switch s.Cadence {
	case Daily, EveryNHours:
		return true
	case Weekly:
		return day.Weekday() == s.Weekday
	case Monthly:
		last := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
		return day.Day() == min(s.Day, last)
	}
	return false
}

// hours lists the local hours of a day's slots, rising.
func (s Schedule) hours() []int {
	if s.Cadence != EveryNHours {
		return []int{s.Hour}
	}
	var hours []int
	for h := s.Hour % s.Every; h < 24; h += s.Every {
		hours = append(hours, h)
	}
	return hours
}

func (s Schedule) slotName(day time.Time, hour int) string {
	if s.Cadence == EveryNHours {
		return fmt.Sprintf("%s%02d", day.Format("2006-01-02T"), hour)
	}
	return day.Format("2006-01-02")
}

// Canonical is the schedule without what its cadence does not read.
func (s Schedule) Canonical() Schedule {
	p := Schedule{Cadence: s.Cadence}
	if s.Cadence != Off {
		p.Hour = s.Hour
	}
	switch s.Cadence {
	case Weekly:
		p.Weekday = s.Weekday
	case Monthly:
		p.Day = s.Day
	case EveryNHours:
		p.Every = s.Every
	}
	return p
}

// Midnight is when a local day begins in zone: at its first instant where clocks skip midnight, or on the next day that
// the zone has.
func Midnight(day time.Time, zone *time.Location) time.Time {
	for {
		if at, exists := localInstant(day, 0, zone); exists {
			return at
		}
		day = day.AddDate(0, 0, 1)
	}
}

// Validate says what is wrong with a schedule.
func (s Schedule) Validate() error {
	switch {
	case s.Cadence == Off:
		return nil
	case s.Hour < 0 || s.Hour > 23:
		return fmt.Errorf("hour is %d: choose 0 to 23", s.Hour)
	}
	switch s.Cadence {
	case Daily:
		return nil
	case Weekly:
		if s.Weekday < time.Sunday || s.Weekday > time.Saturday {
			return fmt.Errorf("weekday is %d: choose 0 (Sunday) to 6 (Saturday)", s.Weekday)
		}
		return nil
	case Monthly:
		if s.Day < 1 || s.Day > 31 {
			return fmt.Errorf("day is %d: choose 1 to 31", s.Day)
		}
		return nil
	case EveryNHours:
		if s.Every < 1 || s.Every > 12 || 24%s.Every != 0 {
			return fmt.Errorf("every is %d: choose 1, 2, 3, 4, 6, 8 or 12 hours", s.Every)
		}
		return nil
	}
	return fmt.Errorf("cadence is %q: choose daily, weekly, monthly, hours or off", s.Cadence)
}
