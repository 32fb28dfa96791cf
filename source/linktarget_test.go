package source

import (
	"testing"

	"postrider/forum"
)

// linkDB returns a forum whose links can be read. It has no database.
func linkDB(t testing.TB, kind, base string, links forum.Links) *DB {
	t.Helper()
	k, known := forumTypeNamed(kind)
	if !known {
		t.Fatalf("no forum type %q", kind)
	}
	if links == nil {
		links = k.links(base)
	}
	return &DB{kind: k, base: base, links: newAddresses(links)}
}

func TestReadLink_KnowsAddressesOfEveryForumType(t *testing.T) {
	post, thread := func(id forum.PostID) LinkTarget { return LinkTarget{Post: id} }, func(id forum.ThreadID) LinkTarget { return LinkTarget{Thread: id} }
	both := func(t forum.ThreadID, p forum.PostID) LinkTarget { return LinkTarget{Post: p, Thread: t} }
	tests := map[string]map[string]LinkTarget{
		"xenforo2": {
			"/threads/night-ferry.12/": thread(12), "/threads/12/": thread(12), "/threads/12": thread(12), "/threads/night-ferry.12/page-3#post-456": both(12, 456),
			"/threads/night-ferry.12/post-456": both(12, 456), "/posts/456/": post(456), "/index.php?threads/night-ferry.12/": thread(12),
			"/index.php?posts/456/": post(456), "/goto/post?id=456": post(456), "/threads/post-5.12/": thread(12), "/threads/a.12/unread?new=1": thread(12),
			"/threads/2026.12/": thread(12), "/members/anna.5/": {}, "/forums/general.3/": {},
		},
		"xenforo1": {"/index.php?threads/night-ferry.12/page-2#post-456": both(12, 456)},
		"mybb": {
			"/showthread.php?tid=12": thread(12), "/showthread.php?tid=12&pid=456#pid456": both(12, 456), "/showthread.php?pid=456#pid456": post(456),
			"/thread-12.html": thread(12), "/thread-12-page-2.html": thread(12), "/thread-12-post-456.html#pid456": both(12, 456), "/post-456.html": post(456),
			"/showthread.php?tid=12&amp;page=2": thread(12), "/thread-12-lastpost.html": thread(12), "/forumdisplay.php?fid=3": {},
		},
		"phpbb3": {
			"/viewtopic.php?t=12": thread(12), "/viewtopic.php?f=2&t=12": thread(12), "/viewtopic.php?f=2&t=12&p=456#p456": both(12, 456), "/viewtopic.php?p=456#p456": post(456),
			"/viewtopic.php?f=2&amp;t=12&amp;start=15": thread(12), "/viewtopic.php?t=12&sid=ab1#p456": both(12, 456), "/viewforum.php?f=3": {}, "/memberlist.php?mode=viewprofile&u=5": {},
		},
		"fluxbb": {"/viewtopic.php?id=12": thread(12), "/viewtopic.php?id=12&p=3": thread(12), "/viewtopic.php?pid=456#p456": post(456), "/viewtopic.php?id=12&p=3#p456": both(12, 456), "/viewforum.php?id=3": {}},
		"smf2": {
			"/index.php?topic=12.0": thread(12), "/index.php?topic=12.15": thread(12), "/index.php?topic=12.msg456#msg456": both(12, 456), "/index.php?msg=456": post(456),
			"/index.php/topic,12.0.html": thread(12), "/index.php/topic,12.msg456.html#msg456": both(12, 456), "/index.php?PHPSESSID=a1;topic=12.new;topicseen#new": thread(12), "/index.php?board=3.0": {},
		},
		"discourse": {
			"/t/night-ferry/12": thread(12), "/t/night-ferry/12/5": {Thread: 12, Number: 5}, "/t/12": thread(12), "/t/12/5": {Thread: 12, Number: 5}, "/t/-/12/5?u=anna": {Thread: 12, Number: 5},
			"/p/456": post(456), "/t/1st-of-may/12": thread(12), "/c/general/3": {}, "/u/anna": {}, "/tag/5": {},
		},
		"flarum": {"/d/12-night-ferry": thread(12), "/d/12-night-ferry/5": {Thread: 12, Number: 5}, "/d/12": thread(12), "/d/12/5": {Thread: 12, Number: 5}, "/t/general": {}},
		"nodebb": {"/topic/12/night-ferry": thread(12), "/topic/12/night-ferry/5": {Thread: 12, Number: 5}, "/topic/12": thread(12), "/topic/12/2026?page=2": thread(12), "/post/456": post(456), "/category/3/general": {}},
		"vanilla": {
			"/discussion/12": thread(12), "/discussion/12/night-ferry": thread(12), "/discussion/12/night-ferry/p2": thread(12), "/index.php?p=/discussion/12/x": thread(12),
			"/discussion/comment/456#Comment_456": {}, "/categories/general": {}, // the ID of a post has its time
		},
		"sample": {"/threads/12/": thread(12), "/posts/456/": post(456), "/sections/3/": {}},
		"mirror": {"/bridge": {}},
		"custom": {"/t/12-night-ferry": thread(12), "/t/12#m456": both(12, 456), "/t/x": {}},
	}
	for _, kind := range typeNames() {
		if tests[kind] == nil {
			t.Errorf("no links of %s", kind)
		}
	}
	for kind, links := range tests {
		for _, base := range []string{"https://forum.example", "https://www.forum.example/board"} {
			var own forum.Links
			if kind == "custom" {
				own = customLinks{base: base, thread: "{url}/t/{id}", post: "{url}/t/{thread}#m{id}"}
			}
			db := linkDB(t, kind, base, own)
			for link, want := range links {
				for _, begin := range []string{base, "http" + base[len("https"):]} {
					if got, ours := db.ReadLink(begin + link); got != want || !ours {
						t.Errorf("%s: %s leads to %+v, %v; want %+v", kind, begin+link, got, ours, want)
					}
				}
			}
		}
	}
}

// What Postrider writes into its own messages can be pasted.
func TestReadLink_ReadsLinksOfMessages(t *testing.T) {
	for _, kind := range typeNames() {
		if kind == MirrorType || kind == customName { // the first stores addresses, the second is above
			continue
		}
		bases := []string{"https://forum.example/board"}
		if kind == "xenforo2" {
			bases = append(bases, "https://forum.example/index.php?")
		}
		for _, base := range bases {
			db := linkDB(t, kind, base, nil)
			if got, _ := db.ReadLink(db.links.Thread(12)); got.Thread != 12 || got.Post != 0 {
				t.Errorf("%s: %s leads to %+v", kind, db.links.Thread(12), got)
			}
			if got, _ := db.ReadLink(db.links.Post(12, 456)); got.Post != 456 && kind != "flarum" && kind != "vanilla" {
				t.Errorf("%s: %s leads to %+v", kind, db.links.Post(12, 456), got)
			}
		}
	}
}

func TestReadLink_RefusesOtherSites(t *testing.T) {
	db := linkDB(t, "sample", "https://forum.example/board", nil)
	for _, link := range []string{"https://other.example/board/posts/1/", "https://forum.example/posts/1/", "https://forum.example/boardroom/posts/1/", "https://forum.example.other.example/board/posts/1/",
		"https://forum.example@other.example/board/posts/1/", "/board/posts/1/", "", "https://", ":", "%zz", "javascript:alert(1)"} {
		if got, ours := db.ReadLink(link); ours || got != (LinkTarget{}) {
			t.Errorf("%s leads to %+v", link, got)
		}
	}
}

func FuzzReadLink(f *testing.F) {
	for _, link := range []string{"/threads/a.12/#post-4", "/t/a/12/4", "/showthread.php?tid=1&pid=2", "/index.php?topic=1.msg2", "/d/1-a/2", "/posts/99999999999999999999/", "%2f#%", "\x00"} {
		f.Add(link)
	}
	var all []*DB
	for _, kind := range typeNames() {
		if kind != customName {
			all = append(all, linkDB(f, kind, "https://forum.example", nil))
		}
	}
	f.Fuzz(func(t *testing.T, link string) {
		if len(link) > 300 {
			return
		}
		for _, db := range all {
			got, ours := db.ReadLink("https://forum.example/" + link)
			if got.Post < 0 || got.Thread < 0 || got.Number < 0 || got.Number > 0 && got.Thread == 0 || !ours && got != (LinkTarget{}) {
				t.Errorf("%s: %q leads to %+v, %v", db.kind.name, link, got, ours)
			}
		}
	})
}
