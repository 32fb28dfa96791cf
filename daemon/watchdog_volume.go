package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/alarm"
	"postrider/store"
)

const (
	baselineWeeks = 8  // compared
	minWeeks      = 3  // minimum number of weeks with data
	minDeviation  = 50 // messages; smaller differences are not worth an alarm
)

// Baseline is the expected number for a day, based on the last weeks.
type Baseline struct {
	Weeks     int // with data
	Messages  int // the median
	Low, High int // a number outside is an anomaly
}

// baselineOf computes the baseline from the same weekdays. Median and median absolute deviation, unlike mean and variance,
// are not affected by a single day on which everything was sent twice. For normally distributed values, 1.48 times the
// median deviation is one standard deviation.
func baselineOf(days []int) Baseline {
	middle := median(days)
	var off []int
	for _, n := range days {
		off = append(off, max(n-middle, middle-n))
	}
	spread := max(4*int(1.48*float64(median(off))), middle/2, minDeviation)
	return Baseline{Weeks: len(days), Messages: middle, Low: middle - spread, High: middle + spread}
}

// IsAnomalous reports whether a number is far from the expected one. With too few weeks, nothing is an anomaly.
func (u Baseline) IsAnomalous(mails int) bool {
	return u.Weeks >= minWeeks && (mails < u.Low || mails > u.High)
}

// median returns the middle value, or the lower of the two middle ones.
func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)-1)/2]
}

// volume is the number of planned messages of one kind, by hour.
type volume struct {
	hours  map[time.Time]int
	oldest time.Time // hour; zero: no data
	zone   *time.Location
}

// volume reads the numbers of the last weeks. Days are those of the configured zone: when its clocks change, 24 hours of
// any other zone may contain two mornings or none.
func (b *base) volume(ctx context.Context, kind string, now time.Time) (volume, error) {
	hours, err := b.Store.Counts.PlannedByHour(ctx, kind, now.AddDate(0, 0, -7*baselineWeeks-2), now.Add(time.Hour))
	v := volume{hours: hours, zone: b.calendar.ZoneNamed(b.settings.Digest.Zone)}
	for hour := range hours {
		if v.oldest.IsZero() || hour.Before(v.oldest) {
			v.oldest = hour
		}
	}
	return v, err
}

// countOn returns the number of messages planned on the day of at.
func (v volume) countOn(at time.Time) (mails int) {
	from, until := v.day(at)
	for hour, planned := range v.hours {
		if !hour.Before(from) && hour.Before(until) {
			mails += planned
		}
	}
	return mails
}

// day returns the start and the end of the day of at.
func (v volume) day(at time.Time) (from, until time.Time) {
	year, month, day := at.In(v.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, v.zone), time.Date(year, month, day+1, 0, 0, 0, 0, v.zone)
}

// expectedOn returns the baseline for the day of at, from the same weekdays of the last weeks. It leaves out the day of the
// first run, which was incomplete.
func (v volume) expectedOn(at time.Time) Baseline {
	var days []int
	for week := 1; week <= baselineWeeks && !v.oldest.IsZero(); week++ {
		same := at.In(v.zone).AddDate(0, 0, -7*week)
		if from, _ := v.day(same); !from.Before(v.oldest) {
			days = append(days, v.countOn(same))
		}
	}
	return baselineOf(days)
}

// checkVolume raises an alarm as soon as far more messages are planned on a day than usual, or after a day with far fewer.
// It ignores announcements, whose number is intended.
func (wd *watchdog) checkVolume(ctx context.Context) {
	now := wd.Now()
	odd := make(map[string]string)
	for _, kind := range []string{store.KindDigest, store.KindAlert} {
		v, err := wd.volume(ctx, kind, now)
		if err != nil {
			return // the store has its own alarm
		}
		yesterday := now.In(v.zone).AddDate(0, 0, -1)
		switch today, before := v.expectedOn(now), v.expectedOn(yesterday); {
		case today.IsAnomalous(v.countOn(now)) && v.countOn(now) > today.High:
			odd[kind] = describe(kind, "today", v.countOn(now), today)
		case before.IsAnomalous(v.countOn(yesterday)) && v.countOn(yesterday) < before.Low:
			odd[kind] = describe(kind, "yesterday", v.countOn(yesterday), before)
		}
	}
	wd.alarms.SetActive(alarm.Volume, odd)
}

func describe(kind, day string, mails int, u Baseline) string {
	return fmt.Sprintf("%s: %d %ss planned, on the same weekday of the last %d weeks about %d", day, mails, kind, u.Weeks, u.Messages)
}
