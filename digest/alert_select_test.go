package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// answered is a forum where Anna wrote post 5 in thread 10 of section 1.
func answered() *tiny {
	f := &tiny{}
	f.thread(10, 1, bo)
	f.post(5, 10, anna)
	return f
}

// watching is the watcher with watches that mail, and the notice that he has of post 5.
func watching() (Reader, AlertItem) {
	r := watcher()
	r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}
	r.Read = &forum.ReadMarks{}
	return r, AlertItem{Member: reader, Post: 5, Thread: 10, Section: 1, Seq: 1, Cause: SectionWatched}
}

func TestANoticeIsJudgedAnewBeforeItGoesOut(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *tiny, r *Reader, n *AlertItem)
		want Reason // "": it goes out
	}{
		{"it holds", func(*tiny, *Reader, *AlertItem) {}, ""},
		{"post deleted", func(f *tiny, _ *Reader, _ *AlertItem) { f.posts[0].State = forum.Deleted }, PostDeleted},
		{"post taken back for approval", func(f *tiny, _ *Reader, _ *AlertItem) { f.posts[0].State = forum.Moderated }, PostModerated},
		{"thread deleted", func(f *tiny, _ *Reader, _ *AlertItem) { f.threads[0].State = forum.Deleted }, ThreadDeleted},
		{"gone from the forum", func(f *tiny, _ *Reader, _ *AlertItem) { f.posts = nil }, ReasonDeleted},
		{"its text is gone", func(f *tiny, _ *Reader, _ *AlertItem) { f.contents = nil }, ReasonDeleted},
		{"moved where he may not read", func(f *tiny, _ *Reader, _ *AlertItem) { f.threads[0].Section = 3 }, NotReadable},
		{"moved where he watches nothing", func(f *tiny, _ *Reader, _ *AlertItem) { f.threads[0].Section = 2 }, NotWatched},
		{"right lost", func(_ *tiny, r *Reader, _ *AlertItem) { delete(r.Access, 1) }, NotReadable},
		{"author ignored", func(_ *tiny, r *Reader, _ *AlertItem) { r.Ignores = map[forum.MemberID]bool{anna: true} }, Ignored},
		{"account merged with the author's", func(f *tiny, _ *Reader, _ *AlertItem) { f.posts[0].Author = reader }, OwnPost},
		{"read on the site", func(_ *tiny, r *Reader, _ *AlertItem) {
			r.Read.Threads = map[forum.ThreadID]time.Time{10: noon}
		}, AlreadyRead},
		{"section marked as read", func(_ *tiny, r *Reader, _ *AlertItem) {
			r.Read.Sections = map[forum.SectionID]time.Time{1: noon.Add(time.Hour)}
		}, AlreadyRead},
		{"watch ended", func(_ *tiny, r *Reader, _ *AlertItem) { delete(r.Watches.Sections, 1) }, NotWatched},
		{"watched for new threads now", func(_ *tiny, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.NewThreads, Mail: forum.NewThreads}
		}, ThreadsOnly},
		{"no mail wanted of the watch now", func(_ *tiny, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts}
		}, ReasonLeftToDigest},
		{"muted", func(_ *tiny, r *Reader, _ *AlertItem) { r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off} }, ReasonMuted},
		{"wanted weekly", func(_ *tiny, r *Reader, _ *AlertItem) { r.Overrides.Sections = map[forum.SectionID]Cadence{1: Weekly} }, ReasonLeftToDigest},
		{"wanted at once, though the watch mails nothing", func(_ *tiny, r *Reader, _ *AlertItem) {
			r.Watches.Sections[1] = forum.Watch{Level: forum.AllPosts}
			r.Overrides.Sections = map[forum.SectionID]Cadence{1: Instant}
		}, ""},
		{"a quote needs no watch", func(_ *tiny, r *Reader, n *AlertItem) {
			delete(r.Watches.Sections, 1)
			n.Cause = Quoted
		}, ""},
		{"a quote that he may not read", func(f *tiny, r *Reader, n *AlertItem) {
			f.threads[0].Section, n.Cause = 3, Quoted
		}, NotReadable},
		{"a quote in a muted thread", func(_ *tiny, r *Reader, n *AlertItem) {
			r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off}
			n.Cause = Quoted
		}, ReasonMuted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := answered()
			r, n := watching()
			tt.edit(f, &r, &n)
			d, left := f.window().Alert(r, []AlertItem{n}, f.contents)
			if tt.want == "" {
				if got := ids(d); !slices.Equal(got, []forum.PostID{5}) || len(left) != 0 {
					t.Errorf("the alert has %v, and leaves out %v; want post 5", got, left)
				}
				return
			}
			if !d.Empty() || !slices.Equal(left, []Omitted{{5, tt.want}}) {
				t.Errorf("the alert has %v, and leaves out %v; want nothing, for: %s", ids(d), left, tt.want)
			}
		})
	}
}

func TestTheCauseIsTheStrongestThatHolds(t *testing.T) {
	f := answered()
	f.post(6, 10, anna)
	r, n := watching()
	r.Watches.Threads[10] = forum.Watch{Mail: forum.AllPosts} // since the notice was planned
	second := n
	second.Post, second.Cause = 6, Mentioned
	d, _ := f.window().Alert(r, []AlertItem{n, second}, f.contents)
	a := Alert{Digest: *d}
	thread := a.Groups[0].Threads[0]
	if thread.Posts[0].Cause != ThreadWatched || thread.Posts[1].Cause != Mentioned {
		t.Errorf("causes are %q and %q, want thread and mention", thread.Posts[0].Cause, thread.Posts[1].Cause)
	}
	if a.Cause() != Mentioned || a.MultiThread() {
		t.Errorf("cause = %q, several = %t; want mention, one thread", a.Cause(), a.MultiThread())
	}
}

func TestAnAlertShowsWhatItsPostsStandIn(t *testing.T) {
	const quote = "[QUOTE=\"Bo, post: 3, member: 8\"]x[/QUOTE]Yes."
	tests := []struct {
		name    string
		edit    func(f *tiny, r *Reader)
		quoted  forum.PostID // 0: none
		earlier []forum.PostID
	}{
		{"what it quotes, and what he has not read", func(*tiny, *Reader) {}, 3, []forum.PostID{3, 4}},
		{"not what he has read", func(_ *tiny, r *Reader) {
			r.Read = &forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{10: noon.Add(2 * time.Minute)}}
		}, 3, []forum.PostID{4}},
		{"not what he wrote himself", func(f *tiny, _ *Reader) { f.posts[2].Author = reader }, 0, []forum.PostID{2, 4}},
		{"not what is hidden", func(f *tiny, _ *Reader) { f.posts[2].State = forum.Deleted }, 0, []forum.PostID{2, 4}},
		{"not whom he ignores", func(_ *tiny, r *Reader) { r.Ignores = map[forum.MemberID]bool{bo: true} }, 0, []forum.PostID{4}},
		{"nothing of a section that is closed to him", func(f *tiny, _ *Reader) {
			f.thread(30, 3, bo)
			f.posts[2].Thread = 30
		}, 0, []forum.PostID{2, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &tiny{}
			f.thread(10, 1, bo)
			f.post(1, 10, bo)
			f.post(2, 10, bo)
			f.post(3, 10, bo)
			f.post(4, 10, anna)
			f.post(5, 10, anna)
			f.say(5, quote)
			r, n := watching()
			tt.edit(f, &r)
			w := f.window()
			d, left := w.Alert(r, []AlertItem{n}, f.contents)
			if d.Empty() {
				t.Fatalf("the alert is empty: %v", left)
			}
			d.Fill(f.contents, nil)
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
				t.Errorf("it quotes %d, and shows %v before; want %d and %v", quoted, earlier, tt.quoted, tt.earlier)
			}
		})
	}
}

func TestWhatAnAlertTellsIsNoContext(t *testing.T) {
	f := &tiny{}
	f.thread(10, 1, bo)
	f.post(4, 10, anna)
	f.post(5, 10, anna)
	f.say(5, `[QUOTE="Anna, post: 4, member: 7"]x[/QUOTE]And more.`)
	r, n := watching()
	first := n
	first.Post = 4
	w := f.window()
	d, _ := w.Alert(r, []AlertItem{first, n}, f.contents)
	d.Fill(f.contents, nil)
	a := Alert{Digest: *d}
	w.AddContext(&a, r, f.contents, map[forum.ThreadID][]forum.PostID{10: {4, 5}}, 2)
	thread := a.Groups[0].Threads[0]
	if thread.Posts[1].Quoted != nil || len(thread.Earlier) != 0 {
		t.Errorf("the alert shows posts twice: %+v", thread)
	}
}
