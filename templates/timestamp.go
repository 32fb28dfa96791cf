package templates

import (
	"time"

	"postrider/internal/qp"
)

// timeKey identifies a local minute. Members in zones with the same offset share it.
type timeKey struct {
	locale int
	minute int64
	year   bool
}

// formattedTime is a formatted and encoded time.
type formattedTime struct {
	html, text qp.Text
}

func (w *render) formatTime(at time.Time) formattedTime {
	local := at.In(w.zone)
	_, offset := local.Zone()
	key := timeKey{locale: w.locale.index, minute: (at.Unix() + int64(offset)) / 60, year: local.Year() != w.year}
	if s, ok := w.renderer.times.Get(key); ok {
		return s
	}
	s := w.locale.formatTime(local, key.year)
	w.renderer.times.Add(key, s)
	return s
}

func (l *locale) formatTime(local time.Time, year bool) formattedTime {
	pattern := l.calendar.moment
	if year {
		pattern = l.calendar.momentYear
	}
	formatted := l.calendar.write(pattern, local)
	return formattedTime{html: qp.Encode(escape(formatted)), text: qp.Encode(formatted)}
}

// maxTimeBytes returns the maximum size of a time, in bytes of HTML.
func (l *locale) maxTimeBytes() int { return l.longest() }

func (l *locale) findLongestTime() int {
	longest := 0
	for day := range 366 {
		for _, hour := range []int{11, 23} {
			t := time.Date(2028, 1, 1+day, hour, 59, 0, 0, time.UTC)
			longest = max(longest, l.formatTime(t, false).html.Size, l.formatTime(t, true).html.Size)
		}
	}
	return longest
}
