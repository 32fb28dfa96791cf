package digest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"postrider/forum"
)

// Cause is why a member is told of a post at once. Of several the strongest counts: he gets one mail for one post.
type Cause string

// The causes, the strongest first.
const (
	Quoted         Cause = "quote"
	Mentioned      Cause = "mention"
	ThreadWatched  Cause = "thread"
	SectionWatched Cause = "section"
)

// Called tells that the post speaks to the member himself: he need not watch anything to hear of it.
func (c Cause) Called() bool { return c == Quoted || c == Mentioned }

// rank orders causes: the lower, the stronger.
func (c Cause) rank() int {
	return slices.Index([]Cause{Quoted, Mentioned, ThreadWatched, SectionWatched}, c)
}

// Notice is one post of which one member is to be told at once.
type Notice struct {
	Member   forum.MemberID
	Post     forum.PostID
	Thread   forum.ThreadID
	Section  forum.SectionID // where its thread stood when the notice was planned
	Seq      int64
	PostedAt time.Time
	Cause    Cause
}

// News is a post that was sighted for the first time.
type News struct {
	Seq      int64
	Post     forum.PostID
	Thread   *forum.Thread
	Author   forum.MemberID
	PostedAt time.Time
	// Quotes and Mentions are the members whom the post quotes and mentions.
	Quotes, Mentions []forum.MemberID
}

func (n *News) opening() bool { return n.Post == n.Thread.FirstPost }

// Bulletin is the news of a batch, in the ways in which members are concerned by it.
type Bulletin struct {
	news      []News
	byThread  map[forum.ThreadID][]int // indexes into news
	bySection map[forum.SectionID][]int
	calls     map[forum.MemberID]map[int]Cause
}

// NewBulletin lists the news by thread and section, and by the members to whom it speaks.
func NewBulletin(news []News) *Bulletin {
	b := &Bulletin{
		news:      news,
		byThread:  make(map[forum.ThreadID][]int),
		bySection: make(map[forum.SectionID][]int),
		calls:     make(map[forum.MemberID]map[int]Cause),
	}
	for i, n := range news {
		b.byThread[n.Thread.ID] = append(b.byThread[n.Thread.ID], i)
		b.bySection[n.Thread.Section] = append(b.bySection[n.Thread.Section], i)
		b.call(i, n.Mentions, Mentioned)
		b.call(i, n.Quotes, Quoted)
	}
	return b
}

func (b *Bulletin) call(i int, members []forum.MemberID, cause Cause) {
	for _, id := range members {
		if id == forum.Guest {
			continue
		}
		if b.calls[id] == nil {
			b.calls[id] = make(map[int]Cause)
		}
		b.calls[id][i] = cause
	}
}

// Called lists the members whom the news quotes or mentions, rising.
func (b *Bulletin) Called() []forum.MemberID { return slices.Sorted(maps.Keys(b.calls)) }

// Threads lists the threads of the news, rising.
func (b *Bulletin) Threads() []forum.ThreadID { return slices.Sorted(maps.Keys(b.byThread)) }

// Sections lists the sections of the news, rising.
func (b *Bulletin) Sections() []forum.SectionID { return slices.Sorted(maps.Keys(b.bySection)) }

// Listener is a member who may have to be told of some of the news.
type Listener struct {
	ID      forum.MemberID
	Watches forum.Watches // of the threads and sections of the news, at least
	Choices Choices
	Wishes  Wishes
}

// Notices picks the news of which the listener is to be told at once, by its number. Whether he may read it, and
// whether it is there by then, is asked when the mail is made. In a break it picks what calls him: that does not go out, and
// is owed to him afterwards, while what he watches comes with his digest anyway.
func (b *Bulletin) Notices(l Listener, now time.Time) []Notice {
	if l.Choices.Alerts == NoAlerts {
		return nil
	}
	paused := l.Choices.PausedUntil.After(now)
	var notices []Notice
	for _, i := range b.concerning(&l) {
		n := &b.news[i]
		if n.Author == l.ID {
			continue
		}
		cause := l.cause(n.Thread, n.opening(), b.calls[l.ID][i])
		if cause == "" || paused && !cause.Called() {
			continue
		}
		notices = append(notices, Notice{
			Member: l.ID, Post: n.Post, Thread: n.Thread.ID, Section: n.Thread.Section,
			Seq: n.Seq, PostedAt: n.PostedAt, Cause: cause,
		})
	}
	slices.SortFunc(notices, func(x, y Notice) int { return cmp.Compare(x.Seq, y.Seq) })
	return notices
}

// concerning are the indexes of the news that may be for the listener, each once.
func (b *Bulletin) concerning(l *Listener) []int {
	list := slices.Collect(maps.Keys(b.calls[l.ID]))
	for id := range l.Watches.Threads {
		list = append(list, b.byThread[id]...)
	}
	for id := range l.Watches.Sections {
		list = append(list, b.bySection[id]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// cause is why the listener is told at once of a post in a thread; "": he is not. call is Quoted or Mentioned where the
// post speaks to him.
func (l *Listener) cause(thread *forum.Thread, opening bool, call Cause) Cause {
	wish := l.Wishes.Of(thread)
	switch {
	case wish != "" && wish != Instant:
		return "" // he wants it later, or not at all
	case call != "":
		return call
	}
	if w, ok := l.Watches.Threads[thread.ID]; ok && (w.Mail != 0 || wish == Instant) {
		return ThreadWatched
	}
	w, ok := l.Watches.Sections[thread.Section]
	if ok && (w.Mails(opening) || wish == Instant && (w.Level == forum.AllPosts || opening)) {
		return SectionWatched
	}
	return ""
}

// NotBack is why a member who is told of the first reply alone is not told of another.
const NotBack Reason = "told of its thread before, and not back there since"

// Told is that a member got an alert of a thread, and has not written in it since.
type Told struct {
	Member forum.MemberID
	Thread forum.ThreadID
	Until  time.Time // when the newest post of it was written
}

// Back tells whether he has been on the site since, as far as the forum knows: then he is told of the next reply again.
func (t Told) Back(read forum.ReadMarks, section forum.SectionID) bool {
	return !t.Until.After(read.Threads[t.Thread]) || !t.Until.After(read.Sections[section])
}
