package digest

import (
	"slices"
	"time"

	"postrider/forum"
)

// Reader is a member with everything that decides what their edition may include.
type Reader struct {
	Member    forum.Member
	Access    forum.Access // shared by all members of the access class
	Watches   forum.Watches
	Ignores   map[forum.MemberID]bool
	Choices   Preferences
	Switches  Switches // in effect: the member's, or else the site's
	Overrides Overrides
	Read      *forum.ReadMarks // nil: read marks are ignored
	// OtherRoute holds posts that an alert or another edition brought or will bring, with the reason.
	OtherRoute map[forum.PostID]Reason
	// Deferred holds posts that this edition must bring wherever After is: an alert did not deliver them, or an override
	// deferred them.
	Deferred map[forum.PostID]AlertCause
	// EarlierCopies holds the posts of the copies of this message that may have arrived; nil: there are none. Mail servers drop a
	// second copy, so it brings no other posts.
	EarlierCopies map[forum.PostID]bool
	After         int64 // the covered sequence: earlier editions cover sightings up to it
	Until         int64 // this edition covers sightings up to it

	Schedule Schedule       // of the digests
	Zone     *time.Location // nil: UTC
	At       time.Time      // when the edition was planned
}

// wantsOwn reports whether the reader asked for their own posts.
func (r *Reader) wantsOwn() bool {
	return r.Choices.IncludeOwnPosts != nil && *r.Choices.IncludeOwnPosts
}

// hiddenReason returns why ordinary readers cannot see the item. It checks both post and thread: a forum may delete a
// thread and leave the states of its replies unchanged (MyBB 1.8, XenForo 2).
func hiddenReason(it *item) Reason {
	switch {
	case it.deleted:
		return ReasonDeleted
	case it.post.State == forum.Deleted:
		return PostDeleted
	case it.post.State == forum.Moderated:
		return PostModerated
	case it.post.State == forum.Hidden:
		return PostHidden
	case it.thread.State == forum.Deleted:
		return ThreadDeleted
	case it.thread.State == forum.Moderated:
		return ThreadModerate
	case it.thread.State == forum.Hidden:
		return ThreadHidden
	case it.thread.Redirect:
		return Redirected
	}
	return ""
}

// notWatchedReason returns why none of the reader's watches would cover a post of a thread, or "" if one does.
func (r *Reader) notWatchedReason(t *forum.Thread, opening bool) Reason {
	why := NotWatched
	if watch, ok := r.Watches.Threads[t.ID]; ok {
		if !r.isSilent(watch, t) {
			return ""
		}
		why = WatchedWithoutEmail
	}
	for section := range t.InSections {
		watch, ok := r.Watches.Sections[section]
		switch {
		case !ok:
		case watch.Level != forum.AllPosts && !opening:
			if why == NotWatched {
				why = ThreadsOnly
			}
		case r.isSilent(watch, t):
			why = WatchedWithoutEmail
		default:
			return ""
		}
	}
	return why
}

// isSilent reports whether a watch brings no digests. An override of the member asks for messages.
func (r *Reader) isSilent(w forum.Watch, t *forum.Thread) bool {
	return w.Silent && r.override(t) == ""
}

// override returns the override that applies to a thread, or "" if none does.
func (r *Reader) override(t *forum.Thread) Cadence { return r.Overrides.Of(t, r.Watches) }

// filed returns a thread under the section in which a message shows it to the reader: the first one that they watch, if any.
func (r *Reader) filed(t *forum.Thread) forum.Thread {
	for section := range t.InSections {
		if _, watched := r.Watches.Sections[section]; watched {
			return t.Under(section)
		}
	}
	return *t
}

// hasRead reports whether the reader saw the post on the site, according to the forum. A read mark in the very second of the post
// may be older than the post. Of posts for which the forum keeps no read marks any more, it is not known.
func (r *Reader) hasRead(it *item) bool {
	if r.Read == nil {
		return false
	}
	at := it.post.PostedAt
	if it.VisibleSince.After(at) {
		at = it.VisibleSince
	}
	if at.Before(r.Read.Threads[it.thread.ID]) {
		return true
	}
	for section := range it.thread.InSections {
		if at.Before(r.Read.Sections[section]) {
			return true
		}
	}
	return false
}

// moveReason keeps a moved post from appearing twice in a reader's editions. Each move is a separate sighting, meant for
// readers who could not get the post at its earlier places. A move that is not sighted yet waits for its sighting. A
// move back to a place where the post was sighted before is not sighted again.
func (w *Window) moveReason(r *Reader, it *item) Reason {
	switch {
	case it.later != 0 && it.later <= r.Until:
		return Superseded
	case it.MovedFrom != 0 && w.hadBeforeMove(r, it):
		return ReasonSeenBeforeMove
	case it.Section != it.place && !it.wasAt(it.place) && !w.hadAt(r, it, it.Section):
		return ReasonMovePending
	}
	return ""
}

// hadBeforeMove reports whether an edition up to r.After could include a moved post, at any of its earlier places.
func (w *Window) hadBeforeMove(r *Reader, it *item) bool {
	if len(it.earlier) == 0 {
		return w.hadAt(r, it, it.MovedFrom)
	}
	return slices.ContainsFunc(it.earlier, func(s Sighting) bool { return s.Seq <= r.After && w.hadAt(r, it, s.Section) })
}

// hadAt reports whether the reader's editions could include the post while its thread was at a place.
func (w *Window) hadAt(r *Reader, it *item, place forum.SectionID) bool {
	t, known := w.places.Move(it.thread, place)
	return known && r.Access.MayRead(r.Member.ID, &t) && !r.Watches.Mute(&t, false) && r.notWatchedReason(&t, it.opening()) == ""
}
