package mail

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a relay may ask for. Shorter, and we would hammer it; longer is a slip of its, or a wish to be left
// alone that 5xx is for.
const (
	minRetry = 15 * time.Second
	maxRetry = 12 * time.Hour
)

// retryForms are the ways in which relays say when to come back. The first wants hours, minutes and seconds (milter-greylist:
// "please come back in 00:04:59"), the second a number and its unit ("Please try again in 5 minutes", Exim and ESPs;
// "Greylisted for 300 seconds", postgrey; "retry timeout 1h"). What stands between is short, so that a number that
// means something else is not met.
var (
	retryClock        = regexp.MustCompile(`(?i)\b(?:again|back|retry|later|wait|gr[ae]y-?list\w*|delayed|deferred)\b[^.;0-9]{0,30}\b(\d{1,2}):(\d{2}):(\d{2})\b`)
	retryAfterPattern = regexp.MustCompile(`(?i)\b(?:again|back|retry|later|wait|gr[ae]y-?list\w*|delayed|deferred)\b[^.;0-9]{0,30}\b(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b`)
)

// retry is when the relay would have us come back. 0: it does not say.
func (p reply) retry() time.Duration {
	if p.code/100 != 4 {
		return 0
	}
	var wait time.Duration
	if m := retryClock.FindStringSubmatch(p.text); m != nil {
		wait = number(m[1])*time.Hour + number(m[2])*time.Minute + number(m[3])*time.Second
	} else if m := retryAfterPattern.FindStringSubmatch(p.text); m != nil {
		wait = number(m[1]) * unit(m[2])
	} else {
		return 0
	}
	return min(max(wait, minRetry), maxRetry)
}

// number reads digits, few enough to fit.
func number(digits string) time.Duration {
	n, _ := strconv.Atoi(digits)
	return time.Duration(n)
}

func unit(name string) time.Duration {
	switch strings.ToLower(name)[0] {
	case 'h':
		return time.Hour
	case 'm':
		return time.Minute
	}
	return time.Second
}
