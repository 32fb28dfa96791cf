package mirror

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Config is the [mirror] table.
type Config struct {
	Feeds      []Feed        `toml:"feeds"`
	PushSecret string        `toml:"push_secret"` // empty: nothing can be sent
	KeepTexts  time.Duration `toml:"keep_texts"`

	Subscribe         bool     `toml:"subscribe"`          // anyone can subscribe on a page
	SubscribeSections []string `toml:"subscribe_sections"` // IDs or titles of the sections on offer; empty: all
	SubscribeDaily    int      `toml:"subscribe_daily"`    // how many people can ask for it in a day
}

const day = 24 * time.Hour

// maxSection is the maximum length of the title of a feed's section, in characters, because it is a part of an ID.
const maxSection = 100

// DefaultConfig accepts nothing, and keeps texts as long as a monthly digest needs them.
func DefaultConfig() Config {
	return Config{Feeds: []Feed{}, KeepTexts: 35 * day, SubscribeSections: []string{}, SubscribeDaily: 1000}
}

// minSecretLength is the least number of characters in a secret that must not be guessed.
const minSecretLength = 16

// Validate returns every invalid key; each error begins with its key.
func (c Config) Validate() error {
	var errs []error
	if c.PushSecret != "" && len(c.PushSecret) < minSecretLength {
		errs = append(errs, fmt.Errorf("push_secret has %d characters: use %d or more, for example the output of: openssl rand -hex 32", len(c.PushSecret), minSecretLength))
	}
	for i, f := range c.Feeds {
		errs = append(errs, f.validate(fmt.Sprintf("feeds[%d]", i), c.Feeds[:i]))
	}
	if c.KeepTexts < 35*day || c.KeepTexts > 3660*day {
		errs = append(errs, fmt.Errorf("keep_texts: invalid duration %v: must be between 840h (35 days, as long as a monthly digest needs) and 87840h", c.KeepTexts))
	}
	if c.SubscribeDaily < 1 || c.SubscribeDaily > 1e6 {
		errs = append(errs, fmt.Errorf("subscribe_daily is %d: must be from 1 to 1000000", c.SubscribeDaily))
	}
	if len(c.SubscribeSections) > 0 && !c.Subscribe {
		errs = append(errs, errors.New("subscribe_sections: has no effect without subscribe = true"))
	}
	return errors.Join(errs...)
}

// String describes a feed without its password.
func (f Feed) String() string { return redacted(f.URL) + " in " + f.Section }

// validate returns what is wrong with a feed; before are those above it.
func (f Feed) validate(key string, before []Feed) error {
	var errs []error
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("%s.url: invalid URL: must be the http or https URL of an RSS, Atom or JSON feed", key))
	}
	if slices.ContainsFunc(before, func(b Feed) bool { return b.URL == f.URL }) {
		errs = append(errs, fmt.Errorf("%s.url: this feed is listed twice", key))
	}
	if strings.TrimSpace(f.Section) == "" || utf8.RuneCountInString(f.Section) > maxSection {
		errs = append(errs, fmt.Errorf("%s.section: missing or too long: must be the title of a section, for example \"Local news\"", key))
	}
	if f.Interval != 0 && (f.Interval < time.Minute || f.Interval > maxBackoff) {
		errs = append(errs, fmt.Errorf("%s.interval: invalid duration %v: must be between 1m and 24h", key, f.Interval))
	}
	return errors.Join(errs...)
}
