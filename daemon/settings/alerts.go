package settings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
)

// AlertMaxAge is the maximum age of a post in an alert. Older posts come with the digest.
const AlertMaxAge = 24 * time.Hour

// AlertLateAge is the age from which posts are late when their alerts are planned, for example after an outage. They come with one
// alert, or with the digest if that is due within the same time.
const AlertLateAge = time.Hour

// Alerts is the [alerts] table: the defaults for members who have not set their own preferences.
type Alerts struct {
	Enabled       bool             `toml:"enabled"`
	Mode          digest.AlertMode `toml:"mode"`
	Debounce      time.Duration    `toml:"debounce"`
	DebounceMax   time.Duration    `toml:"debounce_max"`
	Bundle        digest.Bundle    `toml:"bundle"`
	QuietHours    string           `toml:"quiet_hours"`    // "22-7"; empty: none
	Excerpt       int              `toml:"excerpt_length"` // characters of each post
	ContextPosts  int              `toml:"context_posts"`
	FromAuthor    bool             `toml:"from_author"` // the sender's name is that of who wrote, and the site's
	SubjectPrefix string           `toml:"subject_prefix"`
}

// DefaultAlerts returns the defaults: an alert about the first reply, one minute after it was written.
func DefaultAlerts() Alerts {
	return Alerts{
		Enabled: true, Mode: digest.FirstReply,
		Debounce: time.Minute, DebounceMax: 5 * time.Minute,
		Bundle: digest.AtOnce, Excerpt: 2000, ContextPosts: 2, FromAuthor: true,
	}
}

// Validate returns the invalid settings. Each error starts with its key.
func (c Alerts) Validate() error {
	var errs []error
	if c.Mode != digest.FirstReply && c.Mode != digest.EveryReply {
		errs = append(errs, fmt.Errorf("mode is %q: must be %s or %s", c.Mode, digest.FirstReply, digest.EveryReply))
	}
	if c.Debounce < 0 || c.Debounce > time.Hour {
		errs = append(errs, fmt.Errorf("debounce is %v: must be \"0s\" to \"1h\"", c.Debounce))
	}
	if c.DebounceMax < c.Debounce || c.DebounceMax > 24*time.Hour {
		errs = append(errs, fmt.Errorf("debounce_max is %v: must be debounce (%v) to \"24h\"", c.DebounceMax, c.Debounce))
	}
	if !slices.Contains(digest.Bundles(), c.Bundle) {
		errs = append(errs, fmt.Errorf("bundle is %q: must be %q, %q or %q", c.Bundle, digest.AtOnce, digest.QuarterHour, digest.Hourly))
	}
	if _, err := parseQuiet(c.QuietHours); err != nil {
		errs = append(errs, err)
	}
	if c.Excerpt < 40 || c.Excerpt > MaxExcerpt {
		errs = append(errs, fmt.Errorf("excerpt_length is %d: must be 40 to %d characters", c.Excerpt, MaxExcerpt))
	}
	if c.ContextPosts < 0 || c.ContextPosts > 10 {
		errs = append(errs, fmt.Errorf("context_posts is %d: must be 0 to 10 replies", c.ContextPosts))
	}
	return errors.Join(errs...)
}

// parseQuiet parses "22-7". It returns nil for no quiet hours.
func parseQuiet(s string) (*digest.QuietHours, error) {
	if s == "" {
		return nil, nil
	}
	from, until, ok := strings.Cut(s, "-")
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(until)
	if !ok || err1 != nil || err2 != nil || first < 0 || first > 23 || last < 0 || last > 23 || first == last {
		return nil, fmt.Errorf("quiet_hours is %q: must be two hours, for example \"22-7\", or empty", s)
	}
	return &digest.QuietHours{From: first, Until: last}, nil
}

// QuietOf returns a member's quiet hours, or nil if there are none.
func (c Alerts) QuietOf(choices digest.Preferences) *digest.QuietHours {
	if choices.Quiet != nil {
		return choices.Quiet
	}
	quiet, _ := parseQuiet(c.QuietHours) // checked by Validate
	return quiet
}

// ModeOf returns how many alerts a member gets about one thread.
func (c Alerts) ModeOf(choices digest.Preferences) digest.AlertMode {
	if choices.Alerts != "" {
		return choices.Alerts
	}
	return c.Mode
}

// BundleOf returns how long a member's alerts wait for each other.
func (c Alerts) BundleOf(choices digest.Preferences) digest.Bundle {
	return cmp.Or(choices.Bundle, c.Bundle, digest.AtOnce)
}
