package templates

import (
	"time"

	"postrider/internal/qp"
)

// stampKey is a minute on the wall: members of all zones that share an offset share it.
type stampKey struct {
	locale int
	minute int64
	year   bool
}

// stamp is a time, written and encoded.
type stamp struct {
	html, text qp.Text
}

func (w *laying) stamp(at time.Time) stamp {
	local := at.In(w.zone)
	_, offset := local.Zone()
	key := stampKey{locale: w.locale.index, minute: (at.Unix() + int64(offset)) / 60, year: local.Year() != w.year}
	if s, ok := w.press.stamps.Get(key); ok {
		return s
	}
	s := w.locale.stamp(local, key.year)
	w.press.stamps.Add(key, s)
	return s
}

func (l *locale) stamp(local time.Time, year bool) stamp {
	pattern := l.calendar.moment
	if year {
		pattern = l.calendar.momentYear
	}
	said := l.calendar.write(pattern, local)
	return stamp{html: qp.Encode(escape(said)), text: qp.Encode(said)}
}

// longestStamp is the most bytes that a time takes in HTML.
func (l *locale) longestStamp() int {
	longest := 0
	for day := range 366 {
		for _, hour := range []int{11, 23} {
			t := time.Date(2028, 1, 1+day, hour, 59, 0, 0, time.UTC)
			longest = max(longest, l.stamp(t, false).html.Size, l.stamp(t, true).html.Size)
		}
	}
	return longest
}
