package digest

import "time"

// Bundle is how long alerts of a member wait for each other, so that they go out as one.
type Bundle string

// The bundles.
const (
	AtOnce      Bundle = "at_once"
	QuarterHour Bundle = "15m"
	Hourly      Bundle = "1h"
)

// Bundles lists the bundles, the shortest first.
func Bundles() []Bundle { return []Bundle{AtOnce, QuarterHour, Hourly} }

// Window returns how long the first alert waits for others; 0: they do not wait.
func (b Bundle) Window() time.Duration {
	switch b {
	case QuarterHour:
		return 15 * time.Minute
	case Hourly:
		return time.Hour
	}
	return 0
}
