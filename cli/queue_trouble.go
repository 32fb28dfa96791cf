package cli

import (
	"context"
	"fmt"
	"time"

	"postrider/store"
)

// trouble is what keeps mails from going: an alarm that is open, or a domain that is held.
type trouble struct {
	What   string    `json:"what"` // "relay", "held example.org"
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // of a hold
	Detail string    `json:"detail,omitempty"`
}

func troublesOf(ctx context.Context, s *store.Store, now time.Time) ([]trouble, error) {
	alarms, err := s.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := s.Holds(ctx, now)
	if err != nil {
		return nil, err
	}
	list := []trouble{}
	for _, h := range holds {
		list = append(list, trouble{"held " + h.Domain, h.Since, h.Until, h.Reason})
	}
	for _, a := range alarms {
		if a.Active() {
			list = append(list, trouble{What: a.Key, Since: a.Since, Detail: a.Detail})
		}
	}
	return list, nil
}

func (c *console) printTroubles(list []trouble) {
	for _, t := range list {
		text := fmt.Sprintf("%s since %s UTC", oneLine(t.What, 100), clock(t.Since))
		if !t.Until.IsZero() {
			text += ", until " + clock(t.Until) + " UTC"
		}
		if t.Detail != "" {
			text += ": " + oneLine(t.Detail, 200)
		}
		fmt.Fprintln(c.out, text)
	}
}
