package digest

import (
	"math"
	"time"

	"postrider/forum"
)

// Announcement is what an administrator writes to his members.
type Announcement struct {
	ID       int64
	Variants []Variant // the first is for all whose language is not among them
	Audience Audience
	Forced   bool // goes to those, too, who have opted out: for legal notices
	Start    Start
	Speed    int // mails a minute; 0: as fast as the relay takes them
	Canary   Canary
}

// Variant is an announcement in one language.
type Variant struct {
	Locale string // BCP 47
	Title  string // one line, with gaps
	Body   string // Markdown, with gaps
}

// Start is when an announcement begins. The zero value is at once.
type Start struct {
	At    time.Time
	Local bool // At tells what clocks show, in UTC: each member gets it when his own clock shows that hour
}

// Canary is the share of an audience that gets an announcement first.
type Canary struct {
	Share float64       // 0.01 is one percent; 0: there is no canary
	Wait  time.Duration // for what comes back, before the others get it
}

// minCanary is how many mails say anything about a relay's mood.
const minCanary = 20

// Size is how many of an audience are the canary: 0 if it would be everybody.
func (c Canary) Size(audience int) int {
	n := max(minCanary, int(math.Ceil(float64(audience)*c.Share)))
	if c.Share <= 0 || n >= audience {
		return 0
	}
	return n
}

// Includes tells whether a member may belong to the canary of an announcement to so many. It draws from the whole
// audience alike, since the oldest accounts have the worst addresses, and some more than are needed (four times the
// spread of chance), so that there are enough.
func (c Canary) Includes(announcement int64, member forum.MemberID, audience int) bool {
	size := float64(c.Size(audience))
	drawn := float64(splitMix64(uint64(announcement)<<40^uint64(member))>>11) / (1 << 53) // 0 to 1
	return drawn*float64(audience) < size+4*math.Sqrt(size)
}

// splitMix64 spreads numbers evenly (Steele, Lea, Flood: SplitMix64).
func splitMix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// earliestZoneOffset is how far the earliest clocks are before UTC (Kiribati).
const earliestZoneOffset = 14 * time.Hour

// canaryMargin is for what comes between the canary's end and the first local hour.
const canaryMargin = 15 * time.Minute

// StartTime is when the first mails go out. Where each member gets it at an hour of his own, the canary goes out before
// the first of these.
func (a *Announcement) StartTime() time.Time {
	if !a.Start.Local {
		return a.Start.At
	}
	begins := a.Start.At.Add(-earliestZoneOffset - canaryMargin)
	if a.Canary.Share > 0 {
		begins = begins.Add(-a.Canary.Wait - canaryMargin)
	}
	return begins
}

// Due is when a member in a zone gets it; a moment that has passed by then means at once. An hour that his clock
// skips comes at the first instant after the gap, a day that it skips on the day after.
func (a *Announcement) Due(zone *time.Location) time.Time {
	if !a.Start.Local {
		return a.Start.At
	}
	day := a.Start.At.UTC()
	for {
		if at, exists := localInstant(day, day.Hour(), zone); exists {
			return at
		}
		day = day.AddDate(0, 0, 1)
	}
}

// ExclusionReason says why a member of the audience is not mailed; "" means that he is. What is forced goes to those, too, who
// have opted out, but to nobody whom the forum forbids to mail.
func (a *Announcement) ExclusionReason(c *Candidate, now time.Time) Reason {
	switch {
	case c.Choices.NoEmailReason(c.Member.NoMail, c.Choices.Announcements != nil) != "" && !(a.Forced && c.Member.NoMail == forum.OptedOut):
		return Reason(c.Member.NoMail)
	case a.Forced:
		return ""
	case c.Choices.Announcements != nil && !*c.Choices.Announcements:
		return OptedOutOfAnnouncements
	case now.Add(maxDelay).Before(c.Choices.PausedUntil):
		return EmailPaused
	}
	return ""
}

// maxDelay is how long an announcement waits for a member who has paused his mail. What is older is no news to him.
const maxDelay = 72 * time.Hour

// NotBefore is when a member wants it at the earliest: once his mail is not paused any more. Zero: at any time.
func (a *Announcement) NotBefore(c *Candidate, now time.Time) time.Time {
	if a.Forced || !now.Before(c.Choices.PausedUntil) {
		return time.Time{}
	}
	return c.Choices.PausedUntil
}

// Percent is how many of a hundred a part is; of nothing it is 0.
func Percent(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}
