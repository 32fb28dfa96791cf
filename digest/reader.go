package digest

import (
	"slices"
	"time"

	"postrider/forum"
)

// Reader is one member with everything that decides what his edition may hold.
type Reader struct {
	Member  forum.Member
	Access  forum.Access // shared by all members of his class
	Watches forum.Watches
	Ignores map[forum.MemberID]bool
	Choices Preferences
	Wishes  Overrides
	Read    *forum.ReadMarks // nil: what he has read on the site counts as new all the same
	// OtherRoute are posts that he has from elsewhere or will have, and the reason that says how.
	OtherRoute map[forum.PostID]Reason
	// Deferred are posts that this edition brings wherever his mark stands: an alert did not, or he wanted them later.
	Deferred map[forum.PostID]AlertCause
	After    int64 // his mark: sightings up to it are covered
	Until    int64 // the edition covers sightings up to this one

	Schedule Schedule       // of his digests
	Zone     *time.Location // of his clock; nil: UTC
	At       time.Time      // when the edition was planned
}

// wantsOwn tells whether the reader's own posts count as news to him.
func (r *Reader) wantsOwn() bool {
	return r.Choices.IncludeOwnPosts != nil && *r.Choices.IncludeOwnPosts
}

// hiddenReason says why no ordinary reader may see the item. Both states are asked: a forum may
// delete a thread and leave the states of its replies as they were (MyBB 1.8, XenForo 2).
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

// notWatchedReason says why none of the reader's watches asks for the item, were its thread in section.
func (r *Reader) notWatchedReason(it *item, section forum.SectionID) Reason {
	if _, ok := r.Watches.Threads[it.thread.ID]; ok {
		return ""
	}
	watch, ok := r.Watches.Sections[section]
	switch {
	case !ok:
		return NotWatched
	case watch.Level == forum.AllPosts || it.opening():
		return ""
	}
	return ThreadsOnly
}

// hasRead tells whether the reader saw the post on the site, as far as the forum knows.
func (r *Reader) hasRead(it *item) bool {
	if r.Read == nil {
		return false
	}
	at := it.post.PostedAt
	return !at.After(r.Read.Threads[it.thread.ID]) ||
		!at.After(r.Read.Sections[it.thread.Section]) ||
		at.Before(r.Read.Floor)
}

// moveReason lets each post into a reader's editions once, wherever it wanders. A move is a sighting of
// its own, for those who did not have the post where it stood before; all others had it there. A
// move that has not been sighted yet is left to that sighting in the same way. A move back to where it was sighted
// before is not sighted again.
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

// hadBeforeMove tells whether the reader's editions up to his mark could take a post that was moved, at any of the places
// where it stood.
func (r *Reader) hadBeforeMove(it *item) bool {
	if len(it.earlier) == 0 {
		return r.hadInSection(it, it.MovedFrom)
	}
	return slices.ContainsFunc(it.earlier, func(s Sighting) bool { return s.Seq <= r.After && r.hadInSection(it, s.Section) })
}

// hadInSection tells whether the reader's editions could take the post while its thread stood in section.
func (r *Reader) hadInSection(it *item, section forum.SectionID) bool {
	right := r.Access[section]
	readable := right == forum.ReadAll || right == forum.ReadOwn && it.thread.Starter == r.Member.ID
	return readable && r.notWatchedReason(it, section) == ""
}
