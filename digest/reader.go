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
	case it.thread.State == forum.Deleted:
		return ThreadDeleted
	case it.thread.State == forum.Moderated:
		return ThreadModerate
	case it.thread.Redirect:
		return Redirected
	}
	return ""
}

// notWatchedReason returns why none of the reader's watches would cover the item if its thread were in section.
func (r *Reader) notWatchedReason(it *item, section forum.SectionID) Reason {
	why := NotWatched
	if watch, ok := r.Watches.Threads[it.thread.ID]; ok {
		if !r.isSilent(watch, it) {
			return ""
		}
		why = WatchedWithoutEmail
	}
	watch, ok := r.Watches.Sections[section]
	switch {
	case !ok:
		return why
	case watch.Level != forum.AllPosts && !it.opening():
		if why == NotWatched {
			return ThreadsOnly
		}
		return why
	case r.isSilent(watch, it):
		return WatchedWithoutEmail
	}
	return ""
}

// isSilent reports whether a watch brings no digests. An override of the member asks for messages.
func (r *Reader) isSilent(w forum.Watch, it *item) bool {
	return w.Silent && r.Overrides.Of(it.thread) == ""
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
	return at.Before(r.Read.Threads[it.thread.ID]) || at.Before(r.Read.Sections[it.thread.Section])
}

// moveReason keeps a moved post from appearing twice in a reader's editions. Each move is a separate sighting, meant for
// readers who could not get the post in its earlier sections. A move that is not sighted yet waits for its sighting. A
// move back to a section where the post was sighted before is not sighted again.
func (r *Reader) moveReason(it *item) Reason {
	switch {
	case it.later != 0 && it.later <= r.Until:
		return Superseded
	case it.MovedFrom != 0 && r.hadBeforeMove(it):
		return ReasonSeenBeforeMove
	case it.Section != it.thread.Section && !it.wasIn(it.thread.Section) && !r.hadInSection(it, it.Section):
		return ReasonMovePending
	}
	return ""
}

// hadBeforeMove reports whether an edition up to r.After could include a moved post, in any of its earlier sections.
func (r *Reader) hadBeforeMove(it *item) bool {
	if len(it.earlier) == 0 {
		return r.hadInSection(it, it.MovedFrom)
	}
	return slices.ContainsFunc(it.earlier, func(s Sighting) bool { return s.Seq <= r.After && r.hadInSection(it, s.Section) })
}

// hadInSection reports whether the reader's editions could include the post while its thread was in section.
func (r *Reader) hadInSection(it *item, section forum.SectionID) bool {
	right := r.Access[section]
	readable := right == forum.ReadAll || right == forum.ReadOwn && it.thread.Starter == r.Member.ID
	return readable && r.notWatchedReason(it, section) == ""
}
