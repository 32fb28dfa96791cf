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
}

// DefaultNotify returns the defaults: everything at once, as far as the watch asks for that.
func DefaultNotify() Notify {
	return Notify{Replies: digest.Instant, NewThreads: digest.Instant, Quotes: digest.Instant, Mentions: digest.Instant}
}

// Switches returns the site's switches.
func (c Notify) Switches() digest.Switches {
	return digest.Switches{Replies: c.Replies, NewThreads: c.NewThreads, Quotes: c.Quotes, Mentions: c.Mentions}
}

// Validate returns the invalid settings. Each error starts with its key.
func (c Notify) Validate() error {
	var errs []error
	for _, kind := range digest.PostKinds() {
		if s := c.Switches().Of(kind); !slices.Contains(digest.SwitchValues(), s) {
			errs = append(errs, fmt.Errorf("%s is %q: must be %q, %q or %q", kind, s, digest.Instant, digest.WithDigest, digest.Off))
		}
	}
	return errors.Join(errs...)
}
