package digest

// Sizes returns the size of each part of an edition in bytes of rendered HTML.
type Sizes interface {
	Layout() int                   // header and footer
	Section(*Group) int            // a section's heading
	Thread(*Thread) int            // a thread's heading
	Post(p *Post, excerpt int) int // a post with an excerpt of this many characters
	More() int                     // upper limit for one line like "and 12 more replies"
}

// Fit cuts the edition to a budget in bytes. It shortens the excerpts first (excerpts lists the lengths to try, in
// descending order), then hides replies, then reduces threads to their titles, then hides the last threads. Nothing is
// removed from the edition: Fits marks what is shown.
func (d *Digest) Fit(budget int, excerpts []int, s Sizes) {
	c := newFitter(d, budget-s.Layout(), s)
	for _, length := range excerpts {
		c.shorten(length)
		if c.try(len(c.threads), c.allPosts) {
			return
		}
	}
	_ = c.foldReplies() || c.keepTitles() || c.dropThreads()
}

// fitter holds the state while an edition is cut.
type fitter struct {
	d            *Digest
	s            Sizes
	budget       int       // bytes for everything but the layout
	threads      []*Thread // in reading order
	headingBytes []int     // bytes of each thread's heading; the first of a section includes the section's heading
	sums         [][]int   // sums[i][k]: bytes of the first k posts of thread i; computed on demand
}

func newFitter(d *Digest, budget int, s Sizes) *fitter {
	c := &fitter{d: d, s: s, budget: budget}
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

// shorten restarts with another excerpt length.
func (c *fitter) shorten(length int) {
	c.d.Excerpt = length
	for i := range c.sums {
		c.sums[i] = append(c.sums[i][:0], 0)
	}
}

// bytesOfPosts returns the size of the first k posts of thread i. It renders posts on demand: most of a large backlog is
// never shown.
func (c *fitter) bytesOfPosts(i, k int) int {
	for n := len(c.sums[i]); n <= k; n++ {
		size := c.s.Post(&c.threads[i].Posts[n-1], c.d.Excerpt)
		c.sums[i] = append(c.sums[i], c.sums[i][n-1]+size)
	}
	return c.sums[i][k]
}

// postsPerThread returns how many posts of thread i are shown.
type postsPerThread func(i int) int

func (c *fitter) allPosts(i int) int { return len(c.threads[i].Posts) }

// upTo shows up to k posts of each thread.
func (c *fitter) upTo(k int) postsPerThread {
	return func(i int) int { return min(k, len(c.threads[i].Posts)) }
}

func noPosts(int) int { return 0 }

// try shows the first n threads with the given number of posts each, if they fit.
func (c *fitter) try(n int, of postsPerThread) bool {
	if c.cost(n, of) > c.budget {
		return false
	}
	c.show(n, of)
	return true
}

// cost returns the size of the first n threads. It stops adding once the budget is exceeded.
func (c *fitter) cost(n int, of postsPerThread) int {
	total := 0
	if n < len(c.threads) {
		total = c.s.More()
	}
	for i := range n {
		if total > c.budget {
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

// foldReplies shows the same number of posts from every thread, and one more from the first threads while there is room.
func (c *fitter) foldReplies() bool {
	n := len(c.threads)
	k := 0
	for c.cost(n, c.upTo(k+1)) <= c.budget && k < c.longest() {
		k++
	}
	if k == 0 {
		return false
	}
	depths := make([]int, n)
	spare := c.budget - c.cost(n, c.upTo(k))
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

// keepTitles reduces the last threads to their titles.
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

// dropThreads shows as many titles as fit.
func (c *fitter) dropThreads() bool {
	for n := len(c.threads) - 1; n > 0; n-- {
		if c.try(n, noPosts) {
			return true
		}
	}
	c.show(0, noPosts)
	return true
}
