package digest

import (
	"math"
	"time"

	"postrider/forum"
)

// Announcement is a message from an administrator to members.
type Announcement struct {
	ID       int64
	Variants []Variant // the first is the fallback for all other languages
	Audience Audience
	Forced   bool // also goes to members who opted out; for legal notices
	Start    Start
	Speed    int // messages per minute; 0: as fast as the relay accepts them
	Canary   Canary
}

// Variant is an announcement in one language.
type Variant struct {
	Locale string // BCP 47
	Title  string // one line, with merge fields
	Body   string // Markdown, with merge fields
}

// Start is when an announcement begins. The zero value means immediately.
type Start struct {
	At    time.Time
	Local bool // At is a local time, stored as UTC: each member gets the message at that hour in their zone
}

// Canary is a sample of the audience that gets an announcement first.
type Canary struct {
	Share float64       // 0.01 is one percent; 0: no canary
	Wait  time.Duration // time for bounces and complaints before the others get it
}

// minCanary is the smallest sample that shows how relays react.
const minCanary = 20

// Size returns the number of canary members for an audience. It is 0 if the canary would be the whole audience.
func (c Canary) Size(audience int) int {
	n := max(minCanary, int(math.Ceil(float64(audience)*c.Share)))
	if c.Share <= 0 || n >= audience {
		return 0
	}
	return n
}

// Includes reports whether a member may belong to the canary of an announcement to an audience of this size. It samples
// the whole audience evenly, because the oldest accounts have the worst addresses. It selects more than Size (by four
// standard deviations), so that there are enough.
func (c Canary) Includes(announcement int64, member forum.MemberID, audience int) bool {
	size := float64(c.Size(audience))
	drawn := float64(splitMix64(uint64(announcement)<<40^uint64(member))>>11) / (1 << 53) // 0 to 1
	return drawn*float64(audience) < size+4*math.Sqrt(size)
}

// splitMix64 is a hash with evenly distributed results (Steele, Lea, Flood: SplitMix64).
func splitMix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// earliestZoneOffset is the largest offset east of UTC (Kiribati).
const earliestZoneOffset = 14 * time.Hour

// canaryMargin is spare time between the end of the canary and the first local hour.
const canaryMargin = 15 * time.Minute

// StartTime returns when the first messages go out. If members get the announcement at a local hour, the canary goes out
// before the first of them is due.
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

// Due returns when a member in zone gets the announcement. A time in the past means immediately. A local hour that the
// clock skips is due at the first instant after the gap; a day that the zone skips is due on the following day.
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

// ExclusionReason returns why a member of the audience gets no message, or "" if they get one. A forced announcement also
// goes to members who opted out, but not to members who must not be emailed for other reasons, such as a ban.
func (a *Announcement) ExclusionReason(c *Candidate, now time.Time) Reason {
	reason := c.Choices.NoEmailReason(c.Member, forum.Announcements)
	switch {
	case reason != "" && !(a.Forced && reason == forum.OptedOut):
		return Reason(reason)
	case a.Forced:
		return ""
	case c.Choices.Announcements != nil && !*c.Choices.Announcements:
		return OptedOutOfAnnouncements
	case now.Add(maxDelay).Before(c.Choices.PausedUntil):
		return EmailPaused
	}
	return ""
}

// maxDelay is how long an announcement waits for a member whose email is paused. After that it is out of date.
const maxDelay = 72 * time.Hour

// NotBefore returns when the pause of a member ends. It is zero if the announcement does not have to wait.
func (a *Announcement) NotBefore(c *Candidate, now time.Time) time.Time {
	if a.Forced || !now.Before(c.Choices.PausedUntil) {
		return time.Time{}
	}
	return c.Choices.PausedUntil
}

// Percent returns part as a percentage of a total. It is 0 if the total is 0.
func Percent(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}
