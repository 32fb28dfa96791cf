package daemon

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
)

// AlertConfig is the [alerts] table: what a member is told of at once who has chosen nothing himself.
type AlertConfig struct {
	Enabled    bool             `toml:"enabled"`
	Mode       digest.AlertMode `toml:"mode"`
	Settle     time.Duration    `toml:"settle"`
	SettleMost time.Duration    `toml:"settle_most"`
	Quiet      string           `toml:"quiet"` // "22-7"; empty: none
	Earlier    int              `toml:"earlier"`
}

// DefaultAlerts tells of the first reply, a minute after it was written.
func DefaultAlerts() AlertConfig {
	return AlertConfig{
		Enabled: true, Mode: digest.FirstReply,
		Settle: time.Minute, SettleMost: 5 * time.Minute,
		Earlier: 2,
	}
}

// Validate says what is wrong, each error beginning with its key.
func (c AlertConfig) Validate() error {
	var errs []error
	if c.Mode != digest.FirstReply && c.Mode != digest.EveryReply {
		errs = append(errs, fmt.Errorf("mode is %q: choose %s or %s", c.Mode, digest.FirstReply, digest.EveryReply))
	}
	if c.Settle < 0 || c.Settle > time.Hour {
		errs = append(errs, fmt.Errorf("settle is %v: choose \"0s\" to \"1h\"", c.Settle))
	}
	if c.SettleMost < c.Settle || c.SettleMost > 24*time.Hour {
		errs = append(errs, fmt.Errorf("settle_most is %v: choose settle (%v) to \"24h\"", c.SettleMost, c.Settle))
	}
	if _, err := parseQuiet(c.Quiet); err != nil {
		errs = append(errs, err)
	}
	if c.Earlier < 0 || c.Earlier > 10 {
		errs = append(errs, fmt.Errorf("earlier is %d: choose 0 to 10 replies", c.Earlier))
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
		return nil, fmt.Errorf("quiet is %q: give two hours of the day, such as \"22-7\", or leave it empty", s)
	}
	return &digest.QuietHours{From: first, Until: last}, nil
}

// quiet are a member's quiet hours; nil: he has none.
func (c AlertConfig) quiet(choices digest.Preferences) *digest.QuietHours {
	if choices.Quiet != nil {
		return choices.Quiet
	}
	quiet, _ := parseQuiet(c.Quiet) // Validate has tried it
	return quiet
}

// mode is how many alerts of a thread a member gets.
func (c AlertConfig) mode(choices digest.Preferences) digest.AlertMode {
	if choices.Alerts != "" {
		return choices.Alerts
	}
	return c.Mode
}
