package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// withReply returns a forum where Anna wrote post 5 in thread 10 of section 1.
func withReply() *testForum {
	f := &testForum{}
	f.thread(10, 1, bo)
	f.post(5, 10, anna)
	return f
}

// alertReader returns the watcher with section 1 set to alerts, and the alert item for post 5.
func alertReader() (Reader, AlertItem) {
	r := watcher()
	r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
	r.Read = &forum.ReadMarks{}
	return r, AlertItem{Member: reader, Post: 5, Thread: 10, Section: 1, Seq: 1, Cause: SectionWatched}
}

func TestAlert_ChecksItemsAgainBeforeSending(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *testForum, r *Reader, item *AlertItem)
		want Reason // "": it is sent
	}{
		{"nothing changed", func(*testForum, *Reader, *AlertItem) {}, ""},
		{"post deleted", func(f *testForum, _ *Reader, _ *AlertItem) { f.posts[0].State = forum.Deleted }, PostDeleted},
		{"post sent back to moderation", func(f *testForum, _ *Reader, _ *AlertItem) { f.posts[0].State = forum.Moderated }, PostModerated},
		{"thread deleted", func(f *testForum, _ *Reader, _ *AlertItem) { f.threads[0].State = forum.Deleted }, ThreadDeleted},
		{"post no longer in the database", func(f *testForum, _ *Reader, _ *AlertItem) { f.posts = nil }, ReasonDeleted},
		{"content missing", func(f *testForum, _ *Reader, _ *AlertItem) { f.contents = nil }, ReasonDeleted},
		{"moved to an unreadable section", func(f *testForum, _ *Reader, _ *AlertItem) { f.threads[0].Section = 3 }, NotReadable},
		{"moved to an unwatched section", func(f *testForum, _ *Reader, _ *AlertItem) { f.threads[0].Section = 2 }, NotWatched},
		{"access lost", func(_ *testForum, r *Reader, _ *AlertItem) { delete(r.Access, 1) }, NotReadable},
		{"author ignored", func(_ *testForum, r *Reader, _ *AlertItem) { r.Ignores = map[forum.MemberID]bool{anna: true} }, Ignored},
		{"account merged with the author's", func(f *testForum, _ *Reader, _ *AlertItem) { f.posts[0].Author = reader }, OwnPost},
		{"read on the site", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Read.Threads = map[forum.ThreadID]time.Time{10: noon.Add(time.Second)}
		}, AlreadyRead},
		{"section marked as read", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Read.Sections = map[forum.SectionID]time.Time{1: noon.Add(time.Hour)}
		}, AlreadyRead},
		{"watch removed", func(_ *testForum, r *Reader, _ *AlertItem) { delete(r.Watches.Sections, 1) }, NotWatched},
		{"now watched for new threads only", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads, Mail: forum.NewThreads}
		}, ThreadsOnly},
		{"emails for the watch turned off", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts}
		}, ReasonLeftToDigest},
		{"muted", func(_ *testForum, r *Reader, _ *AlertItem) { r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off} }, ReasonMuted},
		{"override: weekly", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Overrides.Sections = map[forum.SectionID]Cadence{1: Weekly}
		}, ReasonLeftToDigest},
		{"override: immediately, without emails from the watch", func(_ *testForum, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts}
			r.Overrides.Sections = map[forum.SectionID]Cadence{1: Instant}
		}, ""},
		{"a quote needs no watch", func(_ *testForum, r *Reader, item *AlertItem) {
			delete(r.Watches.Sections, 1)
			item.Cause = Quoted
		}, ""},
		{"a quote in an unreadable section", func(f *testForum, r *Reader, item *AlertItem) {
			f.threads[0].Section, item.Cause = 3, Quoted
		}, NotReadable},
		{"a quote in a muted thread", func(_ *testForum, r *Reader, item *AlertItem) {
			r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off}
			item.Cause = Quoted
		}, ReasonMuted},
		{"a quote in a thread muted on the forum", func(_ *testForum, r *Reader, item *AlertItem) {
			r.Watches.Muted = map[forum.ThreadID]bool{10: true}
			item.Cause = Quoted
		}, MutedOnForum},
		{"a quote in a section muted on the forum", func(_ *testForum, r *Reader, item *AlertItem) {
			r.Watches.MutedSections = map[forum.SectionID]bool{1: true}
			item.Cause = Quoted
		}, MutedOnForum},
		{"a quote in a section muted on a forum where quotes there count", func(_ *testForum, r *Reader, item *AlertItem) {
			r.Watches.MutedSections, r.Watches.DirectInMuted = map[forum.SectionID]bool{1: true}, true
			item.Cause = Quoted
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := withReply()
			r, item := alertReader()
			tt.edit(f, &r, &item)
			d, omitted := f.window().Alert(r, []AlertItem{item}, f.contents)
			if tt.want == "" {
				if got := ids(d); !slices.Equal(got, []forum.PostID{5}) || len(omitted) != 0 {
					t.Errorf("the alert has %v and omits %v, want post 5", got, omitted)
				}
				return
			}
			if !d.Empty() || !slices.Equal(omitted, []Omitted{{5, tt.want}}) {
				t.Errorf("the alert has %v and omits %v, want no post, reason: %s", ids(d), omitted, tt.want)
			}
		})
	}
}

func TestAlert_UsesTheStrongestCause(t *testing.T) {
	f := withReply()
	f.post(6, 10, anna)
	r, item := alertReader()
	r.Watches.Threads[10] = forum.Watch{Mail: forum.AllPosts} // since the alert was planned
	second := item
	second.Post, second.Cause = 6, Mentioned
	d, _ := f.window().Alert(r, []AlertItem{item, second}, f.contents)
	a := Alert{Digest: *d}
	thread := a.Groups[0].Threads[0]
	if thread.Posts[0].Cause != ThreadWatched || thread.Posts[1].Cause != Mentioned {
		t.Errorf("causes are %q and %q, want thread and mention", thread.Posts[0].Cause, thread.Posts[1].Cause)
	}
	if a.Cause() != Mentioned || a.MultiThread() {
		t.Errorf("cause = %q, multiple threads = %t; want mention, one thread", a.Cause(), a.MultiThread())
	}
}

func TestAlert_ShowsContextOfItsPosts(t *testing.T) {
	const quote = "[QUOTE=\"Bo, post: 3, member: 8\"]x[/QUOTE]Yes."
	tests := []struct {
		name    string
		edit    func(f *testForum, r *Reader)
		quoted  forum.PostID // 0: none
		earlier []forum.PostID
	}{
		{"the quoted post and unread posts", func(*testForum, *Reader) {}, 3, []forum.PostID{3, 4}},
		{"not read posts", func(_ *testForum, r *Reader) {
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{10: noon.Add(2*time.Minute + time.Second)}}
		}, 3, []forum.PostID{4}},
		{"not the reader's own posts", func(f *testForum, _ *Reader) { f.posts[2].Author = reader }, 0, []forum.PostID{2, 4}},
		{"not hidden posts", func(f *testForum, _ *Reader) { f.posts[2].State = forum.Deleted }, 0, []forum.PostID{2, 4}},
		{"not posts by ignored members", func(_ *testForum, r *Reader) { r.Ignores = map[forum.MemberID]bool{bo: true} }, 0, []forum.PostID{4}},
		{"not posts from an unreadable section", func(f *testForum, _ *Reader) {
			f.thread(30, 3, bo)
			f.posts[2].Thread = 30
		}, 0, []forum.PostID{2, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &testForum{}
			f.thread(10, 1, bo)
			f.post(1, 10, bo)
			f.post(2, 10, bo)
			f.post(3, 10, bo)
			f.post(4, 10, anna)
			f.post(5, 10, anna)
			f.setBody(5, quote)
			r, item := alertReader()
			tt.edit(f, &r)
			w := f.window()
			d, omitted := w.Alert(r, []AlertItem{item}, f.contents)
			if d.Empty() {
				t.Fatalf("the alert is empty: %v", omitted)
			}
			d.Fill(f.contents, nil, nil)
			a := Alert{Digest: *d}
			before := map[forum.ThreadID][]forum.PostID{10: {1, 2, 3, 4}}
			w.AddContext(&a, r, f.contents, before, 2)
			thread := a.Groups[0].Threads[0]
			var quoted forum.PostID
			if q := thread.Posts[0].Quoted; q != nil {
				quoted = q.ID
			}
			var earlier []forum.PostID
			for _, p := range thread.Earlier {
				earlier = append(earlier, p.ID)
			}
			if quoted != tt.quoted || !slices.Equal(earlier, tt.earlier) {
				t.Errorf("the alert quotes %d and shows %v as earlier posts, want %d and %v", quoted, earlier, tt.quoted, tt.earlier)
			}
		})
	}
}

func TestAlert_DoesNotRepeatItsPostsAsContext(t *testing.T) {
	f := &testForum{}
	f.thread(10, 1, bo)
	f.post(4, 10, anna)
	f.post(5, 10, anna)
	f.setBody(5, `[QUOTE="Anna, post: 4, member: 7"]x[/QUOTE]And more.`)
	r, item := alertReader()
	first := item
	first.Post = 4
	w := f.window()
	d, _ := w.Alert(r, []AlertItem{first, item}, f.contents)
	d.Fill(f.contents, nil, nil)
	a := Alert{Digest: *d}
	w.AddContext(&a, r, f.contents, map[forum.ThreadID][]forum.PostID{10: {4, 5}}, 2)
	thread := a.Groups[0].Threads[0]
	if thread.Posts[1].Quoted != nil || len(thread.Earlier) != 0 {
		t.Errorf("the alert shows posts twice: %+v", thread)
	}
}
