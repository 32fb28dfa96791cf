package digest

import (
	"maps"
	"slices"
	"time"

	"postrider/forum"
)

// Preferences are what a member chose on Postrider's pages or by unsubscribing. The zero value of each field means that
// the member chose nothing, so the forum's value or the configured default applies.
type Preferences struct {
	Schedule        *Schedule // of the digests
	SetByAdmin      bool      // an administrator chose Schedule for the member
	Zone            string    // IANA name
	Locale          string    // BCP 47 tag
	Format          Format
	Excerpt         int // characters of each post in digests, TitlesOnly or WholePosts
	IncludeOwnPosts *bool
	UnreadOnly      *bool
	NewThreadsOnly  *bool // of watched sections
	Alerts          AlertMode
	Switches        Switches // by kind of post
	Bundle          Bundle   // of alerts
	Announcements   *bool
	WeekendsOff     *bool // no digests and alerts on Saturdays and Sundays
	Quiet           *QuietHours
	PausedUntil     time.Time           // no messages before; UTC
	OptedOut        forum.Kinds         // what the member had opted out of on the forum when choosing here, and still has
	ForumDigests    *forum.DigestChoice // the forum's value when the member chose Schedule; nil: not read since
	ChosenAt        time.Time           // the latest choice; UTC
}

// NoEmailReason returns why the forum allows no messages of a kind to the member, or "" if it does. An opt-out on the
// forum applies unless the member requested that kind here after it.
func (c Preferences) NoEmailReason(m forum.Member, kind forum.Kinds) string {
	if m.NoMail == "" && m.OptOuts.Has(kind) && !(c.OptedOut.Has(kind) && c.chosen().Has(kind)) {
		return forum.OptedOut
	}
	return m.NoMail
}

// chosen returns the kinds of messages that the member made a choice about.
func (c Preferences) chosen() (kinds forum.Kinds) {
	if c.Announcements != nil {
		kinds |= forum.Announcements
	}
	if c.Alerts != "" {
		kinds |= forum.Alerts
	}
	if c.Schedule != nil {
		kinds |= forum.Digests
	}
	return kinds
}

// Normalize returns the preferences that apply given the member's opt-outs on the forum. A later opt-out there overrides the
// preferences that request messages of these kinds.
func (c Preferences) Normalize(optOuts forum.Kinds) Preferences {
	later := optOuts &^ c.OptedOut
	if later.Has(forum.Announcements) && c.Announcements != nil && *c.Announcements {
		c.Announcements = nil
	}
	if later.Has(forum.Alerts) && c.Alerts != NoAlerts {
		c.Alerts = ""
	}
	if later.Has(forum.Digests) && c.Schedule != nil && c.Schedule.Cadence != Off {
		c.Schedule, c.ForumDigests = nil, nil
	}
	return c
}

// Special lengths of the excerpts of posts.
const (
	// TitlesOnly shows each thread as a line, and no posts.
	TitlesOnly = -1
	// WholePosts is more characters than a digest has room for, so a post that fits at all is whole. Longer ones are cut.
	WholePosts = 20_000
)

// Format is the format of messages to a member.
type Format string

const (
	HTML Format = "html"
	Text Format = "text" // plain text only
)

// AlertMode says how many alerts a member gets about one thread.
type AlertMode string

const (
	NoAlerts   AlertMode = "off"
	FirstReply AlertMode = "first" // then none until the member visits the site
	EveryReply AlertMode = "every"
)

// QuietHours are the local hours without alerts: From <= hour < Until, across midnight if From is the greater.
type QuietHours struct{ From, Until int }

// Overrides are preferences for single watches: [Instant], [WithDigest], [Weekly], [Monthly] or [Off]. An override for a
// thread takes precedence over one for its section.
type Overrides struct {
	Sections map[forum.SectionID]Cadence
	Threads  map[forum.ThreadID]Cadence
	Added    []forum.SectionID // sections that the member watches only here; each has an override
}

// Extend returns what the member watches on the forum, with the sections that they added here. A section that they watch there, too, is
// watched as there.
func (w Overrides) Extend(watches forum.Watches) forum.Watches {
	if len(w.Added) == 0 {
		return watches
	}
	sections := make(map[forum.SectionID]forum.Watch, len(watches.Sections)+len(w.Added))
	for _, id := range w.Added {
		sections[id] = forum.Watch{Level: forum.AllPosts}
	}
	maps.Copy(sections, watches.Sections)
	watches.Sections = sections
	return watches
}

// Of returns the override for a thread in its current section, or "" if there is none. If the thread is in several sections, the
// one that brings its posts soonest applies: an override is for a single watch, and does not take away from another.
func (w Overrides) Of(thread *forum.Thread, watches forum.Watches) Cadence {
	if c, ok := w.Threads[thread.ID]; ok {
		return c
	}
	if len(thread.AlsoIn) == 0 {
		return w.Sections[thread.Section]
	}
	var soonest Cadence
	known := false
	for section := range thread.InSections {
		c, overridden := w.Sections[section]
		_, watched := watches.Sections[section]
		if (overridden || watched) && (!known || c.delay() < soonest.delay()) {
			soonest, known = c, true
		}
	}
	return soonest
}

// delay orders the overrides by how soon they bring a post; "" is none.
func (c Cadence) delay() int {
	return slices.Index([]Cadence{Instant, "", WithDigest, Weekly, Monthly, Off}, c)
}
