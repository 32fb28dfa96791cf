// Package racetest skips long simulations under the race detector, which makes them 5 to 15 times slower. Shorter tests
// cover the same concurrency.
package racetest

import "testing"

// SkipIfRace skips a test that runs with the race detector. scripts/test also runs it without.
func SkipIfRace(t *testing.T) {
	t.Helper()
	if enabled {
		t.Skip("too slow with the race detector")
	}
}
