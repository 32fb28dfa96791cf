package digest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/markup"
)

// rankedThread is a thread with posts by these authors, the last of them at a minute, with likes for the first one.
func rankedThread(id forum.ThreadID, isNew bool, minute, likes int, authors ...forum.MemberID) (Thread, map[forum.PostID]*forum.Content) {
	t := Thread{Thread: forum.Thread{ID: id}}
	contents := map[forum.PostID]*forum.Content{}
	for i, author := range authors {
		p := forum.Post{ID: forum.PostID(int(id)*10 + i), Thread: id, Author: author, PostedAt: time.Unix(int64(60*(minute-len(authors)+i)), 0)}
		t.Posts = append(t.Posts, Post{Post: p, Opening: isNew && i == 0})
		contents[p.ID] = &forum.Content{LikeCount: likes * (1 - min(i, 1))}
	}
	return t, contents
}

// order lists the threads of each group: "you: 3 | 1 2".
func order(d *Digest) string {
	var groups []string
	for _, g := range d.Groups {
		s := ""
		if g.ForYou {
			s = "you:"
		}
		for _, t := range g.Threads {
			s += fmt.Sprintf(" %d", t.ID)
		}
		groups = append(groups, strings.TrimSpace(s))
	}
	return strings.Join(groups, " | ")
}

func TestArrange_OrdersThreads(t *testing.T) {
	build := func() *Digest {
		d := &Digest{Member: forum.Member{ID: 42, Name: "Old Hand"}}
		contents := map[forum.PostID]*forum.Content{}
		add := func(g *Group, id forum.ThreadID, isNew bool, minute, likes int, authors ...forum.MemberID) {
			th, c := rankedThread(id, isNew, minute, likes, authors...)
			for id, content := range c {
				contents[id] = content
			}
			g.Threads = append(g.Threads, th)
		}
		a, b := Group{Section: forum.Section{ID: 1, Title: "A"}}, Group{Section: forum.Section{ID: 2, Title: "B"}}
		add(&a, 1, false, 90, 0, 7)       // the newest
		add(&a, 2, true, 10, 0, 7)        // new
		add(&a, 3, false, 20, 0, 7, 8, 9) // three authors
		add(&a, 4, false, 20, 0, 7, 8)    // two authors
		add(&a, 5, false, 21, 0, 7, 8)    // and newer
		add(&a, 6, false, 11, 3, 7, 8)    // and liked
		add(&a, 7, false, 11, 0, 7, 8, 7) // and a reply more
		add(&b, 8, false, 99, 0, 7)       // takes part
		add(&b, 9, false, 5, 0, 7)        // quoted
		add(&b, 10, false, 6, 0, 7)       // mentioned
		add(&b, 11, false, 95, 0, 7)
		contents[90].Body = markup.BBCode(`[QUOTE="Old Hand, post: 1, member: 42"]What?[/QUOTE]That.`, markup.Links{})
		contents[100].Body = markup.BBCode(`What do you say, @"Old Hand"?`, markup.Links{})
		d.Groups = []Group{a, b}
		d.Fill(contents, map[forum.ThreadID]bool{8: true}, nil)
		return d
	}
	for by, want := range map[Order]string{
		Telling: "you: 9 10 8 | 2 3 6 7 5 4 1 | 11",
		Listed:  "you: 9 10 8 | 1 5 4 3 7 6 2 | 11",
		Newest:  "you: 9 10 8 | 11 | 1 5 4 3 7 6 2",
	} {
		d := build()
		d.Arrange(by)
		if got := order(d); got != want {
			t.Errorf("%s: %s, want %s", by, got, want)
		}
		if you := d.Groups[0].Threads[0]; you.Home.Title != "B" {
			t.Errorf("%s: a thread for the reader has the section %q, want B", by, you.Home.Title)
		}
	}
}
