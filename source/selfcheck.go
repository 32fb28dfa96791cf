package source

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postrider/internal/finding"
)

const (
	// SelfCheckTTL is how long a self-check of the forum is valid. After that, the forum may have been upgraded or moved, or
	// database permissions may have changed.
	SelfCheckTTL = 10 * time.Minute
	// FailedCheckTTL is how long a failed self-check is valid.
	FailedCheckTTL = 30 * time.Second
)

// SelfCheckCache caches the result of the self-check. The zero value is an empty cache. It is safe for concurrent use.
type SelfCheckCache struct {
	mu      sync.Mutex
	checked time.Time // real clock; zero: not checked yet
	fault   error     // nil: passed
}

// SelfCheckPassed returns a cache for a forum that has passed its self-check just now.
func SelfCheckPassed() *SelfCheckCache { return &SelfCheckCache{checked: time.Now()} }

// Check repeats the self-check if the last result is too old. fresh reports whether it did.
func (t *SelfCheckCache) Check(ctx context.Context, f *DB) (fresh bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	valid := SelfCheckTTL
	if t.fault != nil {
		valid = FailedCheckTTL
	}
	if time.Since(t.checked) < valid {
		return false, t.fault
	}
	_, err = f.SelfCheck(ctx) // warnings were logged at the start
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	t.checked, t.fault = time.Now(), err
	return true, err
}

// Expire makes the next Check repeat a self-check that passed. A failed one is repeated soon anyway.
func (t *SelfCheckCache) Expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fault == nil {
		t.checked = time.Time{}
	}
}

// Probe runs only the queries of the self-check, which costs almost nothing. It returns an error if one fails although the forum
// can be reached.
func (db *DB) Probe(ctx context.Context) error {
	var errs []error
	err := db.Read(ctx, func(s *Snapshot) error {
		queries, _ := s.checkQueries(ctx)
		for _, f := range queries {
			if f.Level == finding.LevelFail {
				errs = append(errs, fmt.Errorf("%s: %s; %s", f.Part, f.Text, f.Fix))
			}
		}
		return nil
	})
	if err != nil || len(errs) == 0 || db.sql.PingContext(ctx) != nil {
		return nil
	}
	return errors.Join(errs...)
}
