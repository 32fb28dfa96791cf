package digest

import (
	"time"

	"postrider/forum"
)

// Owing is a post that a member is owed although his mark will be past it.
type Owing struct {
	Post      forum.PostID
	Seq       int64
	NotBefore time.Time // the first edition planned from then on brings it
	Cause     Cause     // that for which he would have been told of it at once, if it calls him; else empty
	Reason    Reason
}

// held holds an item back that its reader wants weekly or monthly while his editions come more often.
func (r *Reader) held(it *item) Reason {
	why, _ := r.release(it)
	return why
}

// release says when an item that is held back may come: with the first edition from the day on that its reader's own
// schedule would have, were it weekly or monthly. Nothing that was written before the last such day is held back.
func (r *Reader) release(it *item) (why Reason, at time.Time) {
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

// Held lists what Select leaves out only because its reader wants it later: his mark will be past it, so it must be
// written down.
func (w *Window) Held(r Reader) []Owing {
	if !r.Wishes.waits() {
		return nil
	}
	var list []Owing
	for _, id := range w.watched(&r) {
		for _, i := range w.byThread[id] {
			it := &w.items[i]
			if !r.covers(it) {
				continue
			}
			if why := w.judge(&r, it); why != HeldForWeek && why != HeldForMonth {
				continue
			}
			why, at := r.release(it)
			list = append(list, Owing{Post: it.post.ID, Seq: it.Seq, NotBefore: at, Cause: r.Owed[it.post.ID], Reason: why})
		}
	}
	return list
}

// waits tells whether any of the wishes is for a weekly or monthly edition.
func (w Wishes) waits() bool {
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
