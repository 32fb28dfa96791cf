// Package racetest spares long tests the race detector, which makes them five to fifteen times as long: simulations, whose
// concurrency shorter tests have, too.
package racetest

import "testing"

// Spare skips a test if it runs with the race detector. scripts/test runs it without, too.
func Spare(t *testing.T) {
	t.Helper()
	if on {
		t.Skip("spared the race detector")
	}
}
