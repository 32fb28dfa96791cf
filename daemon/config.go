package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"postrider/digest"
)

// DigestConfig is the [digest] table: what a member gets who has chosen nothing himself.
type DigestConfig struct {
	Cadence     digest.Cadence `toml:"cadence"`
	Hour        int            `toml:"hour"`
	Weekday     string         `toml:"weekday"`
	Day         int            `toml:"day"`
	Every       int            `toml:"every"`
	Zone        string         `toml:"time_zone"`
	Locale      string         `toml:"locale"`
	FirstWindow time.Duration  `toml:"first_window"`
	Excerpt     int            `toml:"excerpt_length"` // characters
	MaxBytes    int            `toml:"max_bytes"`      // of decoded HTML
	SkipRead    bool           `toml:"skip_read"`
}

// DefaultDigest is a daily edition at eight in the morning.
func DefaultDigest() DigestConfig {
	return DigestConfig{
		Cadence: digest.Daily, Hour: 8, Weekday: "monday", Day: 1, Every: 6,
		Zone: "UTC", Locale: "en",
		FirstWindow: 24 * time.Hour,
		Excerpt:     300,
		MaxBytes:    80_000,
	}
}

// Schedule is the site's own schedule.
func (c DigestConfig) Schedule() digest.Schedule {
	day, _ := weekday(c.Weekday)
	return digest.Schedule{Cadence: c.Cadence, Hour: c.Hour, Weekday: day, Day: c.Day, Every: c.Every}
}

// ExcerptLengths are the lengths of excerpts that a member may choose from, rising: few, for each is rendered once for all.
func (c DigestConfig) ExcerptLengths() []int {
	lengths := []int{150, 300, 600, 1000, c.Excerpt}
	slices.Sort(lengths)
	return slices.Compact(lengths)
}

// Validate says what is wrong, each error beginning with its key.
func (c DigestConfig) Validate() error {
	var errs []error
	if _, ok := weekday(c.Weekday); !ok {
		errs = append(errs, fmt.Errorf("weekday is %q: choose monday, tuesday, wednesday, thursday, friday, saturday or sunday", c.Weekday))
	}
	// Each key is judged by the cadence that reads it, so that a wrong one is found before it is needed.
	for _, cadence := range []digest.Cadence{c.Cadence, digest.Monthly, digest.EveryNHours} {
		s := c.Schedule()
		s.Cadence = cadence
		if err := s.Validate(); err != nil && !contains(errs, err) {
			errs = append(errs, err)
		}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		errs = append(errs, fmt.Errorf("time_zone is %q, which is no IANA time zone: give one such as \"Europe/Berlin\" or \"UTC\"", c.Zone))
	}
	if _, err := language.Parse(c.Locale); err != nil {
		errs = append(errs, fmt.Errorf("locale is %q, which is no language: give one such as \"en\" or \"de\"", c.Locale))
	}
	if c.FirstWindow < 0 || c.FirstWindow > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("first_window is %v: choose \"0s\" to \"744h\"", c.FirstWindow))
	}
	if c.Excerpt < 40 || c.Excerpt > 5000 {
		errs = append(errs, fmt.Errorf("excerpt_length is %d: choose 40 to 5000 characters", c.Excerpt))
	}
	if c.MaxBytes < 20_000 || c.MaxBytes > 100_000 {
		errs = append(errs, fmt.Errorf("max_bytes is %d: choose 20000 to 100000; Gmail cuts mails off at about 102000", c.MaxBytes))
	}
	return errors.Join(errs...)
}

func contains(errs []error, err error) bool {
	for _, e := range errs {
		if e.Error() == err.Error() {
			return true
		}
	}
	return false
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

// ScanConfig is the [scan] table: how often the forum is checked, and how old a post may be.
type ScanConfig struct {
	Interval time.Duration `toml:"interval"`
	MaxAge   time.Duration `toml:"max_age"`
}

// DefaultScan looks every ten seconds.
func DefaultScan() ScanConfig {
	return ScanConfig{Interval: 10 * time.Second, MaxAge: 30 * 24 * time.Hour}
}

// Validate says what is wrong, each error beginning with its key.
func (c ScanConfig) Validate() error {
	var errs []error
	if c.Interval < time.Second || c.Interval > time.Hour {
		errs = append(errs, fmt.Errorf("interval is %v: choose \"1s\" to \"1h\"", c.Interval))
	}
	// The store forgets after 90 days what it has sighted: older posts must not look new then.
	if c.MaxAge < 24*time.Hour || c.MaxAge > 90*24*time.Hour {
		errs = append(errs, fmt.Errorf("max_age is %v: choose \"24h\" to \"2160h\"", c.MaxAge))
	}
	return errors.Join(errs...)
}
