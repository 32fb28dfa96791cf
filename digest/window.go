package digest

import (
	"cmp"
	"slices"
	"time"

	"postrider/forum"
)

// Sighting records that a post was seen visible at a place: in a section, or in several. A moved post has one sighting per place. Sequence numbers
// ascend without gaps, in the order of the sightings: a post that is approved, restored or moved late gets a late number.
type Sighting struct {
	Seq  int64
	Post forum.PostID
	// Section is where its thread was when the post was sighted, as a place (forum.PlaceOf); 0: where it is.
	Section forum.SectionID
	// MovedFrom is the place of the previous sighting; 0: first sighting.
	MovedFrom forum.SectionID
	// PostedAt is when the sighted post was written; zero: unknown.
	PostedAt time.Time
	// VisibleSince is when a post was sighted that was not visible before, or not where it is now; zero: since it was posted.
	VisibleSince time.Time
}

// Window holds the posts that the editions of one batch may contain, in the forum's current state.
type Window struct {
	sections  map[forum.SectionID]forum.Section
	places    forum.Places // of the sightings
	items     []item
	byThread  map[forum.ThreadID][]int // indexes into items, ascending
	byPost    map[forum.PostID]int     // index of the newest item of a post that still exists
	bySection map[forum.SectionID][]forum.ThreadID
}

// item is a sighted post with its thread, both in their current state.
type item struct {
	Sighting
	post    forum.Post
	thread  *forum.Thread
	place   forum.SectionID // where the thread is
	deleted bool            // post or thread no longer exists
	earlier []Sighting      // earlier sightings of the same post in the window
	later   int64           // sequence number of the next one in the window; 0: none
}

// idReusedBy reports whether the forum lost the sighted post and gave its ID to another one, because it was restored from a
// backup. The other post gets its own sighting.
func (s Sighting) idReusedBy(p *forum.Post) bool {
	return !s.PostedAt.IsZero() && !s.PostedAt.Equal(p.PostedAt)
}

func (it *item) wasAt(place forum.SectionID) bool {
	return slices.ContainsFunc(it.earlier, func(s Sighting) bool { return s.Section == place })
}

func (it *item) opening() bool { return it.post.ID == it.thread.FirstPost }

// NewWindow joins sightings with their posts and threads in the current state. A sighting of a deleted post stays in the
// window, so that it can be explained. places are those of the sightings that stand for several sections.
func NewWindow(sections []forum.Section, threads []forum.Thread, posts []forum.Post, sightings []Sighting, places forum.Places) *Window {
	w := &Window{
		sections:  make(map[forum.SectionID]forum.Section, len(sections)),
		places:    places,
		items:     make([]item, 0, len(sightings)),
		byThread:  make(map[forum.ThreadID][]int, len(threads)),
		byPost:    make(map[forum.PostID]int, len(posts)),
		bySection: make(map[forum.SectionID][]forum.ThreadID, len(sections)),
	}
	for _, s := range sections {
		w.sections[s.ID] = s
	}
	in := lookup{
		threads: make(map[forum.ThreadID]*forum.Thread, len(threads)),
		posts:   make(map[forum.PostID]*forum.Post, len(posts)),
		last:    make(map[forum.PostID]int, len(posts)),
	}
	for i := range threads {
		in.threads[threads[i].ID] = &threads[i]
	}
	for i := range posts {
		in.posts[posts[i].ID] = &posts[i]
	}
	sightings = slices.SortedFunc(slices.Values(sightings), func(a, b Sighting) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, s := range sightings {
		w.add(s, in)
	}
	return w
}

// lookup finds the post and the thread of a sighting.
type lookup struct {
	threads map[forum.ThreadID]*forum.Thread
	posts   map[forum.PostID]*forum.Post
	last    map[forum.PostID]int // index of the newest item of a post
}

func (w *Window) add(s Sighting, in lookup) {
	it := item{Sighting: s, deleted: true}
	post := in.posts[s.Post]
	if post != nil && s.idReusedBy(post) {
		w.items = append(w.items, it)
		return
	}
	if post != nil {
		it.post = *post
		it.thread = in.threads[post.Thread]
		it.deleted = it.thread == nil
	}
	i := len(w.items)
	if before, again := in.last[s.Post]; again {
		it.earlier = append(slices.Clone(w.items[before].earlier), w.items[before].Sighting)
		w.items[before].later = s.Seq
	}
	in.last[s.Post] = i
	w.items = append(w.items, it)
	if it.deleted {
		return
	}
	place := it.thread.Place()
	if w.items[i].place = place; s.Section == 0 {
		w.items[i].Section = place
	}
	id := it.thread.ID
	if len(w.byThread[id]) == 0 {
		for section := range it.thread.InSections {
			w.bySection[section] = append(w.bySection[section], id)
		}
	}
	w.byThread[id] = append(w.byThread[id], i)
	w.byPost[s.Post] = i
}
