package digest

import (
	"slices"
	"strings"
	"time"

	"postrider/forum"
)

// Audience says for whom an announcement is. What is left empty excludes nobody, so that the zero value is everybody;
// all that is set must hold. Whether a member may be mailed at all is not its business: see [Announcement.ExclusionReason].
type Audience struct {
	Groups        []forum.GroupID   `json:"groups,omitempty"`   // in one of these
	Sections      []forum.SectionID `json:"sections,omitempty"` // watches one of these, and may read it
	Locales       []string          `json:"locales,omitempty"`  // BCP 47; "de" is "de-AT", too
	MinPosts      int               `json:"min_posts,omitempty"`
	MaxPosts      int               `json:"max_posts,omitempty"` // 0: any number
	JoinedAfter   time.Time         `json:"joined_after,omitzero"`
	JoinedBefore  time.Time         `json:"joined_before,omitzero"`
	VisitedAfter  time.Time         `json:"visited_after,omitzero"`
	VisitedBefore time.Time         `json:"visited_before,omitzero"` // who was never seen was so before any moment
	Only          []forum.MemberID  `json:"only,omitempty"`          // nobody else; rising
	Except        []forum.MemberID  `json:"except,omitempty"`        // none of these; rising
	ExceptGroups  []forum.GroupID   `json:"except_groups,omitempty"`
}

// Candidate is a member with all that decides whether an announcement is for him.
type Candidate struct {
	Member  forum.Member // his locale is the one that he is mailed in
	Profile forum.Profile
	Groups  []forum.GroupID
	Access  forum.Access // asked for where the audience names sections
	Watches forum.Watches
	Choices Preferences
}

// ExclusionReason says why a member is none of the audience; "" means that he is.
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

// ByGroup tells whether it matters in which groups a candidate is.
func (a *Audience) ByGroup() bool { return len(a.Groups)+len(a.ExceptGroups) > 0 }

func onList(rising []forum.MemberID, id forum.MemberID) bool {
	_, found := slices.BinarySearch(rising, id)
	return found
}

func intersects(wanted, in []forum.GroupID) bool {
	return slices.ContainsFunc(wanted, func(g forum.GroupID) bool { return slices.Contains(in, g) })
}

// localeMatches tells whether a member's locale is the wanted one, or one that it includes.
func localeMatches(locale, wanted string) bool {
	locale, wanted = strings.ReplaceAll(locale, "_", "-"), strings.ReplaceAll(wanted, "_", "-")
	if len(locale) > len(wanted) && locale[len(wanted)] == '-' {
		locale = locale[:len(wanted)]
	}
	return strings.EqualFold(locale, wanted)
}

// outsideRange tells whether a moment is not in [after, before), each of which may be left out.
func outsideRange(at, after, before time.Time) bool {
	return !after.IsZero() && at.Before(after) || !before.IsZero() && !at.Before(before)
}

// watches tells whether he watches a section that he may read: who lost that right must not hear from it.
func (c *Candidate) watches(s forum.SectionID) bool {
	_, watched := c.Watches.Sections[s]
	return watched && c.Access[s] != forum.NoRight
}
