package forum

import "time"

// Level is which posts of a section a watch asks for.
type Level uint8

const (
	NewThreads Level = iota + 1 // the opening posts only
	AllPosts
)

// Watch is a member's subscription to a section or a thread.
type Watch struct {
	Level Level // of a section's watch; a thread's watch always asks for all posts
	Mail  Level // the posts that the forum itself would email; 0: none, which turns off alerts but not digests
	// Silent watches have no Mail, and the administrator wants no digests for them either. A member's override does.
	Silent bool
}

// Emails reports whether the forum itself would email a post.
func (w Watch) Emails(opening bool) bool {
	return w.Mail == AllPosts || w.Mail == NewThreads && opening
}

// Watches holds everything that one member watches.
type Watches struct {
	Sections map[SectionID]Watch
	Threads  map[ThreadID]Watch
	Muted    map[ThreadID]bool // threads that the member muted on the forum: nothing about them, whatever else they watch
	// MutedSections are those that the member muted on the forum: only the threads in them that they watch count.
	MutedSections map[SectionID]bool
	// DirectInMuted: quotes and mentions in muted sections count, too.
	DirectInMuted bool
}

// Mute reports whether the member muted a thread on the forum, or one of its sections without watching the thread. direct: it is about a post that
// quotes or mentions the member.
func (w Watches) Mute(t *Thread, direct bool) bool {
	if w.Muted[t.ID] {
		return true
	}
	_, watched := w.Threads[t.ID]
	if watched || len(w.MutedSections) == 0 || direct && w.DirectInMuted {
		return false
	}
	for section := range t.InSections {
		if w.MutedSections[section] {
			return true
		}
	}
	return false
}

// ReadMarks records how far a member has read on the site.
type ReadMarks struct {
	Threads   map[ThreadID]time.Time
	Sections  map[SectionID]time.Time
	KeptSince time.Time // the forum keeps no older marks; zero: it keeps all
}

// UnreadMessages are the private messages that a member has not read.
type UnreadMessages struct {
	Count   int
	Senders []string // at most UnreadSenders
	// MoreSenders: there are others.
	MoreSenders bool
}

// UnreadSenders is the maximum number of senders that a digest names.
const UnreadSenders = 3

// Arrival is a post as the scan finds it: where it is, and whether an ordinary reader can see it now.
type Arrival struct {
	Post     PostID
	Thread   ThreadID
	Section  SectionID
	AlsoIn   []SectionID // further sections of its thread
	Author   MemberID
	PostedAt time.Time
	Visible  bool
}
