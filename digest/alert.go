package digest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"postrider/forum"
)

// AlertCause is why a member gets an alert about a post. A post gets one alert per member, with its strongest cause.
type AlertCause string

// The causes, strongest first.
const (
	Quoted         AlertCause = "quote"
	Mentioned      AlertCause = "mention"
	ThreadWatched  AlertCause = "thread"
	SectionWatched AlertCause = "section"
)

// IsDirect reports whether the post quotes or mentions the member. Such an alert needs no watch.
func (c AlertCause) IsDirect() bool { return c == Quoted || c == Mentioned }

// rank orders causes: a lower rank is stronger.
func (c AlertCause) rank() int {
	return slices.Index([]AlertCause{Quoted, Mentioned, ThreadWatched, SectionWatched}, c)
}

// AlertItem is a post that a member gets an alert about.
type AlertItem struct {
	Member   forum.MemberID
	Post     forum.PostID
	Thread   forum.ThreadID
	Section  forum.SectionID // of its thread when the alert item was planned; of several, the one that the member watches
	Seq      int64
	PostedAt time.Time
	Cause    AlertCause
	// Opening and VisibleSince are those of its event. Only planning uses them; they are not saved.
	Opening      bool
	VisibleSince time.Time
	// WithDigest: posts of its kind or in its thread come with the digest. Only planning uses it.
	WithDigest bool
	// Bundle is the member's, in effect. Only planning uses it.
	Bundle Bundle
}

// FreshAt returns since when the forum shows the post.
func (n AlertItem) FreshAt() time.Time {
	if n.VisibleSince.After(n.PostedAt) {
		return n.VisibleSince
	}
	return n.PostedAt
}

// Defer returns the post as deferred to the first digest that is planned from a time on, because it is late, or comes with digests.
func (n AlertItem) Defer(from time.Time) DeferredPost {
	o := DeferredPost{Post: n.Post, Seq: n.Seq, NotBefore: from, Reason: ReasonLate}
	if n.WithDigest {
		o.Reason = ReasonWithDigest
	}
	if n.Cause.IsDirect() {
		o.Cause = n.Cause
	}
	return o
}

// PostEvent is a post that was sighted for the first time.
type PostEvent struct {
	Seq      int64
	Post     forum.PostID
	Thread   *forum.Thread
	Author   forum.MemberID
	PostedAt time.Time
	// VisibleSince is when the post was sighted, if it was known before but not visible; zero: since it was posted.
	VisibleSince time.Time
	// Quotes and Mentions are the members that the post quotes and mentions.
	Quotes, Mentions []forum.MemberID
}

func (n *PostEvent) opening() bool { return n.Post == n.Thread.FirstPost }

// EventIndex finds the events of a batch by thread, by section, and by quoted or mentioned member.
type EventIndex struct {
	events         []PostEvent
	byThread       map[forum.ThreadID][]int // indexes into events
	bySection      map[forum.SectionID][]int
	directByMember map[forum.MemberID]map[int]AlertCause
}

// NewEventIndex indexes events by thread, section, and quoted or mentioned member.
func NewEventIndex(events []PostEvent) *EventIndex {
	b := &EventIndex{
		events:         events,
		byThread:       make(map[forum.ThreadID][]int),
		bySection:      make(map[forum.SectionID][]int),
		directByMember: make(map[forum.MemberID]map[int]AlertCause),
	}
	for i, n := range events {
		b.byThread[n.Thread.ID] = append(b.byThread[n.Thread.ID], i)
		for section := range n.Thread.InSections {
			b.bySection[section] = append(b.bySection[section], i)
		}
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

// Direct lists the quoted or mentioned members, ascending.
func (b *EventIndex) Direct() []forum.MemberID { return slices.Sorted(maps.Keys(b.directByMember)) }

// Threads lists the threads with events, ascending.
func (b *EventIndex) Threads() []forum.ThreadID { return slices.Sorted(maps.Keys(b.byThread)) }

// Sections lists the sections with events, ascending.
func (b *EventIndex) Sections() []forum.SectionID { return slices.Sorted(maps.Keys(b.bySection)) }

// AlertCandidate is a member who may get alerts about some of the events.
type AlertCandidate struct {
	ID        forum.MemberID
	Watches   forum.Watches // at least those for the threads and sections of the events
	Choices   Preferences
	Switches  Switches // in effect
	Bundle    Bundle   // in effect
	Overrides Overrides
	Unasked   bool // watches nothing, on a site that then sends nothing about quotes and mentions, unless the member chose it
}

// AlertItems returns the events that the candidate gets an alert about, by sequence number. Access and visibility are
// checked later, when the message is built. While the member's email is paused, only quotes and mentions are returned:
// they are not sent, but deferred to a later digest. Watched posts come with the digest anyway. A member without alerts gets items only
// about quotes and mentions that come with the digest: no watch brings them.
func (b *EventIndex) AlertItems(l AlertCandidate, now time.Time) []AlertItem {
	paused := l.Choices.PausedUntil.After(now)
	var items []AlertItem
	for _, i := range b.matching(&l) {
		n := &b.events[i]
		if n.Author == l.ID {
			continue
		}
		direct := b.directByMember[l.ID][i]
		if l.Unasked && !l.Choices.AsksFor(direct.Kind(false)) {
			direct = ""
		}
		cause := l.cause(n.Thread, n.opening(), direct)
		withDigest := cause == "" && l.leavesToDigest(n.Thread, direct)
		if withDigest {
			cause = direct
		}
		if cause == "" || paused && !cause.IsDirect() {
			continue
		}
		items = append(items, AlertItem{
			Member: l.ID, Post: n.Post, Thread: n.Thread.ID, Section: l.section(n.Thread, n.opening()),
			Seq: n.Seq, PostedAt: n.PostedAt, Cause: cause, Opening: n.opening(), VisibleSince: n.VisibleSince, WithDigest: withDigest, Bundle: l.Bundle,
		})
	}
	slices.SortFunc(items, func(x, y AlertItem) int { return cmp.Compare(x.Seq, y.Seq) })
	return items
}

// matching returns the indexes of the events that may concern the candidate, each once.
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

// cause returns why the candidate gets an alert about a post in a thread, or "" for no alert. direct is Quoted or
// Mentioned if the post quotes or mentions the candidate.
func (l *AlertCandidate) cause(thread *forum.Thread, opening bool, direct AlertCause) AlertCause {
	override := l.Overrides.Of(thread, l.Watches)
	direct = l.Switches.alertsDirect(direct)
	switch {
	case l.Choices.Alerts == NoAlerts:
		return ""
	case l.Watches.Mute(thread, direct != ""):
		return ""
	case override != "" && override != Instant:
		return "" // with a digest, or not at all
	case direct != "":
		return direct
	case !l.Switches.alerts(opening, override):
		return ""
	}
	if w, ok := l.Watches.Threads[thread.ID]; ok && (w.Mail != 0 || override == Instant) {
		return ThreadWatched
	}
	if w, ok := l.Watches.Sections[l.section(thread, opening)]; ok && emails(w, opening, override) {
		return SectionWatched
	}
	return ""
}

// leavesToDigest reports whether a post that quotes or mentions the candidate comes with the digest, because they get that kind or
// that thread so. It may be that no watch brings it: a watch for new threads only covers no replies.
func (l *AlertCandidate) leavesToDigest(thread *forum.Thread, direct AlertCause) bool {
	if !direct.IsDirect() || l.Watches.Mute(thread, true) {
		return false
	}
	kind, override := l.Switches.Of(direct.Kind(false)), l.Overrides.Of(thread, l.Watches)
	switch {
	case kind == Off || override == Off:
		return false
	case kind == WithDigest:
		return true
	}
	return override != "" && override != Instant
}

// emails reports whether a section's watch asks for an alert about a post.
func emails(w forum.Watch, opening bool, override Cadence) bool {
	return w.Emails(opening) || override == Instant && (w.Level == forum.AllPosts || opening)
}

// section returns the section of a thread whose watch asks for an alert about a post, or else its first section.
func (l *AlertCandidate) section(thread *forum.Thread, opening bool) forum.SectionID {
	if len(thread.AlsoIn) == 0 {
		return thread.Section
	}
	override := l.Overrides.Of(thread, l.Watches)
	for id := range thread.InSections {
		if w, ok := l.Watches.Sections[id]; ok && emails(w, opening, override) {
			return id
		}
	}
	return thread.Section
}

// LastAlert records that a member got an alert about a thread and has not posted in it since.
type LastAlert struct {
	Member forum.MemberID
	Thread forum.ThreadID
	Until  time.Time // when its newest post was written
	SentAt time.Time // zero: it may not have been sent yet
}

// VisitedSince reports whether the member has read the thread or its section since the newest post of the alert, or visited the
// forum since the alert was sent. If so, the next reply causes an alert again. A visit that began before the alert does not
// count, because the member may not have seen the post.
func (t LastAlert) VisitedSince(read forum.ReadMarks, visited time.Time, section forum.SectionID) bool {
	if !t.SentAt.IsZero() && visited.After(t.SentAt) {
		return true
	}
	return !t.Until.After(read.Threads[t.Thread]) || !t.Until.After(read.Sections[section])
}
