package digest

import (
	"testing"

	"postrider/forum"
)

func TestNotWatchedReason_SilentWatches(t *testing.T) {
	thread := &forum.Thread{ID: 7, Section: 3, FirstPost: 70}
	const loud, silent, none = "loud", "silent", ""
	for _, tt := range []struct {
		name            string
		thread, section string
		level           forum.Level
		override        Cadence
		opening         bool
		want            Reason
	}{
		{"thread", loud, none, 0, "", false, ""},
		{"silent thread", silent, none, 0, "", false, WatchedWithoutEmail},
		{"silent thread with an override", silent, none, 0, WithDigest, false, ""},
		{"silent thread, turned off", silent, none, 0, Off, false, ""}, // the next rule leaves it out
		{"silent thread in a watched section", silent, loud, forum.AllPosts, "", false, ""},
		{"silent thread in a section watched for new threads", silent, loud, forum.NewThreads, "", false, WatchedWithoutEmail},
		{"silent section", none, silent, forum.AllPosts, "", false, WatchedWithoutEmail},
		{"silent section for new threads, a reply", none, silent, forum.NewThreads, "", false, ThreadsOnly},
		{"silent section for new threads, a thread", none, silent, forum.NewThreads, "", true, WatchedWithoutEmail},
		{"silent section with an override", none, silent, forum.AllPosts, Weekly, false, ""},
		{"thread in a silent section", loud, silent, forum.AllPosts, "", false, ""},
		{"not watched", none, none, 0, "", false, NotWatched},
	} {
		r := Reader{Watches: forum.Watches{Threads: map[forum.ThreadID]forum.Watch{}, Sections: map[forum.SectionID]forum.Watch{}}}
		if tt.thread != none {
			r.Watches.Threads[7] = forum.Watch{Level: forum.AllPosts, Silent: tt.thread == silent}
		}
		if tt.section != none {
			r.Watches.Sections[3] = forum.Watch{Level: tt.level, Silent: tt.section == silent}
		}
		if tt.override != "" {
			r.Overrides.Threads = map[forum.ThreadID]Cadence{7: tt.override}
		}
		post := forum.PostID(71)
		if tt.opening {
			post = 70
		}
		it := &item{thread: thread, post: forum.Post{ID: post, Thread: 7}}
		if got := r.notWatchedReason(it.thread, it.opening()); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if tt.want == "" && tt.override != Off && (&Window{}).watchOK(&r, it).Key == "concerns_member" {
			t.Errorf("%s: explained as a quote or mention", tt.name)
		}
	}
}
