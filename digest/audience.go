package digest

import (
	"slices"
	"strings"
	"time"

	"postrider/forum"
)

// Audience selects the members that an announcement goes to. Conditions are combined with AND; an empty one matches all
// members, so the zero value selects everyone. It does not decide whether a member may be emailed at all: see
// [Announcement.ExclusionReason].
type Audience struct {
	Groups        []forum.GroupID   `json:"groups,omitempty"`   // in at least one of these
	Sections      []forum.SectionID `json:"sections,omitempty"` // watches at least one of these and may read it
	Locales       []string          `json:"locales,omitempty"`  // BCP 47; "de" includes "de-AT"
	MinPosts      int               `json:"min_posts,omitempty"`
	MaxPosts      int               `json:"max_posts,omitempty"` // 0: no limit
	JoinedAfter   time.Time         `json:"joined_after,omitzero"`
	JoinedBefore  time.Time         `json:"joined_before,omitzero"`
	VisitedAfter  time.Time         `json:"visited_after,omitzero"`
	VisitedBefore time.Time         `json:"visited_before,omitzero"` // includes members who never visited
	Only          []forum.MemberID  `json:"only,omitempty"`          // ascending; if set, only these
	Except        []forum.MemberID  `json:"except,omitempty"`        // ascending
	ExceptGroups  []forum.GroupID   `json:"except_groups,omitempty"`
}

// Candidate is a member with everything that decides whether they get an announcement.
type Candidate struct {
	Member  forum.Member // with the locale of their emails
	Profile forum.Profile
	Groups  []forum.GroupID
	Access  forum.Access // read only if the audience selects by section
	Watches forum.Watches
	Choices Preferences
}

// ExclusionReason returns why a member is not in the audience, or "" if they are.
func (a *Audience) ExclusionReason(c *Candidate) Reason {
	id := c.Member.ID
	switch {
	case len(a.Only) > 0 && !onList(a.Only, id):
		return NotOnList
	case onList(a.Except, id), intersects(a.ExceptGroups, c.Groups):
		return Excepted
	case len(a.Groups) > 0 && !intersects(a.Groups, c.Groups):
		return NotInGroup
	case len(a.Locales) > 0 && !slices.ContainsFunc(a.Locales, func(l string) bool { return localeMatches(c.Member.Locale, l) }):
		return NoSuchLocale
	case c.Profile.Unknown && a.MinPosts+a.MaxPosts > 0:
		return PostCount
	case c.Profile.Unknown && !(a.JoinedAfter.IsZero() && a.JoinedBefore.IsZero()):
		return JoinDate
	case c.Profile.Unknown && !(a.VisitedAfter.IsZero() && a.VisitedBefore.IsZero()):
		return LastVisit
	case c.Profile.Posts < a.MinPosts, a.MaxPosts > 0 && c.Profile.Posts > a.MaxPosts:
		return PostCount
	case outsideRange(c.Profile.JoinedAt, a.JoinedAfter, a.JoinedBefore):
		return JoinDate
	case outsideRange(c.Profile.VisitedAt, a.VisitedAfter, a.VisitedBefore):
		return LastVisit
	case len(a.Sections) > 0 && !slices.ContainsFunc(a.Sections, c.watches):
		return NotWatching
	}
	return ""
}

// ByGroup reports whether the audience depends on group membership.
func (a *Audience) ByGroup() bool { return len(a.Groups)+len(a.ExceptGroups) > 0 }

func onList(sorted []forum.MemberID, id forum.MemberID) bool {
	_, found := slices.BinarySearch(sorted, id)
	return found
}

func intersects(wanted, in []forum.GroupID) bool {
	return slices.ContainsFunc(wanted, func(g forum.GroupID) bool { return slices.Contains(in, g) })
}

// localeMatches reports whether a locale equals the wanted one or is a variant of it.
func localeMatches(locale, wanted string) bool {
	locale, wanted = strings.ReplaceAll(locale, "_", "-"), strings.ReplaceAll(wanted, "_", "-")
	if len(locale) > len(wanted) && locale[len(wanted)] == '-' {
		locale = locale[:len(wanted)]
	}
	return strings.EqualFold(locale, wanted)
}

// outsideRange reports whether a time is outside [after, before). Each limit may be zero.
func outsideRange(at, after, before time.Time) bool {
	return !after.IsZero() && at.Before(after) || !before.IsZero() && !at.Before(before)
}

// watches reports whether the member watches a section and may read it. Watches survive the loss of access.
func (c *Candidate) watches(s forum.SectionID) bool {
	_, watched := c.Watches.Sections[s]
	return watched && c.Access[s] != forum.NoRight
}
