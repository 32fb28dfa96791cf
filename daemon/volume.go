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
	baselineWeeks = 8  // that are looked back
	minWeeks      = 3  // of them there must be
	minDeviation  = 50 // mails; a smaller difference is not worth an alarm
)

// Baseline is what the last weeks let expect of a day.
type Baseline struct {
	Weeks     int // that it is drawn from
	Mails     int // the median
	Low, High int // outside of them a day is odd
}

// baselineOf draws what to expect from days of the same kind. Median and median deviation, unlike mean and variance, are not
// moved by the one day on which everything went out twice. A deviation of 1.48 medians is one standard deviation where
// days vary by chance alone.
func baselineOf(days []int) Baseline {
	middle := median(days)
	var off []int
	for _, n := range days {
		off = append(off, max(n-middle, middle-n))
	}
	spread := max(4*int(1.48*float64(median(off))), middle/2, minDeviation)
	return Baseline{Weeks: len(days), Mails: middle, Low: middle - spread, High: middle + spread}
}

// IsAnomalous tells whether a day is far from what was to be expected. Of too few weeks nothing is expected.
func (u Baseline) IsAnomalous(mails int) bool {
	return u.Weeks >= minWeeks && (mails < u.Low || mails > u.High)
}

// median is the middle one, of an even number the lower of two.
func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)-1)/2]
}

// volume is what was planned of one kind, by hour.
type volume struct {
	hours  map[time.Time]int
	oldest time.Time // hour; zero: there is none
	zone   *time.Location
}

// volume reads what was planned in the last weeks. Days are those of the site's zone: on the days on which its clock is
// turned, any other 24 hours hold two mornings, or none.
func (d *Daemon) volume(ctx context.Context, kind string, now time.Time) (volume, error) {
	hours, err := d.Store.Counts.PlannedByHour(ctx, kind, now.AddDate(0, 0, -7*baselineWeeks-2), now.Add(time.Hour))
	v := volume{hours: hours, zone: d.calendar.zones.of(d.settings.Digest.Zone)}
	for hour := range hours {
		if v.oldest.IsZero() || hour.Before(v.oldest) {
			v.oldest = hour
		}
	}
	return v, err
}

// countOn is what was planned on the day of a moment.
func (v volume) countOn(at time.Time) (mails int) {
	from, until := v.day(at)
	for hour, planned := range v.hours {
		if !hour.Before(from) && hour.Before(until) {
			mails += planned
		}
	}
	return mails
}

// day is from when until when the day of a moment lasts.
func (v volume) day(at time.Time) (from, until time.Time) {
	year, month, day := at.In(v.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, v.zone), time.Date(year, month, day+1, 0, 0, 0, 0, v.zone)
}

// expectedOn is what the same weekdays of the last weeks let expect of the day of a moment. The day on which postrider began
// was not whole.
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

// checkVolume tells of a day on which far more mails are planned than usual, as soon as that shows, or were far fewer, when it
// is over. Announcements are left out: they are as many as the owner has wished for.
func (d *Daemon) checkVolume(ctx context.Context) {
	now := d.Now()
	odd := make(map[string]string)
	for _, kind := range []string{store.KindDigest, store.KindAlert} {
		v, err := d.volume(ctx, kind, now)
		if err != nil {
			return // the store's own alarm
		}
		yesterday := now.In(v.zone).AddDate(0, 0, -1)
		switch today, before := v.expectedOn(now), v.expectedOn(yesterday); {
		case today.IsAnomalous(v.countOn(now)) && v.countOn(now) > today.High:
			odd[kind] = describe(kind, "today", v.countOn(now), today)
		case before.IsAnomalous(v.countOn(yesterday)) && v.countOn(yesterday) < before.Low:
			odd[kind] = describe(kind, "yesterday", v.countOn(yesterday), before)
		}
	}
	d.alarms.SetActive(alarm.Volume, odd)
}

func describe(kind, day string, mails int, u Baseline) string {
	return fmt.Sprintf("%s: %d %ss were planned; on the same day of the last %d weeks about %d", day, mails, kind, u.Weeks, u.Mails)
}
