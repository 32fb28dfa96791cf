package digest

import (
	"time"

	"postrider/forum"
)

// DeferredPost is a post that a member is owed although his mark will be past it.
type DeferredPost struct {
	Post      forum.PostID
	Seq       int64
	NotBefore time.Time  // the first edition planned from then on brings it
	Cause     AlertCause // that for which he would have been told of it at once, if it calls him; else empty
	Reason    Reason
}

// deferReason holds an item back that its reader wants weekly or monthly while his editions come more often.
func (r *Reader) deferReason(it *item) Reason {
	why, _ := r.deferredUntil(it)
	return why
}

// deferredUntil says when an item that is held back may come: with the first edition from the day on that its reader's own
// schedule would have, were it weekly or monthly. Nothing that was written before the last such day is held back.
func (r *Reader) deferredUntil(it *item) (why Reason, at time.Time) {
	wish := r.Wishes.Of(it.thread)
	switch wish {
	case Weekly:
		why = HeldForWeek
	case Monthly:
		why = HeldForMonth
	default:
		return "", time.Time{}
	}
	s := r.Schedule
	s.Cadence, s.Day = wish, max(s.Day, 1)
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

// Deferred lists what Select leaves out only because its reader wants it later: his mark will be past it, so it must be
// written down.
func (w *Window) Deferred(r Reader) []DeferredPost {
	if !r.Wishes.hasDeferred() {
		return nil
	}
	var list []DeferredPost
	for _, id := range w.candidateThreads(&r) {
		for _, i := range w.byThread[id] {
			it := &w.items[i]
			if !r.covers(it) {
				continue
			}
			if why := w.evaluate(&r, it); why != HeldForWeek && why != HeldForMonth {
				continue
			}
			why, at := r.deferredUntil(it)
			list = append(list, DeferredPost{Post: it.post.ID, Seq: it.Seq, NotBefore: at, Cause: r.Deferred[it.post.ID], Reason: why})
		}
	}
	return list
}

// hasDeferred tells whether any of the wishes is for a weekly or monthly edition.
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
