package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// alertCandidate watches all posts in section 1 and thread 20, both with alerts.
func alertCandidate() AlertCandidate {
	return AlertCandidate{ID: reader, Watches: forum.Watches{
		Sections: map[forum.SectionID]forum.Watch{1: {Level: forum.AllPosts, Mail: forum.AllPosts}},
		Threads:  map[forum.ThreadID]forum.Watch{20: {Level: forum.AllPosts, Mail: forum.AllPosts}},
	}}
}

// postEvents returns replies 1 in thread 10 (section 1), 2 in thread 20 and 3 in thread 30 (both section 2), and 4, which
// the reader wrote in thread 20; post 5 opens the new thread 40 of section 1.
func postEvents() []PostEvent {
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

func TestAlertItems_MatchWatchesAndOverrides(t *testing.T) {
	type causes = map[forum.PostID]AlertCause
	all := causes{1: SectionWatched, 2: ThreadWatched, 5: SectionWatched}
	without := func(posts ...forum.PostID) causes {
		rest := causes{}
		for p, c := range all {
			if !slices.Contains(posts, p) {
				rest[p] = c
			}
		}
		return rest
	}
	section := func(level, mail forum.Level) map[forum.SectionID]forum.Watch {
		return map[forum.SectionID]forum.Watch{1: {Level: level, Mail: mail}}
	}
	override := func(l *AlertCandidate, section forum.SectionID, thread forum.ThreadID, c Cadence) {
		l.Overrides = Overrides{Sections: map[forum.SectionID]Cadence{section: c}, Threads: map[forum.ThreadID]Cadence{thread: c}}
	}
	tests := []struct {
		name string
		edit func(*AlertCandidate, []PostEvent)
		want causes
	}{
		{"watched posts, except the reader's own", func(*AlertCandidate, []PostEvent) {}, all},
		{"a section for new threads only", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.NewThreads, forum.NewThreads)
		}, without(1)},
		{"a section watched without emails", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Sections = section(forum.AllPosts, 0) }, without(1, 5)},
		{"a section where the forum emails only new threads", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Sections = section(forum.AllPosts, forum.NewThreads) }, without(1)},
		{"the same with an override: immediately", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.AllPosts, forum.NewThreads)
			override(l, 1, 0, Instant)
		}, all},
		{"a thread watched without emails", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Threads[20] = forum.Watch{} }, without(2)},
		{"a thread watch wins over its section", func(l *AlertCandidate, _ []PostEvent) { l.Watches.Threads[10] = forum.Watch{Mail: forum.AllPosts} },
			causes{1: ThreadWatched, 2: ThreadWatched, 5: SectionWatched}},
		{"a mention wins over a thread watch", func(_ *AlertCandidate, n []PostEvent) { n[1].Mentions = []forum.MemberID{reader} },
			causes{1: SectionWatched, 2: Mentioned, 5: SectionWatched}},
		{"a quote wins over a mention", func(_ *AlertCandidate, n []PostEvent) {
			n[1].Quotes, n[1].Mentions = []forum.MemberID{bo, reader}, []forum.MemberID{reader}
		}, causes{1: SectionWatched, 2: Quoted, 5: SectionWatched}},
		{"a quote in an unwatched thread", func(_ *AlertCandidate, n []PostEvent) { n[2].Quotes = []forum.MemberID{reader} },
			causes{1: SectionWatched, 2: ThreadWatched, 3: Quoted, 5: SectionWatched}},
		{"a member who quotes their own post gets no alert", func(_ *AlertCandidate, n []PostEvent) { n[3].Quotes = []forum.MemberID{reader} }, all},
		{"override: immediately, though the forum sends no emails", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.AllPosts, 0)
			override(l, 1, 99, Instant)
		}, all},
		{"override: immediately, limited to what the watch covers", func(l *AlertCandidate, _ []PostEvent) {
			l.Watches.Sections = section(forum.NewThreads, 0)
			override(l, 1, 99, Instant)
		}, without(1)},
		{"override: with the digest", func(l *AlertCandidate, _ []PostEvent) { override(l, 1, 99, WithDigest) }, without(1, 5)},
		{"override: weekly", func(l *AlertCandidate, _ []PostEvent) { override(l, 1, 99, Weekly) }, without(1, 5)},
		{"override: monthly", func(l *AlertCandidate, _ []PostEvent) { override(l, 99, 20, Monthly) }, without(2)},
		{"override: muted", func(l *AlertCandidate, _ []PostEvent) { override(l, 1, 99, Off) }, without(1, 5)},
		{"a quote in a thread muted on the forum", func(l *AlertCandidate, n []PostEvent) {
			n[1].Quotes = []forum.MemberID{reader}
			l.Watches.Muted = map[forum.ThreadID]bool{20: true}
		}, without(2)},
		{"a thread's override wins over its section's", func(l *AlertCandidate, _ []PostEvent) {
			l.Overrides = Overrides{Sections: map[forum.SectionID]Cadence{1: Off}, Threads: map[forum.ThreadID]Cadence{10: Instant}}
		}, without(5)},
		{"a section muted on the forum, except the watched thread", func(l *AlertCandidate, n []PostEvent) {
			n[2].Mentions = []forum.MemberID{reader}
			l.Watches.MutedSections = map[forum.SectionID]bool{2: true}
		}, all},
		{"a section muted on a forum where mentions there count, except a muted thread", func(l *AlertCandidate, n []PostEvent) {
			n[0].Mentions, n[2].Mentions = []forum.MemberID{reader}, []forum.MemberID{reader}
			l.Watches.MutedSections, l.Watches.DirectInMuted = map[forum.SectionID]bool{1: true, 2: true}, true
			l.Watches.Muted = map[forum.ThreadID]bool{n[2].Thread.ID: true}
		}, causes{1: Mentioned, 2: ThreadWatched}},
		{"alerts turned off", func(l *AlertCandidate, n []PostEvent) {
			n[0].Quotes = []forum.MemberID{reader}
			l.Choices.Alerts = NoAlerts
			override(l, 1, 20, Instant)
		}, causes{}},
		{"emails paused", func(l *AlertCandidate, _ []PostEvent) { l.Choices.PausedUntil = noon.Add(time.Second) }, causes{}},
		{"emails paused, but quoted and mentioned", func(l *AlertCandidate, n []PostEvent) {
			l.Choices.PausedUntil = noon.Add(time.Second)
			n[1].Mentions, n[2].Quotes = []forum.MemberID{reader}, []forum.MemberID{reader}
		}, causes{2: Mentioned, 3: Quoted}},
		{"pause is over", func(l *AlertCandidate, _ []PostEvent) { l.Choices.PausedUntil = noon }, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, n := alertCandidate(), postEvents()
			tt.edit(&l, n)
			got := causes{}
			for _, item := range NewEventIndex(n).AlertItems(l, noon) {
				got[item.Post] = item.Cause
				if item.Member != reader || item.Seq != int64(item.Post) || item.Thread != n[item.Post-1].Thread.ID {
					t.Errorf("item = %+v", item)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("alert items = %v, want %v", got, tt.want)
			}
			for p, c := range tt.want {
				if got[p] != c {
					t.Errorf("alert items = %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestEventIndex_ListsMembersThreadsAndSections(t *testing.T) {
	n := postEvents()
	n[0].Quotes, n[2].Mentions = []forum.MemberID{bo, forum.Guest}, []forum.MemberID{reader}
	b := NewEventIndex(n)
	if got := b.Direct(); !slices.Equal(got, []forum.MemberID{bo, reader}) {
		t.Errorf("Direct = %v, want no guest in it", got)
	}
	if got := b.Threads(); !slices.Equal(got, []forum.ThreadID{10, 20, 30, 40}) {
		t.Errorf("Threads = %v", got)
	}
	if got := b.Sections(); !slices.Equal(got, []forum.SectionID{1, 2}) {
		t.Errorf("Sections = %v", got)
	}
}

func TestLastAlert_IsReadOnceTheThreadIsRead(t *testing.T) {
	alert := LastAlert{Member: reader, Thread: 10, Until: noon, SentAt: noon.Add(time.Minute)}
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
		{"no read mark, because the forum dropped it, is not read", forum.ReadMarks{KeptSince: noon.Add(time.Hour)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := alert.VisitedSince(tt.read, time.Time{}, 1); got != tt.want {
				t.Errorf("VisitedSince = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestLastAlert_EndsWithVisitAfterIt(t *testing.T) {
	sent := noon.Add(time.Minute)
	for _, tt := range []struct {
		name    string
		sent    time.Time
		visited time.Time
		want    bool
	}{
		{"a visit that is unknown", sent, time.Time{}, false},
		{"a visit before the post", sent, noon.Add(-time.Second), false},
		{"a visit between the post and the alert", sent, noon.Add(30 * time.Second), false},
		{"a visit in the second of the alert", sent, sent, false},
		{"a visit after the alert", sent, sent.Add(time.Second), true},
		{"an alert that may not have been sent", time.Time{}, sent.Add(time.Hour), false},
	} {
		alert := LastAlert{Member: reader, Thread: 10, Until: noon, SentAt: tt.sent}
		if got := alert.VisitedSince(forum.ReadMarks{}, tt.visited, 1); got != tt.want {
			t.Errorf("%s: VisitedSince = %t, want %t", tt.name, got, tt.want)
		}
	}
}
