package forum

import (
	"testing"
)

func TestDigestChoice_ReadsFrequencyAndHour(t *testing.T) {
	for _, tt := range []struct {
		text, frequency string
		hour            int
		chosen          bool
	}{
		{"", "", 0, false}, {"off", NoDigests, 0, false}, {"weekly", WeeklyDigests, 0, false}, {" daily  07 ", DailyDigests, 7, true}, {"hourly 0", HourlyDigests, 0, true}, {"two_weeks", TwoWeekDigests, 0, false}, {"daily 6.50", DailyDigests, 6, true},
	} {
		c, err := ParseDigestChoice(tt.text)
		hour, chosen := c.Hour()
		if err != nil || c.Frequency() != tt.frequency || chosen != tt.chosen || chosen && hour != tt.hour {
			t.Errorf("ParseDigestChoice(%q) = %q (%v): %q at %d, %t", tt.text, c, err, c.Frequency(), hour, chosen)
		}
	}
	for _, text := range []string{"DAY", "daily 24", "daily -1", "daily x", "daily NaN", "daily 24.0", "daily 7 8", "7", "off 7"} {
		if c, err := ParseDigestChoice(text); err == nil {
			t.Errorf("ParseDigestChoice(%q) = %q, want an error", text, c)
		}
	}
}

func FuzzDigestChoice(f *testing.F) {
	for _, seed := range []string{"", "off", "weekly 7", "daily 0023", "monthly \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseDigestChoice(text)
		if err != nil {
			return
		}
		if again, err := ParseDigestChoice(string(c)); err != nil || again != c {
			t.Fatalf("%q is read as %q, and that as %q (%v)", text, c, again, err)
		}
		if hour, chosen := c.Hour(); chosen && (hour < 0 || hour > 23) {
			t.Fatalf("the hour of %q is %d", c, hour)
		}
	})
}
