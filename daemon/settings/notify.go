package settings

import (
	"errors"
	"fmt"
	"slices"

	"postrider/digest"
)

// Notify is the [notify] table: how members get the posts of each kind, unless they choose something else.
type Notify struct {
	Replies    digest.Cadence `toml:"replies"`
	NewThreads digest.Cadence `toml:"new_threads"`
	Quotes     digest.Cadence `toml:"quotes"`
	Mentions   digest.Cadence `toml:"mentions"`
	Unwatched  string         `toml:"unwatched"` // UnwatchedForum, UnwatchedAlways or UnwatchedNever
}

// DefaultNotify returns the defaults: everything at once, as far as the watch asks for that.
func DefaultNotify() Notify {
	return Notify{Replies: digest.Instant, NewThreads: digest.Instant, Quotes: digest.Instant, Mentions: digest.Instant, Unwatched: UnwatchedForum}
}

// What unwatched can be: whether members who watch nothing get alerts about quotes and mentions.
const (
	UnwatchedForum  = "forum" // if the forum itself emails them
	UnwatchedAlways = "always"
	UnwatchedNever  = "never"
)

// AlertsUnwatched reports whether members who watch nothing get alerts about quotes and mentions, given whether the forum itself emails
// them.
func (c Notify) AlertsUnwatched(byForum bool) bool {
	return c.Unwatched == UnwatchedAlways || c.Unwatched != UnwatchedNever && byForum
}

// Switches returns the site's switches.
func (c Notify) Switches() digest.Switches {
	return digest.Switches{Replies: c.Replies, NewThreads: c.NewThreads, Quotes: c.Quotes, Mentions: c.Mentions}
}

// Validate returns the invalid settings. Each error starts with its key.
func (c Notify) Validate() error {
	var errs []error
	if !slices.Contains([]string{UnwatchedForum, UnwatchedAlways, UnwatchedNever}, c.Unwatched) {
		errs = append(errs, fmt.Errorf("unwatched is %q: must be %q, %q or %q", c.Unwatched, UnwatchedForum, UnwatchedAlways, UnwatchedNever))
	}
	for _, kind := range digest.PostKinds() {
		if s := c.Switches().Of(kind); !slices.Contains(digest.SwitchValues(), s) {
			errs = append(errs, fmt.Errorf("%s is %q: must be %q, %q or %q", kind, s, digest.Instant, digest.WithDigest, digest.Off))
		}
	}
	return errors.Join(errs...)
}
