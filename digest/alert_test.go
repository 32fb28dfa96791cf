package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// listener watches section 1 for all posts and thread 20, both for mail.
func listener() AlertCandidate {
	return AlertCandidate{ID: reader, Watches: forum.Watches{
		Sections: map[forum.SectionID]forum.Watch{1: {Level: forum.AllPosts, Mail: forum.AllPosts}},
		Threads:  map[forum.ThreadID]forum.Watch{20: {Level: forum.AllPosts, Mail: forum.AllPosts}},
	}}
}

// news are replies 1 in thread 10 (section 1), 2 in thread 20 and 3 in thread 30 (both section 2), and 4, the reader's
// own in thread 20; thread 40 of section 1 is new with post 5.
func news() []PostEvent {
	thread := func(id forum.ThreadID, section forum.SectionID, first forum.PostID) *forum.Thread {
		return &forum.Thread{ID: id, Section: section, FirstPost: first}
	}
	in := []*forum.Thread{thread(10, 1, 1000), thread(20, 2, 2000), thread(30, 2, 3000), thread(20, 2, 2000), thread(40, 1, 5)}
	var list []PostEvent
	for i, t := range in {
		n := PostEvent{Seq: int64(i + 1), Post: forum.PostID(i + 1), Thread: t, Author: anna, PostedAt: noon}
		if n.Post == 4 {
			n.Author = reader
		}
		list = append(list, n)
	}
	return list
}

func TestWhoIsToldOfWhatAtOnce(t *testing.T) {
	type causes = map[forum.PostID]AlertCause
	all := causes{1: SectionWatched, 2: ThreadWatched, 5: SectionWatched}
	without := func(posts ...forum.PostID) causes {
		left := causes{}
		for p, c := range all {
			if !slices.Contains(posts, p) {
				left[p] = c
			}
		}
		return left
	}
	section := func(level, mail forum.Level) map[forum.SectionID]forum.Watch {
		return map[forum.SectionID]forum.Watch{1: {Level: level, Mail: mail}}
	}
	wish := func(l *AlertCandidate, section forum.SectionID, thread forum.ThreadID, c Cadence) {
		l.Overrides = Overrides{Sections: map[forum.SectionID]Cadence{section: c}, Threads: map[forum.ThreadID]Cadence{thread: c}}
	}
	tests := []struct {
		name string
		edit func(*AlertCandidate, []PostEvent)
		want causes
	}{
		{"what he watches, but nothing of his own", func(*AlertCandidate, []PostEvent) {}, all},
		{"a section for new threads only", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.NewThreads, forum.NewThreads)
		}, without(1)},
		{"a section that is only listed", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Sections = section(forum.AllPosts, 0) }, without(1, 5)},
		{"a section whose forum mails new threads only", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Sections = section(forum.AllPosts, forum.NewThreads) }, without(1)},
		{"such a section that he wants at once", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.AllPosts, forum.NewThreads)
			wish(l, 1, 0, Instant)
		}, all},
		{"a thread whose flag is off", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Threads[20] = forum.Watch{} }, without(2)},
		{"a thread before its section", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Threads[10] = forum.Watch{Mail: forum.AllPosts} },
			causes{1: ThreadWatched, 2: ThreadWatched, 5: SectionWatched}},
		{"a mention before a thread", func(_ *AlertCandidate, n []PostEvent) { n[1].Mentions = []forum.MemberID{reader} },
			causes{1: SectionWatched, 2: Mentioned, 5: SectionWatched}},
		{"a quote before a mention", func(_ *AlertCandidate, n []PostEvent) {
			n[1].Quotes, n[1].Mentions = []forum.MemberID{bo, reader}, []forum.MemberID{reader}
		}, causes{1: SectionWatched, 2: Quoted, 5: SectionWatched}},
		{"a quote where he watches nothing", func(_ *AlertCandidate, n []PostEvent) { n[2].Quotes = []forum.MemberID{reader} },
			causes{1: SectionWatched, 2: ThreadWatched, 3: Quoted, 5: SectionWatched}},
		{"who quotes himself hears nothing", func(_ *AlertCandidate, n []PostEvent) { n[3].Quotes = []forum.MemberID{reader} }, all},
		{"at once, though the forum would not mail", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.AllPosts, 0)
			wish(l, 1, 99, Instant)
		}, all},
		{"at once is not more than the watch asks for", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.NewThreads, 0)
			wish(l, 1, 99, Instant)
		}, without(1)},
		{"with the digest", func(l *AlertCandidate, _ []PostEvent) { wish(l, 1, 99, WithDigest) }, without(1, 5)},
		{"weekly", func(l *AlertCandidate, _ []PostEvent) { wish(l, 1, 99, Weekly) }, without(1, 5)},
		{"monthly", func(l *AlertCandidate, _ []PostEvent) { wish(l, 99, 20, Monthly) }, without(2)},
		{"muted", func(l *AlertCandidate, _ []PostEvent) { wish(l, 1, 99, Off) }, without(1, 5)},
		{"a thread's wish wins over that of its section", func(l *AlertCandidate, _ []PostEvent) {
			l.Overrides = Overrides{Sections: map[forum.SectionID]Cadence{1: Off}, Threads: map[forum.ThreadID]Cadence{10: Instant}}
		}, without(5)},
		{"who wants a thread later hears of no quote in it", func(l *AlertCandidate, n []PostEvent) {
			n[1].Quotes = []forum.MemberID{reader}
			wish(l, 99, 20, WithDigest)
		}, without(2)},
		{"who wants no alerts", func(l *AlertCandidate, n []PostEvent) {
			n[0].Quotes = []forum.MemberID{reader}
			l.Choices.Alerts = NoAlerts
			wish(l, 1, 20, Instant)
		}, causes{}},
		{"who has paused his mail", func(l *AlertCandidate, _ []PostEvent) { l.Choices.PausedUntil = noon.Add(time.Second) }, causes{}},
		{"who has paused his mail, and is called", func(l *AlertCandidate, n []PostEvent) {
			l.Choices.PausedUntil = noon.Add(time.Second)
			n[1].Mentions, n[2].Quotes = []forum.MemberID{reader}, []forum.MemberID{reader}
		}, causes{2: Mentioned, 3: Quoted}},
		{"whose pause is over", func(l *AlertCandidate, _ []PostEvent) { l.Choices.PausedUntil = noon }, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, n := listener(), news()
			tt.edit(&l, n)
			got := causes{}
			for _, notice := range NewEventIndex(n).AlertItems(l, noon) {
				got[notice.Post] = notice.Cause
				if notice.Member != reader || notice.Seq != int64(notice.Post) || notice.Thread != n[notice.Post-1].Thread.ID {
					t.Errorf("notice = %+v", notice)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("told of %v, want %v", got, tt.want)
			}
			for p, c := range tt.want {
				if got[p] != c {
					t.Errorf("told of %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestABulletinListsWhomItCallsAndWhereItIs(t *testing.T) {
	n := news()
	n[0].Quotes, n[2].Mentions = []forum.MemberID{bo, forum.Guest}, []forum.MemberID{reader}
	b := NewEventIndex(n)
	if got := b.Direct(); !slices.Equal(got, []forum.MemberID{bo, reader}) {
		t.Errorf("Called = %v: a guest cannot be called", got)
	}
	if got := b.Threads(); !slices.Equal(got, []forum.ThreadID{10, 20, 30, 40}) {
		t.Errorf("Threads = %v", got)
	}
	if got := b.Sections(); !slices.Equal(got, []forum.SectionID{1, 2}) {
		t.Errorf("Sections = %v", got)
	}
}

func TestWhoHasReadWhatHeWasToldIsBack(t *testing.T) {
	told := LastAlert{Member: reader, Thread: 10, Until: noon}
	tests := []struct {
		name string
		read forum.ReadMarks
		want bool
	}{
		{"never on the site", forum.ReadMarks{}, false},
		{"read the thread", forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{10: noon}}, true},
		{"read it before", forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{10: noon.Add(-time.Second)}}, false},
		{"read another", forum.ReadMarks{Threads: map[forum.ThreadID]time.Time{11: noon.Add(time.Hour)}}, false},
		{"marked the section as read", forum.ReadMarks{Sections: map[forum.SectionID]time.Time{1: noon}}, true},
		{"forgotten by the forum is not read", forum.ReadMarks{Floor: noon.Add(time.Hour)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := told.VisitedSince(tt.read, 1); got != tt.want {
				t.Errorf("Back = %t, want %t", got, tt.want)
			}
		})
	}
}
