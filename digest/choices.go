package digest

import (
	"time"

	"postrider/forum"
)

// Preferences are what a member has chosen on postrider's own pages, or by unsubscribing. The zero value of each
// means that he has chosen nothing, and that the forum's word or the site's setting holds.
type Preferences struct {
	Schedule        *Schedule // of his digests
	Zone            string    // IANA name
	Locale          string    // BCP 47 tag
	Format          Format
	Excerpt         int // characters of each post
	IncludeOwnPosts *bool
	UnreadOnly      *bool
	Alerts          AlertMode
	Announcements   *bool
	Quiet           *QuietHours
	PausedUntil     time.Time // no mail before; UTC
	OptedOut        bool      // he had opted out on the forum when he chose here, and still has
	ChosenAt        time.Time // his newest choice; UTC
}

// NoEmailReason is why a member gets no mail of a kind, by the forum's word; empty: he may. That he has opted out there holds,
// unless he asked for that kind here after he had.
func (c Preferences) NoEmailReason(noMail string, asked bool) string {
	if noMail == forum.OptedOut && c.OptedOut && asked {
		return ""
	}
	return noMail
}

// Normalize are the choices that hold beside the forum's word: none for mail of a member who has opted out there since.
func (c Preferences) Normalize(noMail string) Preferences {
	if noMail == forum.OptedOut && !c.OptedOut {
		c.Schedule, c.Alerts, c.Announcements = nil, "", nil
	}
	return c
}

// Format is the form in which a member reads his mail.
type Format string

const (
	HTML Format = "html"
	Text Format = "text" // nothing but text
)

// AlertMode says how many alerts of one thread a member gets.
type AlertMode string

const (
	NoAlerts   AlertMode = "off"
	FirstReply AlertMode = "first" // none further until he has been back on the site
	EveryReply AlertMode = "every"
)

// QuietHours are hours of a member's day in which no alert comes: From <= hour < Until, over midnight if From is the later.
type QuietHours struct{ From, Until int }

// Overrides say how a member wants to hear of single sections and threads that he watches: [Instant], [WithDigest], [Weekly],
// [Monthly] or [Off]. A thread's wins over that of its section.
type Overrides struct {
	Sections map[forum.SectionID]Cadence
	Threads  map[forum.ThreadID]Cadence
}

// Of is the wish for a thread where it stands; empty: none.
func (w Overrides) Of(thread *forum.Thread) Cadence {
	if c, ok := w.Threads[thread.ID]; ok {
		return c
	}
	return w.Sections[thread.Section]
}
