package digest

import (
	"time"

	"postrider/forum"
	"postrider/markup"
)

// The test forum has sections 1 (public), 2 (public), 3 (staff) and 4 (own threads only).
// Member 42 is the reader; members 7 and 8 write.
const (
	reader forum.MemberID = 42
	anna   forum.MemberID = 7
	bo     forum.MemberID = 8
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

type testForum struct {
	threads   []forum.Thread
	posts     []forum.Post
	sightings []Sighting
	places    forum.Places
	contents  map[forum.PostID]*forum.Content
}

func sections() []forum.Section {
	return []forum.Section{{ID: 1, Title: "News", Order: 2}, {ID: 2, Title: "Talk", Order: 1}, {ID: 3, Title: "Staff", Order: 3}, {ID: 4, Title: "Help desk", Order: 4}}
}

// thread adds a thread whose opening post is older than the window.
func (f *testForum) thread(id forum.ThreadID, section forum.SectionID, starter forum.MemberID) *forum.Thread {
	f.threads = append(f.threads, forum.Thread{ID: id, Section: section, Starter: starter, Title: "Thread", FirstPost: forum.PostID(id * 100)})
	return &f.threads[len(f.threads)-1]
}

// post adds a post and its sighting, one minute after the previous one.
func (f *testForum) post(id forum.PostID, thread forum.ThreadID, author forum.MemberID) *forum.Post {
	f.posts = append(f.posts, forum.Post{ID: id, Thread: thread, Author: author, PostedAt: noon.Add(time.Duration(len(f.posts)) * time.Minute)})
	f.sightings = append(f.sightings, Sighting{Seq: int64(len(f.sightings) + 1), Post: id})
	f.setBody(id, "Hello.")
	return &f.posts[len(f.posts)-1]
}

func (f *testForum) setBody(id forum.PostID, text string) {
	if f.contents == nil {
		f.contents = make(map[forum.PostID]*forum.Content)
	}
	f.contents[id] = &forum.Content{Number: int(id), Body: markup.BBCode(text, markup.Links{})}
}

func (f *testForum) window() *Window {
	return NewWindow(sections(), f.threads, f.posts, f.sightings, f.places)
}

// watcher may read sections 1, 2 and own threads in 4, and watches sections 1, 3 and 4.
func watcher() Reader {
	return Reader{
		Member: forum.Member{ID: reader, Name: "Old Hand"},
		Access: forum.Access{1: forum.ReadAll, 2: forum.ReadAll, 4: forum.ReadOwn},
		Watches: forum.Watches{
			Sections: map[forum.SectionID]forum.Watch{1: {Level: forum.AllPosts}, 3: {Level: forum.AllPosts}, 4: {Level: forum.AllPosts}},
			Threads:  map[forum.ThreadID]forum.Watch{},
		},
		Until: 1000,
	}
}

// ids lists the posts of an edition in reading order.
func ids(d *Digest) []forum.PostID {
	var ids []forum.PostID
	for _, g := range d.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}
