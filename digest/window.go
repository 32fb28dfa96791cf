package digest

import (
	"cmp"
	"slices"

	"postrider/forum"
)

// Sighting records that a post was seen visible, or seen to have been moved. Sequence numbers
// rise without gaps; a post that is approved, restored or moved late gets the number of the
// moment when it was first seen where it is.
type Sighting struct {
	Seq  int64
	Post forum.PostID
	// MovedFrom is the section that the post stood in when it was sighted before; 0: first sighting.
	MovedFrom forum.SectionID
}

// Window is what the editions of one batch may draw from, as the forum stands now.
type Window struct {
	sections map[forum.SectionID]forum.Section
	threads  map[forum.ThreadID]forum.Thread
	items    []item
	byThread map[forum.ThreadID][]int // indexes into items
	bySect   map[forum.SectionID][]forum.ThreadID
}

// item is a sighted post with its thread as both stand now.
type item struct {
	Sighting
	post   forum.Post
	thread forum.Thread
	gone   bool // the forum has no such post or thread any more
}

// NewWindow joins sightings with the posts and threads that they speak of, as the forum has them
// now. A sighting whose post is gone from the forum stays in the window, so that it can be explained.
func NewWindow(sections []forum.Section, threads []forum.Thread, posts []forum.Post, sightings []Sighting) *Window {
	w := &Window{
		sections: make(map[forum.SectionID]forum.Section, len(sections)),
		threads:  make(map[forum.ThreadID]forum.Thread, len(threads)),
		items:    make([]item, 0, len(sightings)),
		byThread: make(map[forum.ThreadID][]int, len(threads)),
		bySect:   make(map[forum.SectionID][]forum.ThreadID, len(sections)),
	}
	for _, s := range sections {
		w.sections[s.ID] = s
	}
	for _, t := range threads {
		w.threads[t.ID] = t
	}
	byID := make(map[forum.PostID]forum.Post, len(posts))
	for _, p := range posts {
		byID[p.ID] = p
	}
	slices.SortFunc(sightings, func(a, b Sighting) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, s := range sightings {
		w.add(s, byID)
	}
	return w
}

func (w *Window) add(s Sighting, posts map[forum.PostID]forum.Post) {
	it := item{Sighting: s}
	var found bool
	if it.post, found = posts[s.Post]; found {
		it.thread, found = w.threads[it.post.Thread]
	}
	it.gone = !found
	i := len(w.items)
	w.items = append(w.items, it)
	if it.gone {
		return
	}
	id := it.thread.ID
	if len(w.byThread[id]) == 0 {
		w.bySect[it.thread.Section] = append(w.bySect[it.thread.Section], id)
	}
	w.byThread[id] = append(w.byThread[id], i)
}
