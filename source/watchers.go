package source

import (
	"context"
	"fmt"
	"math"

	"postrider/forum"
)

// Watchers is a page of those who watch threads or sections for mail.
type Watchers struct {
	Watches map[forum.MemberID]forum.Watches // of the threads and sections that were asked for
	Last    forum.MemberID                   // the page holds all up to him
}

// EndOfWatchers is Last of the last page.
const EndOfWatchers = forum.MemberID(math.MaxInt64)

// watchersPerPage is how many watches a page may hold. It must be more than one member can have of the threads and
// sections asked for: a page never holds a member by half.
const watchersPerPage = 10 * chunkSize

// Watchers lists, behind a member, who watches some of the threads and sections for mail. It takes up to 1,000 of each,
// and answers with a page, so that a section may be watched by all.
func (s *Snapshot) Watchers(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after forum.MemberID) (Watchers, error) {
	if len(threads) > chunkSize || len(sections) > chunkSize {
		return Watchers{}, fmt.Errorf("asking for the watchers of %d threads and %d sections: %d are the most", len(threads), len(sections), chunkSize)
	}
	page := Watchers{Watches: make(map[forum.MemberID]forum.Watches), Last: EndOfWatchers}
	if len(threads) == 0 || len(sections) == 0 { // lists in IN are never empty; who has news has both
		return page, nil
	}
	var member, before, last forum.MemberID
	var thread forum.ThreadID
	var section forum.SectionID
	var level int64
	rows := 0
	r := columns{"member_id": &member, "thread_id": &thread, "section_id": &section, "level": &level}
	p := params{"threads": threads, "sections": sections, "after": after, "limit": watchersPerPage}
	err := s.queryNamed(ctx, "watchers", p, r, func() error {
		rows++
		if member != last {
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

func (w *Watchers) add(member forum.MemberID, thread forum.ThreadID, section forum.SectionID, level int64) error {
	watches, known := w.Watches[member]
	if !known {
		watches = forum.Watches{Sections: make(map[forum.SectionID]forum.Watch), Threads: make(map[forum.ThreadID]forum.Watch)}
		w.Watches[member] = watches
	}
	switch {
	case thread != 0:
		watches.Threads[thread] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
	case level != int64(forum.NewThreads) && level != int64(forum.AllPosts):
		return fmt.Errorf("level is %d, not 1 or 2", level)
	default:
		watches.Sections[section] = forum.Watch{Level: forum.Level(level), Mail: forum.Level(level)}
	}
	return nil
}
