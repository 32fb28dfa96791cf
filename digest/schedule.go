package digest

import (
	"fmt"
	"slices"
	"time"

	"postrider/forum"
)

// Slot is a moment at which an edition is due.
type Slot struct {
	At   time.Time
	Name string // the local day, and for EveryNHours the hour: "2026-05-04", "2026-05-04T14"
}

// Next returns the first slot after a time, in local time of zone. ok is false for Off.
//
// An hour that is skipped in spring falls on the first instant after the gap. An hour that occurs twice in autumn counts
// the first time. So each local day has exactly one edition.
func (s Schedule) Next(zone *time.Location, after time.Time) (slot Slot, ok bool) {
	// If the clock skips the hour before midnight (Nuuk), a day's slot falls on the following day.
	return s.search(zone, after, -1, +1, func(at time.Time) bool { return at.After(after) })
}

// Last returns the latest slot at or before a time. ok is false for Off.
func (s Schedule) Last(zone *time.Location, at time.Time) (slot Slot, ok bool) {
	return s.search(zone, at, 0, -1, func(t time.Time) bool { return !t.After(at) })
}

// maxSearchDays limits a search: a monthly slot is at most two months away, and a zone may skip a day (Samoa,
// 30 December 2011).
const maxSearchDays = 64

// search goes through the local days, starting at the day of from plus offset, and returns the first slot that is wanted.
func (s Schedule) search(zone *time.Location, from time.Time, offset, step int, wanted func(time.Time) bool) (Slot, bool) {
	local := from.In(zone)
	for n := range maxSearchDays {
		day := time.Date(local.Year(), local.Month(), local.Day()+offset+n*step, 12, 0, 0, 0, time.UTC)
		if !s.hasSlot(day) {
			continue
		}
		hours := s.hours(day)
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

// hasSlot reports whether a local day has a slot, perhaps that of a weekend.
func (s Schedule) hasSlot(day time.Time) bool {
	switch {
	case !s.WeekendsOff || !isWeekend(day) && day.Weekday() != time.Monday:
		return s.isDue(day)
	case isWeekend(day):
		return false
	}
	return s.isDue(day) || s.isDue(day.AddDate(0, 0, -1)) || s.isDue(day.AddDate(0, 0, -2))
}

// isDue reports whether the cadence has a slot on a local day, whatever day of the week it is.
func (s Schedule) isDue(day time.Time) bool {
	switch s.Cadence {
	case Daily, EveryNHours:
		return true
	case Weekly:
		return day.Weekday() == s.Weekday
	case EveryTwoWeeks:
		return day.Weekday() == s.Weekday && evenWeek(day)
	case Monthly:
		last := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
		return day.Day() == min(s.Day, last)
	}
	return false
}

// evenWeek reports whether a day is in one of the weeks with slots of EveryTwoWeeks: those with an even number, from Monday to Sunday, counted
// without regard to years. ISO weeks would not do: a week 53 and a week 1 follow each other.
func evenWeek(day time.Time) bool {
	const fromThursday = 3 // days from Monday to 1 January 1970
	return (day.Unix()/(24*60*60)+fromThursday)/7%2 == 0
}

// hours lists the local hours of a day's slots, ascending. A free weekend ends on Monday at the schedule's hour, as for alerts.
func (s Schedule) hours(day time.Time) []int {
	if s.Cadence != EveryNHours {
		return []int{s.Hour}
	}
	first := s.Hour % s.Every
	if s.WeekendsOff && day.Weekday() == time.Monday {
		first = s.Hour
	}
	var hours []int
	for h := first; h < 24; h += s.Every {
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

// Origin says who decided when a member's digests come.
type Origin string

const (
	FromMember Origin = "here"  // the member, here
	FromAdmin  Origin = "admin" // an administrator, for the member
	FromForum  Origin = "forum" // the member, in the forum's own settings
	FromSite   Origin = "site"  // the configuration
)

// ScheduleOf returns when a member's digests are due, and who decided it. own is what they chose here, nil: nothing. atForum is what
// they chose on the forum. site is the default. zone is the member's, and at is about when the next digest is due: an hour on
// the forum is one in UTC.
func ScheduleOf(own *Schedule, atForum forum.DigestChoice, site Schedule, zone *time.Location, at time.Time) (Schedule, Origin) {
	switch {
	case own != nil:
		return *own, FromMember
	case atForum == "":
		return site, FromSite
	}
	s := site
	switch f := atForum.Frequency(); f {
	case forum.HourlyDigests:
		s.Cadence, s.Every = EveryNHours, 1
	default: // the others have the names of cadences
		s.Cadence = Cadence(f)
	}
	if hour, chosen := atForum.Hour(); chosen {
		day := at.UTC()
		s.Hour = time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, time.UTC).In(zone).Hour()
	}
	return s, FromForum
}

// DigestSchedule returns when the digests of a member with these preferences are due, and who decided it; see [ScheduleOf].
func (c Preferences) DigestSchedule(atForum forum.DigestChoice, site Schedule, zone *time.Location, at time.Time) (Schedule, Origin) {
	s, origin := ScheduleOf(c.Schedule, atForum, site, zone, at)
	if origin == FromMember && c.SetByAdmin {
		origin = FromAdmin
	}
	return s, origin
}

// Canonical returns the schedule without the fields that its cadence ignores.
func (s Schedule) Canonical() Schedule {
	p := Schedule{Cadence: s.Cadence}
	if s.Cadence != Off {
		p.Hour = s.Hour
	}
	switch s.Cadence {
	case Weekly, EveryTwoWeeks:
		p.Weekday = s.Weekday
	case Monthly:
		p.Day = s.Day
	case EveryNHours:
		p.Every = s.Every
	}
	return p
}

// Midnight returns when a local day begins in zone. If clocks skip midnight, that is the first instant of the day; if
// the zone skips the day, it is the beginning of the next one.
func Midnight(day time.Time, zone *time.Location) time.Time {
	for {
		if at, exists := localInstant(day, 0, zone); exists {
			return at
		}
		day = day.AddDate(0, 0, 1)
	}
}

// Validate returns an error if the schedule has values out of range.
func (s Schedule) Validate() error {
	switch {
	case s.Cadence == Off:
		return nil
	case s.Hour < 0 || s.Hour > 23:
		return fmt.Errorf("hour is %d: must be 0 to 23", s.Hour)
	}
	switch s.Cadence {
	case Daily:
		return nil
	case Weekly, EveryTwoWeeks:
		if s.Weekday < time.Sunday || s.Weekday > time.Saturday {
			return fmt.Errorf("weekday is %d: must be 0 (Sunday) to 6 (Saturday)", s.Weekday)
		}
		return nil
	case Monthly:
		if s.Day < 1 || s.Day > 31 {
			return fmt.Errorf("day is %d: must be 1 to 31", s.Day)
		}
		return nil
	case EveryNHours:
		if s.Every < 1 || s.Every > 12 || 24%s.Every != 0 {
			return fmt.Errorf("every is %d: must be 1, 2, 3, 4, 6, 8 or 12 hours", s.Every)
		}
		return nil
	}
	return fmt.Errorf("cadence is %q: must be daily, weekly, two_weeks, monthly, hours or off", s.Cadence)
}
