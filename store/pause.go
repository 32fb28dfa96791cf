package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Pause records that delivery is paused.
type Pause struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

const pauseKey = "paused"

// Pause stops delivery until Resume, for all daemons that share the store. An active pause keeps its time, and keeps its reason
// unless a new one is given. It returns the active pause.
func (s Queue) Pause(ctx context.Context, now time.Time, reason string) (Pause, error) {
	p, paused, err := s.Paused(ctx)
	if err != nil {
		return Pause{}, err
	}
	if !paused {
		p.Since = now.UTC().Truncate(time.Second)
	}
	if reason != "" {
		p.Reason = sanitizeText(reason)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Pause{}, fmt.Errorf("pausing delivery: %w", err)
	}
	return p, Values(s).Set(ctx, pauseKey, string(text))
}

// Paused reports whether delivery is paused.
func (s Queue) Paused(ctx context.Context) (p Pause, paused bool, err error) {
	err = s.query(ctx, nil, "delivery_pauses", nil, func(scan scanFunc) error {
		var key, text string
		if err := scan(&key, &text); err != nil {
			return err
		}
		paused = true
		if key == restoredKey {
			var r Restored
			err := json.Unmarshal([]byte(text), &r)
			p.Since, p.Reason = r.Noticed, ErrUndecided.Error()
			return err
		}
		if p.Reason == ErrUndecided.Error() {
			return nil
		}
		return json.Unmarshal([]byte(text), &p)
	})
	if err != nil {
		return Pause{}, paused, fmt.Errorf("reading the pause of delivery: %w", err)
	}
	return p, paused, nil
}

// Resume resumes delivery and reports whether it was paused. The pause of a restored store ends with a decision only.
func (s Queue) Resume(ctx context.Context) (paused bool, err error) {
	if _, restored, err := Values(s).Get(ctx, restoredKey); err != nil || restored {
		return true, errors.Join(err, ErrUndecided)
	}
	n, err := s.exec(ctx, nil, "delete_value", args{"key": pauseKey})
	if err != nil {
		return false, fmt.Errorf("resuming delivery: %w", err)
	}
	return n > 0, nil
}
