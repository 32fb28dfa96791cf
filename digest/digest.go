// Package digest decides who gets a digest, when, and what stands in it.
//
// It is pure: no clock, no database, no network. [Schedule] says when a member's editions are due;
// [NewWindow] gathers what a batch of editions may draw from; [Window.Select] picks what is in it
// for one [Reader]; [Rank] orders it; [Digest.Fit] cuts it to a size.
package digest

import (
	"time"

	"postrider/forum"
)

// Digest is one edition for one member, in the order in which he shall read it.
type Digest struct {
	Member        forum.Member
	Zone          *time.Location
	From          time.Time // of the oldest post, or the start of the window asked for
	Until         time.Time
	Groups        []Group
	WantedExcerpt int // characters of each excerpt that its member wants; 0: as the site has it
	Excerpt       int // characters of each excerpt in the end: one of the lengths given to Fit
	// MoreThreads counts the threads that the byte budget left no room for. They stand in Groups, not Shown.
	MoreThreads int
}

// Group is a section with the threads that have something new.
type Group struct {
	Section forum.Section
	Threads []Thread
}

// Shown tells whether the budget left room for any of the group's threads.
func (g Group) Shown() bool {
	for _, t := range g.Threads {
		if t.Fits {
			return true
		}
	}
	return false
}

// Thread is a thread with those of its posts that belong to the edition.
type Thread struct {
	forum.Thread
	Posts        []Post
	New          bool   // its opening post is among them
	Participated bool   // the member wrote in it, or started it
	QuotesReader bool   // one of the posts quotes him
	Fits         bool   // the byte budget has room for its title
	Earlier      []Post // of an alert: what stands before its posts and the member has not read, the oldest first
}

// ShownPosts counts the posts that the byte budget has room for.
func (t Thread) ShownPosts() int {
	n := 0
	for _, p := range t.Posts {
		if p.Fits {
			n++
		}
	}
	return n
}

// HiddenPosts counts the posts that the budget folded away: "and 12 more replies".
func (t Thread) HiddenPosts() int { return len(t.Posts) - t.ShownPosts() }

// Post is a post of the edition.
type Post struct {
	forum.Post
	Content      *forum.Content // shared between all editions of a batch: never written to
	Opening      bool
	QuotesReader bool
	Fits         bool       // the byte budget has room for it
	Cause        AlertCause // of an alert: why he is told of it at once
	Quoted       *Post      // of an alert: what it quotes
}

// Counts is what an edition holds, shown or folded.
type Counts struct {
	NewThreads int // threads whose opening post is in it
	Replies    int // all other posts
	Threads    int
	Posts      int
}

// Counts counts what the edition holds.
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

// Empty tells that there is nothing to send.
func (d *Digest) Empty() bool { return len(d.Groups) == 0 }
