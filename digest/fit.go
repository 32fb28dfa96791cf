package digest

// Sizes tells how many bytes of HTML each part of an edition takes once it is rendered.
type Sizes interface {
	Shell() int                    // masthead and footer
	Section(*Group) int            // a section's heading
	Thread(*Thread) int            // a thread's heading
	Post(p *Post, excerpt int) int // a post with an excerpt of so many characters
	More() int                     // at most, for one line such as "and 12 more replies"
}

// Fit cuts the edition to a budget of bytes. Excerpts shorten first (excerpts lists their lengths,
// falling), then replies fold, then threads become titles, then the last threads are left to the
// forum. Nothing leaves the edition: what does not fit is marked as not shown.
func (d *Digest) Fit(budget int, excerpts []int, s Sizes) {
	c := newCut(d, budget-s.Shell(), s)
	for _, length := range excerpts {
		c.shorten(length)
		if c.try(len(c.threads), c.allPosts) {
			return
		}
	}
	_ = c.foldReplies() || c.keepTitles() || c.dropThreads()
}

// fitter is an edition on the way to its size.
type fitter struct {
	d            *Digest
	s            Sizes
	room         int       // bytes for everything but the shell
	threads      []*Thread // in reading order
	headingBytes []int     // bytes of each thread's heading, and of its section's where one begins
	sums         [][]int   // sums[i][k]: bytes of the first k posts of thread i, as far as they were asked for
}

func newCut(d *Digest, room int, s Sizes) *fitter {
	c := &fitter{d: d, s: s, room: room}
	for i := range d.Groups {
		g := &d.Groups[i]
		for j := range g.Threads {
			head := s.Thread(&g.Threads[j])
			if j == 0 {
				head += s.Section(g)
			}
			c.threads = append(c.threads, &g.Threads[j])
			c.headingBytes = append(c.headingBytes, head)
		}
	}
	c.sums = make([][]int, len(c.threads))
	return c
}

// shorten begins anew with another length of excerpts.
func (c *fitter) shorten(length int) {
	c.d.Excerpt = length
	for i := range c.sums {
		c.sums[i] = append(c.sums[i][:0], 0)
	}
}

// bytesOfPosts sizes posts as they are asked for: of a great backlog most are never rendered.
func (c *fitter) bytesOfPosts(i, k int) int {
	for n := len(c.sums[i]); n <= k; n++ {
		size := c.s.Post(&c.threads[i].Posts[n-1], c.d.Excerpt)
		c.sums[i] = append(c.sums[i], c.sums[i][n-1]+size)
	}
	return c.sums[i][k]
}

// postsPerThread says how many posts of thread i are shown.
type postsPerThread func(i int) int

func (c *fitter) allPosts(i int) int { return len(c.threads[i].Posts) }

// upTo shows up to k posts of each thread.
func (c *fitter) upTo(k int) postsPerThread {
	return func(i int) int { return min(k, len(c.threads[i].Posts)) }
}

func noPosts(int) int { return 0 }

// try shows the first n threads, each to its depth, if they fit.
func (c *fitter) try(n int, of postsPerThread) bool {
	if c.cost(n, of) > c.room {
		return false
	}
	c.show(n, of)
	return true
}

// cost adds up the first n threads, or so many of them that there is no room.
func (c *fitter) cost(n int, of postsPerThread) int {
	total := 0
	if n < len(c.threads) {
		total = c.s.More()
	}
	for i := range n {
		if total > c.room {
			break
		}
		total += c.threadCost(i, of(i))
	}
	return total
}

func (c *fitter) threadCost(i, k int) int {
	bytes := c.headingBytes[i] + c.bytesOfPosts(i, k)
	if k < len(c.threads[i].Posts) {
		bytes += c.s.More()
	}
	return bytes
}

func (c *fitter) show(n int, of postsPerThread) {
	c.d.MoreThreads = len(c.threads) - n
	for i, t := range c.threads {
		t.Fits = i < n
		k := 0
		if t.Fits {
			k = of(i)
		}
		for j := range t.Posts {
			t.Posts[j].Fits = j < k
		}
	}
}

// foldReplies shows the same number of posts of every thread, and one more of the first threads as
// far as the room goes.
func (c *fitter) foldReplies() bool {
	n := len(c.threads)
	k := 0
	for c.cost(n, c.upTo(k+1)) <= c.room && k < c.longest() {
		k++
	}
	if k == 0 {
		return false
	}
	depths := make([]int, n)
	spare := c.room - c.cost(n, c.upTo(k))
	for i := range depths {
		depths[i] = c.upTo(k)(i)
		deeper := c.upTo(k + 1)(i)
		if grows := c.threadCost(i, deeper) - c.threadCost(i, depths[i]); grows <= spare {
			depths[i], spare = deeper, spare-grows
		}
	}
	c.show(n, func(i int) int { return depths[i] })
	return true
}

func (c *fitter) longest() int {
	most := 0
	for i := range c.threads {
		most = max(most, c.allPosts(i))
	}
	return most
}

// keepTitles leaves the last threads their titles only.
func (c *fitter) keepTitles() bool {
	for full := len(c.threads) - 1; full >= 0; full-- {
		if c.try(len(c.threads), func(i int) int {
			if i < full {
				return 1
			}
			return 0
		}) {
			return true
		}
	}
	return false
}

// dropThreads keeps as many titles as there is room for.
func (c *fitter) dropThreads() bool {
	for n := len(c.threads) - 1; n > 0; n-- {
		if c.try(n, noPosts) {
			return true
		}
	}
	c.show(0, noPosts)
	return true
}
