package digest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"postrider/forum"
)

// AlertCause is why a member is told of a post at once. Of several the strongest counts: he gets one mail for one post.
type AlertCause string

// The causes, the strongest first.
const (
	Quoted         AlertCause = "quote"
	Mentioned      AlertCause = "mention"
	ThreadWatched  AlertCause = "thread"
	SectionWatched AlertCause = "section"
)

// IsDirect tells that the post speaks to the member himself: he need not watch anything to hear of it.
func (c AlertCause) IsDirect() bool { return c == Quoted || c == Mentioned }

// rank orders causes: the lower, the stronger.
func (c AlertCause) rank() int {
	return slices.Index([]AlertCause{Quoted, Mentioned, ThreadWatched, SectionWatched}, c)
}

// AlertItem is one post of which one member is to be told at once.
type AlertItem struct {
	Member   forum.MemberID
	Post     forum.PostID
	Thread   forum.ThreadID
	Section  forum.SectionID // where its thread stood when the notice was planned
	Seq      int64
	PostedAt time.Time
	Cause    AlertCause
}

// PostEvent is a post that was sighted for the first time.
type PostEvent struct {
	Seq      int64
	Post     forum.PostID
	Thread   *forum.Thread
	Author   forum.MemberID
	PostedAt time.Time
	// Quotes and Mentions are the members whom the post quotes and mentions.
	Quotes, Mentions []forum.MemberID
}

func (n *PostEvent) opening() bool { return n.Post == n.Thread.FirstPost }

// EventIndex is the news of a batch, in the ways in which members are concerned by it.
type EventIndex struct {
	news           []PostEvent
	byThread       map[forum.ThreadID][]int // indexes into news
	bySection      map[forum.SectionID][]int
	directByMember map[forum.MemberID]map[int]AlertCause
}

// NewBulletin lists the news by thread and section, and by the members to whom it speaks.
func NewBulletin(news []PostEvent) *EventIndex {
	b := &EventIndex{
		news:           news,
		byThread:       make(map[forum.ThreadID][]int),
		bySection:      make(map[forum.SectionID][]int),
		directByMember: make(map[forum.MemberID]map[int]AlertCause),
	}
	for i, n := range news {
		b.byThread[n.Thread.ID] = append(b.byThread[n.Thread.ID], i)
		b.bySection[n.Thread.Section] = append(b.bySection[n.Thread.Section], i)
		b.addDirect(i, n.Mentions, Mentioned)
		b.addDirect(i, n.Quotes, Quoted)
	}
	return b
}

func (b *EventIndex) addDirect(i int, members []forum.MemberID, cause AlertCause) {
	for _, id := range members {
		if id == forum.Guest {
			continue
		}
		if b.directByMember[id] == nil {
			b.directByMember[id] = make(map[int]AlertCause)
		}
		b.directByMember[id][i] = cause
	}
}

// Direct lists the members whom the news quotes or mentions, rising.
func (b *EventIndex) Direct() []forum.MemberID { return slices.Sorted(maps.Keys(b.directByMember)) }

// Threads lists the threads of the news, rising.
func (b *EventIndex) Threads() []forum.ThreadID { return slices.Sorted(maps.Keys(b.byThread)) }

// Sections lists the sections of the news, rising.
func (b *EventIndex) Sections() []forum.SectionID { return slices.Sorted(maps.Keys(b.bySection)) }

// AlertCandidate is a member who may have to be told of some of the news.
type AlertCandidate struct {
	ID      forum.MemberID
	Watches forum.Watches // of the threads and sections of the news, at least
	Choices Preferences
	Wishes  Overrides
}

// AlertItems picks the news of which the listener is to be told at once, by its number. Whether he may read it, and
// whether it is there by then, is asked when the mail is made. In a break it picks what calls him: that does not go out, and
// is owed to him afterwards, while what he watches comes with his digest anyway.
func (b *EventIndex) AlertItems(l AlertCandidate, now time.Time) []AlertItem {
	if l.Choices.Alerts == NoAlerts {
		return nil
	}
	paused := l.Choices.PausedUntil.After(now)
	var notices []AlertItem
	for _, i := range b.matching(&l) {
		n := &b.news[i]
		if n.Author == l.ID {
			continue
		}
		cause := l.cause(n.Thread, n.opening(), b.directByMember[l.ID][i])
		if cause == "" || paused && !cause.IsDirect() {
			continue
		}
		notices = append(notices, AlertItem{
			Member: l.ID, Post: n.Post, Thread: n.Thread.ID, Section: n.Thread.Section,
			Seq: n.Seq, PostedAt: n.PostedAt, Cause: cause,
		})
	}
	slices.SortFunc(notices, func(x, y AlertItem) int { return cmp.Compare(x.Seq, y.Seq) })
	return notices
}

// matching are the indexes of the news that may be for the listener, each once.
func (b *EventIndex) matching(l *AlertCandidate) []int {
	list := slices.Collect(maps.Keys(b.directByMember[l.ID]))
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
func (l *AlertCandidate) cause(thread *forum.Thread, opening bool, call AlertCause) AlertCause {
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

// LastAlert is that a member got an alert of a thread, and has not written in it since.
type LastAlert struct {
	Member forum.MemberID
	Thread forum.ThreadID
	Until  time.Time // when the newest post of it was written
}

// VisitedSince tells whether he has been on the site since, as far as the forum knows: then he is told of the next reply again.
func (t LastAlert) VisitedSince(read forum.ReadMarks, section forum.SectionID) bool {
	return !t.Until.After(read.Threads[t.Thread]) || !t.Until.After(read.Sections[section])
}
