package digest

import (
	"fmt"

	"postrider/forum"
)

// PreferenceBaseline is a member's choices of which the forum has a word, too, and what it said when he chose. A choice made here holds
// until he makes a newer one there; forums keep no time of choices, so a newer one shows by saying something else.
type PreferenceBaseline struct {
	Zone, Locale           string  // his choices; empty: none
	ForumZone, ForumLocale *string // what the forum said; nil: nobody has looked since he chose
	OptedOut               *bool   // whether he had opted out there
}

// Rebase is the basis after a look at what the forum says now.
func (b PreferenceBaseline) Rebase(m forum.Member) PreferenceBaseline {
	b.Zone, b.ForumZone = against(b.Zone, b.ForumZone, m.Zone)
	b.Locale, b.ForumLocale = against(b.Locale, b.ForumLocale, m.Locale)
	if m.NoMail != "" && m.NoMail != forum.OptedOut {
		return b // it says nothing of his wishes
	}
	out := m.NoMail == forum.OptedOut
	if b.OptedOut == nil || !out {
		b.OptedOut = &out // and who opts out again chooses anew
	}
	return b
}

// against is a choice, and what the forum said when it was made, after a look at what it says now.
func against(own string, was *string, now string) (string, *string) {
	switch {
	case own == "":
		return "", nil
	case was == nil:
		return own, &now
	case *was != now:
		return "", nil
	}
	return own, was
}

// Same tells whether two say the same.
func (b PreferenceBaseline) Same(other PreferenceBaseline) bool {
	return b.Zone == other.Zone && b.Locale == other.Locale && same(b.ForumZone, other.ForumZone) &&
		same(b.ForumLocale, other.ForumLocale) && same(b.OptedOut, other.OptedOut)
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// NotWatchedFingerprint are the [WatchFingerprint] for what a member does not watch.
const NotWatchedFingerprint = "none"

// WatchFingerprint say how a member watches something on the forum, so that a change shows.
func WatchFingerprint(w forum.Watch, watched bool) string {
	if !watched {
		return NotWatchedFingerprint
	}
	return fmt.Sprintf("%d %t", w.Level, w.Mail != 0)
}
