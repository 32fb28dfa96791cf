package digest

import (
	"time"

	"postrider/forum"
)

// DeferredPost is a post that a later edition must bring, wherever the covered sequence stands.
type DeferredPost struct {
	Post      forum.PostID
	Seq       int64
	NotBefore time.Time  // the first edition planned at or after this time brings it
	Cause     AlertCause // Quoted or Mentioned, if an alert would have had that cause; else empty
	Reason    Reason
}

// deferReason returns why the item is deferred: the reader wants it weekly or monthly, but gets editions more often, or an earlier
// copy of this edition may have arrived without it.
func (r *Reader) deferReason(it *item) Reason {
	why, _ := r.deferredUntil(it)
	return why
}

// deferredUntil returns why the item is deferred, and when it is due.
func (r *Reader) deferredUntil(it *item) (why Reason, at time.Time) {
	if why, at := r.overrideDefers(it); why != "" {
		return why, at
	}
	if r.isNotRepeated(it.post.ID) {
		return HeldForRepeat, r.At
	}
	return "", time.Time{}
}

// isNotRepeated reports whether earlier copies of the message may have arrived, but without this post.
func (r *Reader) isNotRepeated(post forum.PostID) bool {
	return r.EarlierCopies != nil && !r.EarlierCopies[post]
}

// overrideDefers returns when an item is due that an override defers: with the first edition on or after the day that the reader's
// schedule would have if it were weekly or monthly. Posts written before the latest such day are not deferred.
func (r *Reader) overrideDefers(it *item) (why Reason, at time.Time) {
	override := r.override(it.thread)
	switch override {
	case Weekly:
		why = HeldForWeek
	case Monthly:
		why = HeldForMonth
	default:
		return "", time.Time{}
	}
	s := r.Schedule
	s.Cadence, s.Day = override, max(s.Day, 1)
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	slot, ok := s.Next(zone, it.post.PostedAt)
	if !ok || !slot.At.After(r.At) {
		return "", time.Time{}
	}
	return why, slot.At
}

// Deferred lists the posts that Select leaves out only because they are deferred. The covered sequence moves past
// them, so they must be saved.
func (w *Window) Deferred(r Reader) []DeferredPost {
	if !r.Overrides.hasDeferred() && r.EarlierCopies == nil {
		return nil
	}
	var list []DeferredPost
	for _, id := range w.candidateThreads(&r) {
		for _, i := range w.byThread[id] {
			it := &w.items[i]
			if !r.covers(it) {
				continue
			}
			if why := w.evaluate(&r, it); why != HeldForWeek && why != HeldForMonth && why != HeldForRepeat {
				continue
			}
			why, at := r.deferredUntil(it)
			list = append(list, DeferredPost{Post: it.post.ID, Seq: it.Seq, NotBefore: at, Cause: r.Deferred[it.post.ID], Reason: why})
		}
	}
	return list
}

// hasDeferred reports whether any override is weekly or monthly.
func (w Overrides) hasDeferred() bool {
	for _, c := range w.Sections {
		if c == Weekly || c == Monthly {
			return true
		}
	}
	for _, c := range w.Threads {
		if c == Weekly || c == Monthly {
			return true
		}
	}
	return false
}
