package daemon

import (
	"errors"
	"fmt"
	"time"

	"postrider/digest"
)

// AnnouncementConfig is the [draftAnnouncements] table: what holds for an announcement that says nothing itself.
type AnnouncementConfig struct {
	Speed         int           `toml:"speed"`          // mails a minute; 0: as fast as the relay takes them
	Canary        float64       `toml:"canary"`         // percent of the audience; 0: no canary
	CanaryWait    time.Duration `toml:"canary_wait"`    // for what comes back
	MaxRejected   float64       `toml:"max_rejected"`   // percent of the canary, or of the newest mails, above which it is paused
	MaxComplaints float64       `toml:"max_complaints"` // percent of the canary, above which it is paused
}

// DefaultAnnouncements tries one percent, and waits for an hour.
func DefaultAnnouncements() AnnouncementConfig {
	return AnnouncementConfig{Canary: 1, CanaryWait: time.Hour, MaxRejected: 5, MaxComplaints: 0.3}
}

// Validate says what is wrong, each error beginning with its key.
func (c AnnouncementConfig) Validate() error {
	var errs []error
	if c.Speed < 0 || c.Speed > 1_000_000 {
		errs = append(errs, fmt.Errorf("speed is %d: choose mails a minute, up to 1000000, or 0 for as fast as the relay takes them", c.Speed))
	}
	if c.Canary < 0 || c.Canary > 50 {
		errs = append(errs, fmt.Errorf("canary is %v: choose up to 50 percent, or 0 for none", c.Canary))
	}
	if c.CanaryWait < time.Minute || c.CanaryWait > 72*time.Hour {
		errs = append(errs, fmt.Errorf("canary_wait is %v: choose \"1m\" to \"72h\"", c.CanaryWait))
	}
	if c.MaxRejected <= 0 || c.MaxRejected > 100 {
		errs = append(errs, fmt.Errorf("max_rejected is %v: choose a percentage above 0, up to 100", c.MaxRejected))
	}
	if c.MaxComplaints <= 0 || c.MaxComplaints > 100 {
		errs = append(errs, fmt.Errorf("max_complaints is %v: choose a percentage above 0, up to 100", c.MaxComplaints))
	}
	return errors.Join(errs...)
}

// CanaryPlan is the canary of an announcement that says nothing itself.
func (c AnnouncementConfig) CanaryPlan() digest.Canary {
	return digest.Canary{Share: c.Canary / 100, Wait: c.CanaryWait}
}
