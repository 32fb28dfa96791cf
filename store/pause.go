package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Pause is the order to hand nothing over.
type Pause struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

const pauseKey = "paused"

// Pause stops delivery for all daemons that share the store, until Resume. One that stands keeps its time, and its
// reason unless there is a new one. It gives the one that stands now.
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

// Paused says whether delivery is paused.
func (s Queue) Paused(ctx context.Context) (p Pause, paused bool, err error) {
	text, paused, err := Values(s).Get(ctx, pauseKey)
	if err != nil || !paused {
		return Pause{}, false, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Pause{}, true, fmt.Errorf("reading since when delivery is paused: %w", err)
	}
	return p, true, nil
}

// Resume lets delivery go on, and says whether it was paused.
func (s Queue) Resume(ctx context.Context) (paused bool, err error) {
	n, err := s.exec(ctx, nil, "forget", args{"key": pauseKey})
	if err != nil {
		return false, fmt.Errorf("resuming delivery: %w", err)
	}
	return n > 0, nil
}
