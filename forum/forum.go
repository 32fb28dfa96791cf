// Package forum holds the nouns of a web forum: sections, threads, posts and members.
//
// Every forum type is told in these words, so that the rooms above need not know
// whether they speak of a board, a node or a category. Ids are the forum's own.
package forum

import (
	"time"

	"postrider/markup"
)

// The ids are named apart so that a member's number can never stand where a post's is wanted.
type (
	SectionID int64
	ThreadID  int64
	PostID    int64
	MemberID  int64
)

// Guest is the author of posts by visitors and by accounts that were deleted since.
const Guest MemberID = 0

// State says whether the forum shows a post or a thread to an ordinary reader.
type State uint8

const (
	Visible   State = iota
	Moderated       // awaits approval
	Deleted         // soft-deleted: still in the database
)

// Section is a board, a node or a category that holds threads.
type Section struct {
	ID    SectionID
	Title string // plain text, not escaped
	Order int    // place in the forum's own list, rising
}

// Thread is a topic: an opening post and its replies.
type Thread struct {
	ID          ThreadID
	Section     SectionID // where it stands now
	Title       string    // plain text, not escaped
	Starter     MemberID
	StarterName string
	StartedAt   time.Time
	FirstPost   PostID
	State       State
	Redirect    bool // a signpost left behind by a move: it has no posts of its own
}

// Post is the outside of a post: all that decides who gets it, none of its text.
type Post struct {
	ID         PostID
	Thread     ThreadID // where it stands now
	Author     MemberID
	AuthorName string
	PostedAt   time.Time
	State      State
	Version    string // changes whenever the post would look different: an edit, a like
}

// Content is the inside of a post, as the forum shows it to a reader.
type Content struct {
	Number      int      // place in its thread, from 1; a removed post may leave a hole
	AuthorTitle string   // "Senior Member"
	Badges      []string // "Moderator", "Defence Professionals"
	Likes       []string // names of those who like it, oldest first; at most LikeNames of them
	LikeCount   int      // how many like it in all
	Body        markup.Doc
}

// LikeNames is how many names of likers a mail needs at most.
const LikeNames = 3

// Member is a member as the forum knows him now.
type Member struct {
	ID     MemberID
	Name   string
	Email  string
	Zone   string // IANA name; empty: not known
	Locale string // BCP 47 tag; empty: not known
	Class  Class
	// NoMail says why the forum forbids to mail him ("banned", "not confirmed"); empty: he may be mailed.
	NoMail string
}

// OptedOut is the NoMail of a member who himself has told the forum that its administrators shall not mail him. There
// is no other obstacle then.
const OptedOut = "opted out"

// Class names what a member may read: all members of a class may read exactly the same.
type Class string

// Right is what the members of a class may do in one section.
type Right uint8

const (
	NoRight Right = iota
	ReadOwn       // only threads that he started himself
	ReadAll       // every thread
)

// Access is what a class may read. A section that is not in it may not be read.
type Access map[SectionID]Right

// MayRead tells whether a member of the class may read a thread where it stands now, as an ordinary reader.
func (a Access) MayRead(m MemberID, t *Thread) bool {
	if t.State != Visible || t.Redirect {
		return false
	}
	switch a[t.Section] {
	case ReadAll:
		return true
	case ReadOwn:
		return t.Starter == m && m != Guest
	}
	return false
}

// Links are the addresses of a forum's own pages.
type Links interface {
	Section(SectionID) string
	Thread(ThreadID) string
	Post(ThreadID, PostID) string
	Member(MemberID) string
}
