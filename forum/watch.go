package forum

import "time"

// Level says which posts of a section a watch asks for.
type Level uint8

const (
	NewThreads Level = iota + 1 // the opening posts only
	AllPosts
)

// Watch is a member's wish to hear of a section or a thread.
type Watch struct {
	Level Level // of a section's watch; a thread's watch always asks for all posts
	Mail  Level // the posts of which the forum itself would mail him; 0: none, the watch stops alerts, not digests
}

// Mails tells whether the forum itself would mail of a post.
func (w Watch) Mails(opening bool) bool { return w.Mail == AllPosts || w.Mail == NewThreads && opening }

// Watches are all that one member watches.
type Watches struct {
	Sections map[SectionID]Watch
	Threads  map[ThreadID]Watch
}

// ReadMarks are how far a member has read on the site.
type ReadMarks struct {
	Threads  map[ThreadID]time.Time
	Sections map[SectionID]time.Time
	Floor    time.Time // everything older counts as read; zero: nothing does
}

// Arrival is a post as gathering meets it: where it stands and whether an ordinary reader may see it now.
type Arrival struct {
	Post     PostID
	Thread   ThreadID
	Section  SectionID
	Author   MemberID
	PostedAt time.Time
	Visible  bool
}
