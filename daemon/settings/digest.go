package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"postrider/digest"
)

// Digest is the [digest] table: the defaults for members without preferences.
type Digest struct {
	Cadence     digest.Cadence `toml:"cadence"`
	Hour        int            `toml:"hour"`
	Weekday     string         `toml:"weekday"`
	Day         int            `toml:"day"`
	Every       int            `toml:"every"`
	Zone        string         `toml:"time_zone"`
	Locale      string         `toml:"locale"`
	FirstWindow time.Duration  `toml:"first_window"`
	Posts       string         `toml:"posts"`          // PostTitles, PostExcerpts or PostsWhole
	Excerpt     int            `toml:"excerpt_length"` // characters
	MaxBytes    int            `toml:"max_bytes"`      // of decoded HTML
	MaxItems    int            `toml:"max_items"`      // posts; 0: as many as fit
	Order       digest.Order   `toml:"order"`
	SkipRead    bool           `toml:"skip_read"`
	// PrivateMessages is whether digests count unread private messages: MessagesOff, MessagesCount or MessagesSenders.
	PrivateMessages string `toml:"private_messages"`
}

// MaxExcerpt is the longest excerpt of a post, in characters.
const MaxExcerpt = 5000

// The values of posts.
const (
	PostTitles   = "titles"
	PostExcerpts = "excerpts"
	PostsWhole   = "whole"
)

// The values of private_messages.
const (
	MessagesOff     = "off"
	MessagesCount   = "count"
	MessagesSenders = "senders" // names them, too
)

// DefaultDigest returns the defaults: a daily edition at 8:00.
func DefaultDigest() Digest {
	return Digest{
		Cadence: digest.Daily, Hour: 8, Weekday: "monday", Day: 1, Every: 6,
		Zone: "UTC", Locale: "en",
		FirstWindow: 24 * time.Hour,
		Posts:       PostExcerpts,
		Excerpt:     300,
		MaxBytes:    80_000,
		Order:       digest.Telling,

		PrivateMessages: MessagesOff,
	}
}

// Schedule returns the default schedule.
func (c Digest) Schedule() digest.Schedule {
	day, _ := weekday(c.Weekday)
	return digest.Schedule{Cadence: c.Cadence, Hour: c.Hour, Weekday: day, Day: c.Day, Every: c.Every}
}

// DefaultExcerpt returns the excerpt length of members who chose none.
func (c Digest) DefaultExcerpt() int {
	switch c.Posts {
	case PostTitles:
		return digest.TitlesOnly
	case PostsWhole:
		return digest.WholePosts
	}
	return c.Excerpt
}

// ExcerptLengths returns the excerpt lengths that a member may choose from, ascending. They are few, because each post is
// rendered once per length for all members.
func (c Digest) ExcerptLengths() []int {
	lengths := []int{digest.TitlesOnly, 150, 300, 600, 1000, c.Excerpt, digest.WholePosts}
	slices.Sort(lengths)
	return slices.Compact(lengths)
}

// LongestExcerpt returns the most characters of a post that is not shown as a whole.
func (c Digest) LongestExcerpt() int { return max(1000, c.Excerpt) }

// Validate returns the invalid settings. Each error starts with its key.
func (c Digest) Validate() error {
	var errs []error
	if _, ok := weekday(c.Weekday); !ok {
		errs = append(errs, fmt.Errorf("weekday is %q: must be monday, tuesday, wednesday, thursday, friday, saturday or sunday", c.Weekday))
	}
	// Check each key with the cadence that uses it, to find an invalid value before it is needed.
	for _, cadence := range []digest.Cadence{c.Cadence, digest.Monthly, digest.EveryNHours} {
		s := c.Schedule()
		s.Cadence = cadence
		if err := s.Validate(); err != nil && !contains(errs, err) {
			errs = append(errs, err)
		}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		errs = append(errs, fmt.Errorf("time_zone is %q: must be an IANA time zone, for example \"Europe/Berlin\" or \"UTC\"", c.Zone))
	}
	if _, err := language.Parse(c.Locale); err != nil {
		errs = append(errs, fmt.Errorf("locale is %q: must be a language tag, for example \"en\" or \"de\"", c.Locale))
	}
	if c.FirstWindow < 0 || c.FirstWindow > 31*24*time.Hour {
		errs = append(errs, fmt.Errorf("first_window is %v: must be \"0s\" to \"744h\"", c.FirstWindow))
	}
	if !slices.Contains([]string{PostTitles, PostExcerpts, PostsWhole}, c.Posts) {
		errs = append(errs, fmt.Errorf("posts is %q: must be %q, %q or %q", c.Posts, PostTitles, PostExcerpts, PostsWhole))
	}
	if c.Excerpt < 40 || c.Excerpt > MaxExcerpt {
		errs = append(errs, fmt.Errorf("excerpt_length is %d: must be 40 to %d characters", c.Excerpt, MaxExcerpt))
	}
	if c.MaxBytes < 20_000 || c.MaxBytes > 100_000 {
		errs = append(errs, fmt.Errorf("max_bytes is %d: must be 20000 to 100000; Gmail clips messages at about 102000", c.MaxBytes))
	}
	if c.MaxItems < 0 {
		errs = append(errs, fmt.Errorf("max_items is %d: must be the most posts that a digest shows, or 0 for as many as fit", c.MaxItems))
	}
	if !slices.Contains([]digest.Order{digest.Telling, digest.Newest, digest.Listed}, c.Order) {
		errs = append(errs, fmt.Errorf("order is %q: must be %q, %q or %q", c.Order, digest.Telling, digest.Newest, digest.Listed))
	}
	if !slices.Contains([]string{MessagesOff, MessagesCount, MessagesSenders}, c.PrivateMessages) {
		errs = append(errs, fmt.Errorf("private_messages is %q: must be %q, %q or %q", c.PrivateMessages, MessagesOff, MessagesCount, MessagesSenders))
	}
	return errors.Join(errs...)
}

func contains(errs []error, err error) bool {
	for _, e := range errs {
		if e.Error() == err.Error() {
			return true
		}
	}
	return false
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

// Scan is the [scan] table: how often the forum is checked, and how old a post may be.
type Scan struct {
	Interval time.Duration `toml:"interval"`
	MaxAge   time.Duration `toml:"max_age"`
}

// DefaultScan returns the defaults: a scan every ten seconds.
func DefaultScan() Scan {
	return Scan{Interval: 10 * time.Second, MaxAge: 30 * 24 * time.Hour}
}

// Validate returns the invalid settings. Each error starts with its key.
func (c Scan) Validate() error {
	var errs []error
	if c.Interval < time.Second || c.Interval > time.Hour {
		errs = append(errs, fmt.Errorf("interval is %v: must be \"1s\" to \"1h\"", c.Interval))
	}
	// The store deletes sightings after 90 days. Older posts must not look new after that.
	if c.MaxAge < 24*time.Hour || c.MaxAge > 90*24*time.Hour {
		errs = append(errs, fmt.Errorf("max_age is %v: must be \"24h\" to \"2160h\"", c.MaxAge))
	}
	return errors.Join(errs...)
}
