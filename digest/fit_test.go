package digest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"postrider/forum"
)

// fixedSizes has a layout of 1,000 bytes, headings of 100, posts of 200 plus their excerpt, and lines of 50.
type fixedSizes struct{}

func (fixedSizes) Layout() int                   { return 1000 }
func (fixedSizes) Section(*Group) int            { return 100 }
func (fixedSizes) Thread(*Thread) int            { return 100 }
func (fixedSizes) Post(_ *Post, excerpt int) int { return 200 + excerpt }
func (fixedSizes) More() int                     { return 50 }

var lengths = []int{300, 150, 75}

func digestOf(threads ...int) *Digest {
	d := &Digest{Groups: []Group{{}}}
	g := &d.Groups[0]
	for i, n := range threads {
		t := Thread{Thread: forum.Thread{ID: forum.ThreadID(i + 1)}}
		for range n {
			t.Posts = append(t.Posts, Post{})
		}
		g.Threads = append(g.Threads, t)
	}
	return d
}

// shape describes what is shown: "2+3" is two posts shown and three hidden, "t5" only a title with five hidden posts, "-" nothing.
func shape(d *Digest) string {
	s := fmt.Sprint(d.Excerpt)
	for _, g := range d.Groups {
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
	const head = 1000 + 100 // layout and section
	tests := []struct {
		name   string
		budget int
		want   string
	}{
		{"everything fits", head + 2*100 + 5*500, "300 3+0 2+0"},
		{"excerpts are shortened first", head + 2*100 + 5*500 - 1, "150 3+0 2+0"},
		{"and shortened again", head + 2*100 + 5*275, "75 3+0 2+0"},
		{"then replies are hidden, those of the first threads last", head + 2*100 + 3*275 + 2*50, "75 2+1 1+1"},
		{"then more replies", head + 2*100 + 2*275 + 2*50, "75 1+2 1+1"},
		{"then the last thread is reduced to its title", head + 2*100 + 1*275 + 2*50, "75 1+2 t2"},
		{"then all threads are", head + 2*100 + 2*50, "75 t3 t2"},
		{"then the last threads are hidden", head + 100 + 2*50, "75 t3 -"},
		{"finally all threads are hidden", 1000, "75 - -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := digestOf(3, 2)
			d.Fit(tt.budget, lengths, fixedSizes{})
			if got := shape(d); got != tt.want {
				t.Errorf("shape = %s, want %s", got, tt.want)
			}
		})
	}
}

// size adds up the sizes of what is shown, as a renderer would.
func size(d *Digest, s Sizes) int {
	total := s.Layout()
	if d.MoreThreads > 0 {
		total += s.More()
	}
	for i := range d.Groups {
		g := &d.Groups[i]
		if g.Shown() {
			total += s.Section(g)
		}
		for j := range g.Threads {
			t := &g.Threads[j]
			if !t.Fits {
				continue
			}
			total += s.Thread(t)
			if t.HiddenPosts() > 0 {
				total += s.More()
			}
			for k := range t.Posts {
				if t.Posts[k].Fits {
					total += s.Post(&t.Posts[k], d.Excerpt)
				}
			}
		}
	}
	return total
}

func TestFit_KeepsTheBudgetForAnyShape(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var threads []int
		for range 1 + dice.IntN(40) {
			threads = append(threads, 1+dice.IntN(20))
		}
		d := digestOf(threads...)
		d.Groups = append(d.Groups, digestOf(1+dice.IntN(9)).Groups...)
		budget := 1100 + dice.IntN(60_000)
		d.Fit(budget, lengths, fixedSizes{})
		if got := size(d, fixedSizes{}); got > budget {
			t.Fatalf("threads %v: %d bytes shown as %s, want at most %d", threads, got, shape(d), budget)
		}
		hidden := 0
		for _, g := range d.Groups {
			for _, t := range g.Threads {
				if !t.Fits {
					hidden++
				}
			}
		}
		if hidden != d.MoreThreads {
			t.Fatalf("MoreThreads = %d, want %d", d.MoreThreads, hidden)
		}
	}
}
