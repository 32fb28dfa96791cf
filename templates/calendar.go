package templates

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// timeFile is the [time] table of a locale file. The names may be missing for a language that cldrNames has.
type timeFile struct {
	Months        []string `toml:"months"`
	MonthsShort   []string `toml:"months_short"`
	Weekdays      []string `toml:"weekdays"` // Sunday first
	WeekdaysShort []string `toml:"weekdays_short"`
	Halves        []string `toml:"halves"` // before and after noon; required if a pattern uses {half}
	Date          string   `toml:"date"`   // of a digest
	Day           string   `toml:"day"`    // for dates long ago
	Moment        string   `toml:"moment"` // of a post
	MomentYear    string   `toml:"moment_year"`
	Clock         string   `toml:"clock"` // of an hour
}

// calendar holds how a language writes dates.
type calendar struct {
	timeFile
	digits                               digits
	date, day, moment, momentYear, clock []piece
}

func (f timeFile) calendar(tag language.Tag) (calendar, error) {
	f.addNames(tag)
	c := calendar{timeFile: f, digits: digitsOf(tag)}
	for _, list := range []struct {
		name string
		have []string
		want int
	}{{"months", f.Months, 12}, {"months_short", f.MonthsShort, 12}, {"weekdays", f.Weekdays, 7}, {"weekdays_short", f.WeekdaysShort, 7}} {
		if len(list.have) != list.want || slices.Contains(list.have, "") {
			return c, fmt.Errorf("%q needs %d names", list.name, list.want)
		}
	}
	for _, pattern := range []struct {
		name, src string
		to        *[]piece
	}{{"date", f.Date, &c.date}, {"day", f.Day, &c.day}, {"moment", f.Moment, &c.moment}, {"moment_year", f.MomentYear, &c.momentYear}, {"clock", f.Clock, &c.clock}} {
		ps, err := pieces(pattern.src)
		if err == nil {
			err = f.check(ps)
		}
		if err != nil {
			return c, fmt.Errorf("%q: %w", pattern.name, err)
		}
		*pattern.to = ps
	}
	return c, nil
}

func (f timeFile) check(ps []piece) error {
	known := []string{"weekday", "weekday_short", "day", "month", "month_short", "month_number", "year", "hour", "hour12", "minute", "half"}
	for name := range placeholdersOf(ps) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown placeholder {%s}: use %s", name, strings.Join(known, ", "))
		}
	}
	if placeholdersOf(ps)["half"] && len(f.Halves) != 2 {
		return fmt.Errorf("{half} needs two names in %q", "halves")
	}
	if len(ps) == 0 {
		return fmt.Errorf("missing")
	}
	return nil
}

// write formats t, which must be in the member's zone already.
func (c *calendar) write(pattern []piece, t time.Time) string {
	b := make([]byte, 0, 48)
	for _, p := range pattern {
		switch p.placeholder {
		case "":
			b = append(b, p.text...)
		case "weekday":
			b = append(b, c.Weekdays[t.Weekday()]...)
		case "weekday_short":
			b = append(b, c.WeekdaysShort[t.Weekday()]...)
		case "day":
			b = c.digits.append(b, t.Day(), 1)
		case "month":
			b = append(b, c.Months[t.Month()-1]...)
		case "month_short":
			b = append(b, c.MonthsShort[t.Month()-1]...)
		case "month_number":
			b = c.digits.append(b, int(t.Month()), 1)
		case "year":
			b = c.digits.append(b, t.Year(), 4)
		case "hour":
			b = c.digits.append(b, t.Hour(), 2)
		case "hour12":
			b = c.digits.append(b, (t.Hour()+11)%12+1, 1)
		case "minute":
			b = c.digits.append(b, t.Minute(), 2)
		case "half":
			b = append(b, c.Halves[t.Hour()/12]...)
		}
	}
	return string(b)
}
