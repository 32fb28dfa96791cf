package digest

import (
	"fmt"

	"postrider/forum"
)

// PreferenceBaseline holds the preferences that the forum has as well, with the forum's values when the member chose. A
// preference set here applies until the member changes it on the forum. Forums keep no time of change, so a change shows
// only by a different value.
type PreferenceBaseline struct {
	Zone, Locale           string  // set here; empty: not set
	Cadence                Cadence // of the schedule set here; empty: not set
	ForumZone, ForumLocale *string // values on the forum; nil: not read since the member chose
	ForumDigests           *forum.DigestChoice
	OptOuts                *forum.Kinds // what the member had opted out of on the forum when choosing, and still has
}

// Rebase returns the baseline after reading the member from the forum again.
func (b PreferenceBaseline) Rebase(m forum.Member) PreferenceBaseline {
	b.Zone, b.ForumZone = rebase(b.Zone, b.ForumZone, m.Zone)
	b.Locale, b.ForumLocale = rebase(b.Locale, b.ForumLocale, m.Locale)
	b.rebaseDigests(m.Digests)
	if m.NoMail != "" {
		return b // blocked for another reason, which says nothing about preferences
	}
	out := m.OptOuts
	if b.OptOuts != nil {
		out &= *b.OptOuts // opting out again later is a new choice
	}
	b.OptOuts = &out
	return b
}

// rebaseDigests drops the schedule if the member chose something else on the forum since it was set. No choice there is no
// newer one: it may be an add-on that was removed. "Off" set here stays: an administrator can change the settings of many members
// on the forum at once, and that must not bring email back to members who unsubscribed.
func (b *PreferenceBaseline) rebaseDigests(now forum.DigestChoice) {
	switch {
	case b.Cadence == "" || b.Cadence == Off:
	case b.ForumDigests == nil:
		b.ForumDigests = &now
	case now != "" && now != *b.ForumDigests, now == forum.NoDigests && b.OptOuts != nil && !b.OptOuts.Has(forum.Digests):
		b.Cadence, b.ForumDigests = "", nil
	}
}

// rebase drops a preference if the forum's value changed since it was set. It returns the preference and the forum's
// value to compare with next time.
func rebase(own string, was *string, now string) (string, *string) {
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

// Same reports whether two baselines are equal.
func (b PreferenceBaseline) Same(other PreferenceBaseline) bool {
	return b.Zone == other.Zone && b.Locale == other.Locale && b.Cadence == other.Cadence && equalPtr(b.ForumZone, other.ForumZone) &&
		equalPtr(b.ForumLocale, other.ForumLocale) && equalPtr(b.ForumDigests, other.ForumDigests) && equalPtr(b.OptOuts, other.OptOuts)
}

func equalPtr[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// NotWatchedFingerprint is the [WatchFingerprint] of something that a member does not watch.
const NotWatchedFingerprint = "none"

// WatchFingerprint encodes how a member watches something on the forum, to detect changes.
func WatchFingerprint(w forum.Watch, watched bool) string {
	if !watched {
		return NotWatchedFingerprint
	}
	return fmt.Sprintf("%d %t", w.Level, w.Mail != 0)
}
