package daemon

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
)

// AlertConfig is the [planAlerts] table: what a member is told of at once who has chosen nothing himself.
type AlertConfig struct {
	Enabled      bool             `toml:"enabled"`
	Mode         digest.AlertMode `toml:"mode"`
	Debounce     time.Duration    `toml:"debounce"`
	DebounceMax  time.Duration    `toml:"debounce_max"`
	QuietHours   string           `toml:"quiet_hours"` // "22-7"; empty: none
	ContextPosts int              `toml:"context_posts"`
}

// DefaultAlerts tells of the first reply, a minute after it was written.
func DefaultAlerts() AlertConfig {
	return AlertConfig{
		Enabled: true, Mode: digest.FirstReply,
		Debounce: time.Minute, DebounceMax: 5 * time.Minute,
		ContextPosts: 2,
	}
}

// Validate says what is wrong, each error beginning with its key.
func (c AlertConfig) Validate() error {
	var errs []error
	if c.Mode != digest.FirstReply && c.Mode != digest.EveryReply {
		errs = append(errs, fmt.Errorf("mode is %q: choose %s or %s", c.Mode, digest.FirstReply, digest.EveryReply))
	}
	if c.Debounce < 0 || c.Debounce > time.Hour {
		errs = append(errs, fmt.Errorf("debounce is %v: choose \"0s\" to \"1h\"", c.Debounce))
	}
	if c.DebounceMax < c.Debounce || c.DebounceMax > 24*time.Hour {
		errs = append(errs, fmt.Errorf("debounce_max is %v: choose debounce (%v) to \"24h\"", c.DebounceMax, c.Debounce))
	}
	if _, err := parseQuiet(c.QuietHours); err != nil {
		errs = append(errs, err)
	}
	if c.ContextPosts < 0 || c.ContextPosts > 10 {
		errs = append(errs, fmt.Errorf("context_posts is %d: choose 0 to 10 replies", c.ContextPosts))
	}
	return errors.Join(errs...)
}

// parseQuiet reads "22-7"; nil: no hours are quiet.
func parseQuiet(s string) (*digest.QuietHours, error) {
	if s == "" {
		return nil, nil
	}
	from, until, ok := strings.Cut(s, "-")
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(until)
	if !ok || err1 != nil || err2 != nil || first < 0 || first > 23 || last < 0 || last > 23 || first == last {
		return nil, fmt.Errorf("quiet_hours is %q: give two hours of the day, such as \"22-7\", or leave it empty", s)
	}
	return &digest.QuietHours{From: first, Until: last}, nil
}

// quiet are a member's quiet hours; nil: he has none.
func (c AlertConfig) quiet(choices digest.Preferences) *digest.QuietHours {
	if choices.Quiet != nil {
		return choices.Quiet
	}
	quiet, _ := parseQuiet(c.QuietHours) // Validate has tried it
	return quiet
}

// mode is how many alerts of a thread a member gets.
func (c AlertConfig) mode(choices digest.Preferences) digest.AlertMode {
	if choices.Alerts != "" {
		return choices.Alerts
	}
	return c.Mode
}
