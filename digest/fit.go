package digest

import (
	"cmp"
	"math"
	"slices"
)

// Size is how much space a part of an edition takes.
type Size struct {
	Bytes  int // of rendered HTML
	Height int // in pixels, where a message is 600 wide; an estimate
}

// NoHeightLimit is the height of a budget that limits bytes only.
const NoHeightLimit = math.MaxInt / 2

func (s Size) plus(o Size) Size  { return Size{s.Bytes + o.Bytes, s.Height + o.Height} }
func (s Size) minus(o Size) Size { return Size{s.Bytes - o.Bytes, s.Height - o.Height} }
func (s Size) fits(in Size) bool { return s.Bytes <= in.Bytes && s.Height <= in.Height }
func (s Size) times(n int) Size  { return Size{s.Bytes * n, s.Height * n} }

// Budget is what an edition may take.
type Budget struct {
	Size
	Posts int // the most posts to show; 0: no limit
}

// Sizes returns the size of each part of an edition.
type Sizes interface {
	Layout() Size                   // header and footer
	Section(*Group) Size            // a section's heading
	Thread(*Thread) Size            // a thread's heading
	Brief(*Thread) Size             // a thread in one line, without any post
	Post(p *Post, excerpt int) Size // a post with an excerpt of this many characters
	More() Size                     // upper limit for one line like "and 12 more threads"
	Folded() Size                   // what "and 12 more replies" adds to a thread at most
}

// Fit cuts the edition to a budget. Threads become lines and replies fold before excerpts shorten (excerpts lists the lengths to try, in
// descending order; TitlesOnly shows no posts). Nothing is removed from the edition: Fits marks what is shown.
//
// If not everything fits, each section first gets its heading and a line for its first thread. Lines for the other threads follow, up to
// a third of the budget. The rest shows posts, most of them of each section's first threads. Threads that still have no room are only
// counted.
func (d *Digest) Fit(budget Budget, excerpts []int, s Sizes) {
	for i, length := range excerpts {
		f := newFitter(d, budget, length, s)
		if f.all() || f.some() || i == len(excerpts)-1 {
			f.mark()
			return
		}
	}
}

// fitter holds the state while an edition is cut.
type fitter struct {
	d      *Digest
	s      Sizes
	left   Size // of the budget
	posts  int  // how many more may be shown
	groups []fitGroup
	most   int  // threads of the largest section
	titles bool // no posts are shown
}

type fitGroup struct {
	*Group
	shown   bool
	threads []fitThread
}

// fitThread is a thread with what it costs at present.
type fitThread struct {
	*Thread
	shown  bool
	posts  int  // shown posts
	closed bool // the next post does not fit
	cost   Size // of the thread with these posts, as a line if there are none
}

func newFitter(d *Digest, budget Budget, excerpt int, s Sizes) *fitter {
	d.Excerpt = excerpt
	f := &fitter{d: d, s: s, left: budget.minus(s.Layout()), posts: cmp.Or(budget.Posts, math.MaxInt)}
	if f.titles = excerpt == TitlesOnly; f.titles {
		f.posts = 0
	}
	for i := range d.Groups {
		g := fitGroup{Group: &d.Groups[i]}
		for j := range g.Threads {
			slices.SortStableFunc(g.Threads[j].Posts, byMerit)
			g.threads = append(g.threads, fitThread{Thread: &g.Threads[j]})
		}
		f.groups = append(f.groups, g)
		f.most = max(f.most, len(g.threads))
	}
	return f
}

// all shows everything if it fits. It stops adding once the budget is exceeded: most of a large backlog is never rendered.
func (f *fitter) all() bool {
	left := f.left
	if f.titles || f.d.Counts().Posts > f.posts {
		return false
	}
	for i := range f.groups {
		g := &f.groups[i]
		left = left.minus(f.s.Section(g.Group))
		for j := range g.threads {
			t := &g.threads[j]
			left = left.minus(f.s.Thread(t.Thread))
			for k := range t.Posts {
				if left = left.minus(f.s.Post(&t.Posts[k], f.d.Excerpt)); !(Size{}).fits(left) {
					return false
				}
			}
		}
	}
	if !(Size{}).fits(left) {
		return false
	}
	for i := range f.groups {
		g := &f.groups[i]
		g.shown = true
		for j := range g.threads {
			g.threads[j].shown, g.threads[j].posts = true, len(g.threads[j].Posts)
		}
	}
	return true
}

// some shows a selection. It reports whether posts of the first thread of each section are among them.
func (f *fitter) some() bool {
	f.left = f.left.minus(f.s.More().times(len(f.groups) + 1)) // the lines that count what is hidden
	if !f.titles {
		f.showLines(Size{f.left.Bytes * 2 / 3, f.left.Height * 2 / 3})
	}
	f.showPosts()
	f.showLines(Size{}) // in what no post fits into
	for i := range f.groups {
		if g := &f.groups[i]; g.shown && g.threads[0].posts == 0 {
			return f.posts == 0 // shorter ones would not help
		}
	}
	return true
}

// spend takes a cost off the budget if it is left.
func (f *fitter) spend(cost Size) bool {
	if !cost.fits(f.left) {
		return false
	}
	f.left = f.left.minus(cost)
	return true
}

// showLines shows threads as lines: the first of each section, the second of each, and so on. It leaves a part of the budget.
func (f *fitter) showLines(reserve Size) {
	for rank := range f.most {
		for i := range f.groups {
			g := &f.groups[i]
			if rank >= len(g.threads) || g.threads[rank].shown || rank > 0 && !g.shown {
				continue
			}
			t := &g.threads[rank]
			t.cost = f.s.Brief(t.Thread)
			cost := t.cost
			if rank == 0 {
				cost = cost.plus(f.s.Section(g.Group))
			} else if !reserve.fits(f.left.minus(cost)) {
				return
			}
			if f.spend(cost) {
				g.shown, t.shown = true, true
			}
		}
	}
}

// showPosts shows posts in rounds: in each round, one more post of the threads so far, and the first post of the next thread of each
// section. So the first threads show most.
func (f *fitter) showPosts() {
	for round, more := 0, true; more; round++ {
		more = round < f.most
		for rank := range min(round+1, f.most) {
			for i := range f.groups {
				if g := &f.groups[i]; rank < len(g.threads) && f.deepen(&g.threads[rank]) {
					more = true
				}
			}
		}
	}
}

// deepen shows one more post of a thread if that fits.
func (f *fitter) deepen(t *fitThread) bool {
	if !t.shown || t.closed || f.posts == 0 || t.posts == len(t.Posts) {
		return false
	}
	cost := t.cost.plus(f.s.Post(&t.Posts[t.posts], f.d.Excerpt))
	if t.posts == 0 { // no longer a line
		cost = f.s.Thread(t.Thread).plus(f.s.Post(&t.Posts[0], f.d.Excerpt)).plus(f.s.Folded())
	}
	if t.closed = !f.spend(cost.minus(t.cost)); t.closed {
		return false
	}
	f.posts--
	t.posts++
	t.cost = cost
	return true
}

// mark marks what is shown. Posts are then in the order in which they were written, the shown ones before the others.
func (f *fitter) mark() {
	f.d.MoreThreads = 0
	for i := range f.groups {
		g := &f.groups[i]
		for j := range g.threads {
			t := &g.threads[j]
			t.Fits = t.shown
			for k := range t.Posts {
				t.Posts[k].Fits = k < t.posts
			}
			slices.SortStableFunc(t.Posts, func(a, b Post) int {
				return cmp.Or(trueFirst(a.Fits, b.Fits), trueFirst(a.Opening, b.Opening), byAge(a, b))
			})
		}
		if !g.shown {
			f.d.MoreThreads += len(g.threads)
		}
	}
}
