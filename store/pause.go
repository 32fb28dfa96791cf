package store

import (
	"context"
	"encoding/json"
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
	text, paused, err := Values(s).Get(ctx, pauseKey)
	if err != nil || !paused {
		return Pause{}, false, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Pause{}, true, fmt.Errorf("parsing the pause of delivery: %w", err)
	}
	return p, true, nil
}

// Resume resumes delivery and reports whether it was paused.
func (s Queue) Resume(ctx context.Context) (paused bool, err error) {
	n, err := s.exec(ctx, nil, "delete_value", args{"key": pauseKey})
	if err != nil {
		return false, fmt.Errorf("resuming delivery: %w", err)
	}
	return n > 0, nil
}
