// Package digest decides who gets a digest, when, and what it contains.
//
// It is pure: no clock, no database, no network. [Schedule] says when a member's editions are due. [NewWindow] joins the
// posts that a batch of editions may contain. [Window.Select] selects those for one [Reader]. [Digest.Fill] adds their
// contents and orders them. [Digest.Fit] cuts the edition to a size.
package digest

import (
	"time"

	"postrider/forum"
	"postrider/markup"
)

// Digest is one edition for one member, in reading order.
type Digest struct {
	Member        forum.Member
	Zone          *time.Location
	From          time.Time // of the oldest post, or the requested start
	Until         time.Time
	Groups        []Group
	WantedExcerpt int // characters per excerpt that the member chose, TitlesOnly or WholePosts; 0: the configured length
	Excerpt       int // characters per excerpt after Fit: one of the lengths given to it
	// MoreThreads counts the threads of sections that Fit does not show at all. They are in Groups with Fits false.
	MoreThreads int
	Unread      forum.UnreadMessages // zero: none, or the administrator does not want them counted
}

// Group is a section with its threads that have new posts, or the threads that concern the reader, of all sections.
type Group struct {
	Section forum.Section // zero if ForYou
	ForYou  bool
	Threads []Thread
}

// Shown reports whether any of the group's threads fits the budget.
func (g Group) Shown() bool {
	for _, t := range g.Threads {
		if t.Fits {
			return true
		}
	}
	return false
}

// HiddenThreads counts the threads that exceed the budget.
func (g Group) HiddenThreads() int {
	n := 0
	for _, t := range g.Threads {
		if !t.Fits {
			n++
		}
	}
	return n
}

// Thread is a thread with its posts in the edition.
type Thread struct {
	forum.Thread
	Posts          []Post
	New            bool          // its opening post is among them
	Participated   bool          // the member posted in it or started it
	QuotesReader   bool          // one of the posts quotes the member
	MentionsReader bool          // one of the posts mentions the member
	Home           forum.Section // set for a thread in the group ForYou: the section that it comes from
	HideStarter    bool          // the member ignores who started it
	Marks          forum.ThreadMarks
	Fits           bool   // its title is within the budget
	Earlier        []Post // alerts only: unread posts before those of the alert, oldest first

	// For ordering threads, set by Fill.
	authors int // of the posts; guests count as one
	likes   int // of the posts together
	newest  time.Time
}

// ConcernsReader reports whether the member takes part in the thread, or is quoted or mentioned there.
func (t Thread) ConcernsReader() bool { return t.QuotesReader || t.MentionsReader || t.Participated }

// Last returns the newest post of the edition.
func (t *Thread) Last() *Post {
	last := &t.Posts[0]
	for i := range t.Posts {
		if byAge(*last, t.Posts[i]) < 0 {
			last = &t.Posts[i]
		}
	}
	return last
}

// LastShown returns the newest post within the budget; nil: none is.
func (t *Thread) LastShown() *Post {
	var last *Post
	for i := range t.Posts {
		if p := &t.Posts[i]; p.Fits && (last == nil || byAge(*last, *p) < 0) {
			last = p
		}
	}
	return last
}

func (p *Post) likes() int {
	if p.Content == nil {
		return 0
	}
	return p.Content.LikeCount
}

// ShownPosts counts the posts within the budget. Without any, the thread is shown as a line.
func (t Thread) ShownPosts() int {
	n := 0
	for _, p := range t.Posts {
		if p.Fits {
			n++
		}
	}
	return n
}

// HiddenPosts counts the posts that exceed the budget: "and 12 more replies".
func (t Thread) HiddenPosts() int { return len(t.Posts) - t.ShownPosts() }

// Post is a post of the edition.
type Post struct {
	forum.Post
	Content        *forum.Content // shared between all editions of a batch; read-only
	Opening        bool
	QuotesReader   bool
	MentionsReader bool
	Fits           bool       // within the budget
	Cause          AlertCause // alerts only: why the member gets the alert
	Quoted         *Post      // alerts only: the post that it quotes
	// Folded are its quotes from members that the reader ignores.
	Folded []markup.Quote
	// HiddenLikes are the names of ignored members who like it.
	HiddenLikes []string
}

// Counts is the size of an edition, including posts and threads that exceed the budget.
type Counts struct {
	NewThreads int // threads whose opening post is in the edition
	Replies    int // all other posts
	Threads    int
	Posts      int
}

// Counts returns the numbers of threads and posts in the edition.
func (d *Digest) Counts() Counts {
	var c Counts
	for _, g := range d.Groups {
		c.Threads += len(g.Threads)
		for _, t := range g.Threads {
			c.Posts += len(t.Posts)
			if t.New {
				c.NewThreads++
			}
		}
	}
	c.Replies = c.Posts - c.NewThreads
	return c
}

// Empty reports whether there is nothing to send.
func (d *Digest) Empty() bool { return len(d.Groups) == 0 }

// PostIDs lists the posts of the digest.
func (d *Digest) PostIDs() []forum.PostID {
	var ids []forum.PostID
	for _, g := range d.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}
