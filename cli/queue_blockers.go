package cli

import (
	"context"
	"fmt"
	"time"

	"postrider/internal/line"
	"postrider/store"
)

// blocker is something that stops delivery: an active alarm, or a domain on hold.
type blocker struct {
	What   string    `json:"what"`            // "relay", "held example.org"
	Relay  string    `json:"relay,omitempty"` // holds of the relay of announcements only: "smtp.announcements"
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // holds only
	Detail string    `json:"detail,omitempty"`
}

func loadBlockers(ctx context.Context, s *store.Store, now time.Time, say phraser) ([]blocker, error) {
	alarms, err := s.Alarms.All(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := s.Holds.Active(ctx, now)
	if err != nil {
		return nil, err
	}
	list := []blocker{}
	for _, h := range holds {
		b := blocker{What: "held " + h.Domain, Since: h.Since, Until: h.Until, Detail: say.stored(h.Reason)}
		if h.Relay != store.SharedRelay {
			b.Relay = h.Table()
		}
		list = append(list, b)
	}
	for _, a := range alarms {
		if a.Active() {
			list = append(list, blocker{What: a.Key, Since: a.Since, Detail: a.Detail})
		}
	}
	return list, nil
}

func (c *cmdEnv) printBlockers(list []blocker) {
	for _, t := range list {
		text := line.Fit(t.What, 100)
		if t.Relay != "" {
			text += " at the relay of [" + t.Relay + "]"
		}
		text += fmt.Sprintf(" since %s UTC", formatTime(t.Since))
		if !t.Until.IsZero() {
			text += ", until " + formatTime(t.Until) + " UTC"
		}
		if t.Detail != "" {
			text += ": " + line.Fit(t.Detail, 200)
		}
		fmt.Fprintln(c.out, text)
	}
}
