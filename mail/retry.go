package mail

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of the delay that a relay may ask for. With less we would hammer it. More is a mistake, or a
// request to stop, which 5xx is for.
const (
	minRetry = 15 * time.Second
	maxRetry = 12 * time.Hour
)

// These patterns match how relays ask for a delay. The first matches hours, minutes and seconds
// (milter-greylist: "please come back in 00:04:59"), the second a number and its unit ("Please try again in
// 5 minutes", Exim and ESPs; "Greylisted for 300 seconds", postgrey; "retry timeout 1h"). The text before
// the number is short, so that unrelated numbers do not match.
var (
	retryClock        = regexp.MustCompile(`(?i)\b(?:again|back|retry|later|wait|gr[ae]y-?list\w*|delayed|deferred)\b[^.;0-9]{0,30}\b(\d{1,2}):(\d{2}):(\d{2})\b`)
	retryAfterPattern = regexp.MustCompile(`(?i)\b(?:again|back|retry|later|wait|gr[ae]y-?list\w*|delayed|deferred)\b[^.;0-9]{0,30}\b(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b`)
)

// retry returns the delay that the relay asks for, or 0.
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

// number parses digits, few enough to fit.
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
