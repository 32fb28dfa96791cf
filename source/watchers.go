package source

import (
	"context"
	"fmt"
	"math"

	"postrider/forum"
)

// Watchers is a page of members whose watches of threads or sections ask for email.
type Watchers struct {
	Watches map[forum.MemberID]forum.Watches // only of the requested threads and sections
	Last    forum.MemberID                   // the page is complete up to this member
}

// EndOfWatchers is the value of Last on the last page.
const EndOfWatchers = forum.MemberID(math.MaxInt64)

// watchersPerPage is the maximum number of watches on a page. It must be more than one member can have in the requested
// threads and sections, because a page never contains only a part of a member's watches.
const watchersPerPage = 10 * chunkSize

// Watchers lists the members whose watches of the threads and sections ask for email. It returns one page, because all
// members may watch a section; the page starts with the first ID greater than after. It accepts up to 1,000 threads and 1,000
// sections.
func (s *Snapshot) Watchers(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after forum.MemberID) (Watchers, error) {
	if len(threads) > chunkSize || len(sections) > chunkSize {
		return Watchers{}, fmt.Errorf("reading the watchers of %d threads and %d sections: must be at most %d each", len(threads), len(sections), chunkSize)
	}
	page := Watchers{Watches: make(map[forum.MemberID]forum.Watches), Last: EndOfWatchers}
	if len(threads) == 0 || len(sections) == 0 { // lists in IN must not be empty; a new post always has both
		return page, nil
	}
	if !s.db.has("watchers") {
		return s.watchersOf(ctx, threads, sections, after)
	}
	var member, before forum.MemberID
	last := after
	var thread forum.ThreadID
	var section forum.SectionID
	var level int64
	rows := 0
	r := columns{"member_id": &member, "thread_id": &thread, "section_id": &section, "level": &level}
	p := params{"threads": threads, "sections": sections, "after": after, "limit": watchersPerPage}
	err := s.queryNamed(ctx, "watchers", p, r, func() error {
		rows++
		switch {
		case member < last || member == after:
			return outOfOrder("member_id", int64(member), int64(last)) // the next page would skip members
		case member > last:
			before, last = last, member
		}
		return page.add(member, thread, section, level)
	})
	if err != nil {
		return Watchers{}, err
	}
	if rows == watchersPerPage { // the last member may have more
		delete(page.Watches, last)
		page.Last = before
	}
	return page, nil
}

// of returns the watches of a member, to add to.
func (w *Watchers) of(member forum.MemberID) forum.Watches {
	watches, known := w.Watches[member]
	if !known {
		watches = forum.Watches{Sections: make(map[forum.SectionID]forum.Watch), Threads: make(map[forum.ThreadID]forum.Watch)}
		w.Watches[member] = watches
	}
	return watches
}

func (w *Watchers) add(member forum.MemberID, thread forum.ThreadID, section forum.SectionID, level int64) error {
	watches := w.of(member)
	switch {
	case thread != 0:
		watches.Threads[thread] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
	case level != int64(forum.NewThreads) && level != int64(forum.AllPosts):
		return fmt.Errorf("invalid level %d: must be 1 or 2", level)
	default:
		watches.Sections[section] = forum.Watch{Level: forum.Level(level), Mail: forum.Level(level)}
	}
	return nil
}
