package settings

import (
	"errors"
	"fmt"
	"time"

	"postrider/digest"
)

// Announcements is the [announcements] table: the defaults for announcements.
type Announcements struct {
	Speed         int           `toml:"speed"`          // messages per minute; 0: as fast as the relay accepts them
	Canary        float64       `toml:"canary"`         // percent of the audience; 0: no canary
	CanaryWait    time.Duration `toml:"canary_wait"`    // time for bounces and complaints
	MaxRejected   float64       `toml:"max_rejected"`   // percent of the canary, or of the latest messages, above which it is paused
	MaxComplaints float64       `toml:"max_complaints"` // percent of the canary, above which it is paused
}

// DefaultAnnouncements returns the defaults: a canary of one percent and one hour.
func DefaultAnnouncements() Announcements {
	return Announcements{Canary: 1, CanaryWait: time.Hour, MaxRejected: 5, MaxComplaints: 0.3}
}

// Validate returns the invalid settings. Each error starts with its key.
func (c Announcements) Validate() error {
	var errs []error
	if c.Speed < 0 || c.Speed > 1_000_000 {
		errs = append(errs, fmt.Errorf("speed is %d: must be 1 to 1000000 messages per minute, or 0 for no limit", c.Speed))
	}
	if c.Canary < 0 || c.Canary > 50 {
		errs = append(errs, fmt.Errorf("canary is %v: must be up to 50 percent, or 0 for none", c.Canary))
	}
	if c.CanaryWait < time.Minute || c.CanaryWait > 72*time.Hour {
		errs = append(errs, fmt.Errorf("canary_wait is %v: must be \"1m\" to \"72h\"", c.CanaryWait))
	}
	if c.MaxRejected <= 0 || c.MaxRejected > 100 {
		errs = append(errs, fmt.Errorf("max_rejected is %v: must be a percentage above 0, up to 100", c.MaxRejected))
	}
	if c.MaxComplaints <= 0 || c.MaxComplaints > 100 {
		errs = append(errs, fmt.Errorf("max_complaints is %v: must be a percentage above 0, up to 100", c.MaxComplaints))
	}
	return errors.Join(errs...)
}

// CanaryPlan returns the default canary.
func (c Announcements) CanaryPlan() digest.Canary {
	return digest.Canary{Share: c.Canary / 100, Wait: c.CanaryWait}
}
