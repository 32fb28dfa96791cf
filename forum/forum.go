// Package forum holds the nouns of a web forum: sections, threads, posts and members.
//
// Package source reads them from a forum's database; all other packages work with them. They are the same
// for every forum type, so those packages do not know whether a section is a board, a node or a category.
// IDs are the forum's own.
package forum

import (
	"errors"
	"time"

	"postrider/markup"
)

// The IDs have separate types, so that a member's ID cannot be passed where a post's is expected.
type (
	SectionID int64
	ThreadID  int64
	PostID    int64
	MemberID  int64
)

// Guest is the author of posts by visitors and by accounts that were deleted later.
const Guest MemberID = 0

// State is whether the forum shows a post or a thread to an ordinary reader.
type State uint8

const (
	Visible   State = iota
	Moderated       // awaits approval
	Deleted         // soft-deleted: still in the database
	Hidden          // not shown to everybody for another reason: unlisted, hidden by flags, a note of the software
)

// Section is a board, a node or a category that holds threads.
type Section struct {
	ID    SectionID
	Title string // plain text, not escaped
	Order int    // position in the forum's own list, ascending
}

// Thread is a topic: an opening post and its replies.
type Thread struct {
	ID          ThreadID
	Section     SectionID   // the current section
	AlsoIn      []SectionID // further current sections; few forums have threads in several
	Title       string      // plain text, not escaped
	Starter     MemberID
	StarterName string
	StartedAt   time.Time
	FirstPost   PostID
	State       State
	Locked      bool // takes no replies
	Redirect    bool // a placeholder left behind by a move: it has no posts
}

// Post is the metadata of a post: everything that decides who gets it, but not its text.
type Post struct {
	ID         PostID
	Thread     ThreadID // the current thread
	Author     MemberID
	AuthorName string
	PostedAt   time.Time
	State      State
	Version    string // changes whenever the post would look different: after an edit, a like
}

// Content is the text of a post and what the forum shows next to it.
type Content struct {
	Number      int      // position in its thread, from 1; a deleted post may leave a gap
	AuthorTitle string   // "Senior Member"
	Badges      []string // "Moderator", "Defence Professionals"
	Likes       []string // names of members who like it, oldest first; at most LikeNames
	LikeCount   int      // number of likes
	Attachments []string // names of the attached files, in the forum's order; at most AttachmentNames
	Poll        string   // the question of the poll that the opening post asks, plain text; empty: none
	Body        markup.Doc
}

// AttachmentNames is the maximum number of a post's attachments that are read.
const AttachmentNames = 100

// ThreadMarks are what the forum shows next to a thread's title.
type ThreadMarks struct {
	Prefix string // "For sale", plain text; empty: none
	Solved bool   // a question with an accepted answer
}

// LikeNames is the maximum number of likers' names that a message needs.
const LikeNames = 3

// Member is a member in the forum's current state.
type Member struct {
	ID     MemberID
	Name   string
	Email  string
	Zone   string // IANA name as the forum stores it; empty or not in the tz database: unknown
	Locale string // BCP 47 tag; empty: unknown
	Class  Class
	// NoMail is why the forum does not allow email to the member ("banned", "not confirmed"); empty: email
	// is allowed.
	NoMail      string
	NoMailSince time.Time    // zero: unknown
	OptOuts     Kinds        // the kinds of email that the member declined in the forum's settings
	Digests     DigestChoice // made in the forum's settings, about the forum's own digests
}

// NoEmail returns why the member gets no email of any kind, or "" if they may get some.
func (m Member) NoEmail() string {
	if m.NoMail == "" && m.OptOuts == AllKinds {
		return OptedOut
	}
	return m.NoMail
}

// ErrNoMember is returned for a member who does not exist on the forum.
var ErrNoMember = errors.New("no such member on the forum")

// Kinds is a set of the kinds of email.
type Kinds uint8

const (
	Announcements Kinds = 1 << iota
	Alerts
	Digests

	AllKinds = Announcements | Alerts | Digests
)

// Has reports whether the set contains a kind.
func (k Kinds) Has(kind Kinds) bool { return k&kind != 0 }

// Names returns the names of the kinds, as queries and configurations use them.
func (k Kinds) Names() (names []string) {
	for i, name := range []string{"announcements", "alerts", "digests"} {
		if k.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// OptedOut is the reason why members get no email of a kind that they declined in the forum's settings.
const OptedOut = "opted out"

// Class identifies an access class: all its members may read exactly the same sections.
type Class string

// Right is what the members of a class may do in one section.
type Right uint8

const (
	NoRight Right = iota
	ReadOwn       // only threads that the member started
	ReadAll       // every thread
)

// Access is what a class may read. Sections that are not in it may not be read.
type Access map[SectionID]Right

// MayRead reports whether a member of the class may read a thread, as an ordinary reader. They must have the right in each of its
// current sections.
func (a Access) MayRead(m MemberID, t *Thread) bool {
	if t.State != Visible || t.Redirect {
		return false
	}
	for section := range t.InSections {
		switch a[section] {
		case NoRight:
			return false
		case ReadOwn:
			if t.Starter != m || m == Guest {
				return false
			}
		}
	}
	return true
}

// Links returns the URLs of a forum's own pages, as far as they need only IDs.
type Links interface {
	Section(SectionID) string
	Thread(ThreadID) string
	Post(ThreadID, PostID) string
	Member(MemberID) string
}
