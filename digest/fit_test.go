package digest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"postrider/forum"
)

// fixedSizes has a layout of 1,000 bytes, headings of 100, posts of 200 plus their excerpt, threads as lines of 60, and other lines of
// 50. Heights are a tenth.
type fixedSizes struct{}

func fixed(bytes int) Size { return Size{bytes, bytes / 10} }

func (fixedSizes) Layout() Size                   { return fixed(1000) }
func (fixedSizes) Section(*Group) Size            { return fixed(100) }
func (fixedSizes) Thread(*Thread) Size            { return fixed(100) }
func (fixedSizes) Brief(*Thread) Size             { return fixed(60) }
func (fixedSizes) Post(_ *Post, excerpt int) Size { return fixed(200 + excerpt) }
func (fixedSizes) More() Size                     { return fixed(50) }
func (fixedSizes) Folded() Size                   { return fixed(50) }

var lengths = []int{300, 160}

// digestOf returns a digest with threads of so many posts in each section.
func digestOf(sections ...[]int) *Digest {
	d := &Digest{}
	for _, threads := range sections {
		var g Group
		for i, n := range threads {
			g.Threads = append(g.Threads, Thread{Thread: forum.Thread{ID: forum.ThreadID(i + 1)}, Posts: make([]Post, n)})
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

// shape describes what is shown: "2+3" is two posts shown and three hidden, "t5" only a line for five posts, "-" nothing.
func shape(d *Digest) string {
	s := fmt.Sprint(d.Excerpt)
	for i, g := range d.Groups {
		if i > 0 {
			s += " |"
		}
		for _, t := range g.Threads {
			switch shown := t.ShownPosts(); {
			case !t.Fits:
				s += " -"
			case shown == 0:
				s += fmt.Sprintf(" t%d", t.HiddenPosts())
			default:
				s += fmt.Sprintf(" %d+%d", shown, t.HiddenPosts())
			}
		}
	}
	return s
}

func TestFit_CutsInOrder(t *testing.T) {
	const (
		head  = 1000 + 100   // layout and section
		lines = 2 * 50       // "and 3 more threads", of the section and of the forum
		open  = 100 + 50     // heading of a thread and "and 2 more replies"
		long  = 500          // a post
		short = 200 + 160    // a post with a short excerpt
		brief = 60           // a thread as a line
		rest  = head + lines // everything but threads
	)
	tests := []struct {
		name   string
		budget int
		want   string
	}{
		{"everything fits", head + 2*100 + 5*long, "300 3+0 2+0"},
		{"replies fold first, those of the last threads", head + 2*100 + 5*long - 1, "300 3+0 1+1"},
		{"then more replies", rest + 2*open + 3*long, "300 2+1 1+1"},
		{"then the last thread becomes a line", rest + open + 2*long + brief, "300 2+1 t2"},
		{"and replies of the first fold", rest + open + long + brief, "300 1+2 t2"},
		{"then excerpts shorten", rest + open + short + brief, "160 1+2 t2"},
		{"then all threads are lines", rest + 2*brief, "160 t3 t2"},
		{"then the last threads are counted", rest + brief, "160 t3 -"},
		{"finally all are", 1000, "300 - -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := digestOf([]int{3, 2})
			d.Fit(Budget{Size: Size{tt.budget, NoHeightLimit}}, lengths, fixedSizes{})
			if got := shape(d); got != tt.want {
				t.Errorf("by bytes, shape = %s, want %s", got, tt.want)
			}
			d.Fit(Budget{Size: Size{1 << 20, (tt.budget + 9) / 10}}, lengths, fixedSizes{})
			if got := shape(d); got != tt.want && tt.budget%10 == 0 {
				t.Errorf("by height, shape = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFit_TitlesOnlyShowsNoPosts(t *testing.T) {
	for budget, want := range map[int]string{
		1 << 20:                    "-1 t3 t2 t1 | t5",
		1000 + 2*100 + 3*50 + 3*60: "-1 t3 t2 - | t5",
		1000 + 100 + 3*50 + 60:     "-1 t3 - - | -",
	} {
		d := digestOf([]int{3, 2, 1}, []int{5})
		d.Fit(Budget{Size: Size{budget, NoHeightLimit}}, []int{TitlesOnly}, fixedSizes{})
		if got := shape(d); got != want {
			t.Errorf("with %d bytes, shape = %s, want %s", budget, got, want)
		}
	}
}

func TestFit_GivesEachSectionItsShare(t *testing.T) {
	d := digestOf([]int{9, 9, 9, 9}, []int{1, 1, 1}, []int{2})
	d.Fit(Budget{Size: Size{6000, NoHeightLimit}}, lengths, fixedSizes{})
	if got, want := shape(d), "300 2+7 1+8 t9 t9 | 1+0 1+0 t1 | 2+0"; got != want {
		t.Errorf("shape = %s, want %s", got, want)
	}
}

func TestFit_CountsThreadsBeyondHalfOfTheBudget(t *testing.T) {
	d := digestOf(make([]int, 100))
	for i := range d.Groups[0].Threads {
		d.Groups[0].Threads[i].Posts = make([]Post, 3)
	}
	d.Fit(Budget{Size: Size{5000, NoHeightLimit}}, lengths, fixedSizes{})
	shown := 100 - d.Groups[0].HiddenThreads()
	if posts := d.Groups[0].Threads[0].ShownPosts(); shown < 20 || shown > 40 || posts == 0 {
		t.Errorf("%d threads and %d posts of the first one are shown, want about 30 threads and at least one post: %s", shown, posts, shape(d))
	}
}

func TestFit_ShowsAtMostSoManyPosts(t *testing.T) {
	d := digestOf([]int{3, 2}, []int{1})
	for posts, want := range map[int]string{0: "300 3+0 2+0 | 1+0", 6: "300 3+0 2+0 | 1+0", 5: "300 3+0 1+1 | 1+0", 2: "300 1+2 t2 | 1+0", 1: "300 1+2 t2 | t1"} {
		d.Fit(Budget{Size{1 << 20, NoHeightLimit}, posts}, lengths, fixedSizes{})
		if got := shape(d); got != want {
			t.Errorf("at most %d posts: shape = %s, want %s", posts, got, want)
		}
	}
}

// size adds up the sizes of what is shown, as a renderer would.
func size(d *Digest, s Sizes) Size {
	total := s.Layout()
	if d.MoreThreads > 0 {
		total = total.plus(s.More())
	}
	for i := range d.Groups {
		g := &d.Groups[i]
		if !g.Shown() {
			continue
		}
		total = total.plus(s.Section(g))
		if g.HiddenThreads() > 0 {
			total = total.plus(s.More())
		}
		for j := range g.Threads {
			total = total.plus(threadSize(&g.Threads[j], d.Excerpt, s))
		}
	}
	return total
}

func threadSize(t *Thread, excerpt int, s Sizes) Size {
	switch {
	case !t.Fits:
		return Size{}
	case t.ShownPosts() == 0:
		return s.Brief(t)
	}
	total := s.Thread(t)
	if t.HiddenPosts() > 0 {
		total = total.plus(s.More())
	}
	for k := range t.Posts {
		if t.Posts[k].Fits {
			total = total.plus(s.Post(&t.Posts[k], excerpt))
		}
	}
	return total
}

func TestFit_KeepsTheBudgetForAnyShape(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		sections := make([][]int, 1+dice.IntN(5))
		for i := range sections {
			for range 1 + dice.IntN(30) {
				sections[i] = append(sections[i], 1+dice.IntN(20))
			}
		}
		d := digestOf(sections...)
		budget := Size{1400 + dice.IntN(60_000), 140 + dice.IntN(6000)}
		d.Fit(Budget{Size: budget}, lengths, fixedSizes{})
		if got := size(d, fixedSizes{}); !got.fits(budget) {
			t.Fatalf("%v: %v shown as %s, want at most %v", sections, got, shape(d), budget)
		}
		hidden := 0
		for _, g := range d.Groups {
			if !g.Shown() {
				hidden += g.HiddenThreads()
			}
			for _, t := range g.Threads {
				for k := range t.Posts {
					if k > 0 && t.Posts[k].Fits && !t.Posts[k-1].Fits {
						panic("a post is shown without the one before it")
					}
				}
			}
		}
		if hidden != d.MoreThreads {
			t.Fatalf("MoreThreads = %d, want %d", d.MoreThreads, hidden)
		}
	}
}
