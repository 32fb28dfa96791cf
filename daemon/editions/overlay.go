package editions

import (
	"maps"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// Overlay holds in memory what the next round would save before it plans digests: new sightings, alert items, and posts that waiting
// alerts would leave to a digest. The sequence numbers of its sightings continue those of the store.
type Overlay struct {
	Oldest   time.Time // posts written before never count as new
	head     int64     // the last sequence number in the store
	list     []digest.Sighting
	places   forum.Places // of the sightings
	events   []store.PostEvent
	seen     map[postPlace]bool
	alerts   map[forum.MemberID]map[forum.PostID]UpcomingAlert
	deferred map[forum.MemberID][]store.DeferredPost
}

type postPlace struct {
	post    forum.PostID
	section forum.SectionID // a place
}

// Overlay makes the builder read a new overlay after the sightings of the store, whose last one is head.
func (b *Builder) Overlay(head int64) *Overlay {
	b.sightings.overlay = &Overlay{
		head: head, places: make(forum.Places), seen: make(map[postPlace]bool),
		alerts: make(map[forum.MemberID]map[forum.PostID]UpcomingAlert), deferred: make(map[forum.MemberID][]store.DeferredPost),
	}
	return b.sightings.overlay
}

// Add adds the result of a scan, as store.Sightings.Save would. known are the sightings that the store has of its posts.
func (m *Overlay) Add(g store.ScanResult, known []store.SightingRecord) {
	maps.Copy(m.places, g.Places())
	section := make(map[forum.PostID]forum.SectionID, len(known))
	for _, x := range known {
		section[x.Post] = x.Section // the latest
		m.seen[postPlace{x.Post, x.Section}] = true
	}
	for _, a := range g.Reused { // another post by now
		for p := range m.seen {
			if p.post == a.Post {
				delete(m.seen, p)
			}
		}
		delete(section, a.Post)
	}
	revealed := make(map[forum.PostID]bool, len(g.Settled))
	for _, id := range g.Settled {
		revealed[id] = true
	}
	add := func(a forum.Arrival, from forum.SectionID) {
		at := a.Place()
		p := postPlace{a.Post, at}
		if m.seen[p] {
			return
		}
		m.seen[p] = true
		if was, before := section[a.Post]; before {
			from = was
		}
		x := digest.Sighting{Seq: m.Until() + 1, Post: a.Post, Section: at, MovedFrom: from, PostedAt: a.PostedAt}
		if revealed[a.Post] || from != 0 {
			x.VisibleSince = g.Now
		}
		m.list = append(m.list, x)
		if from == 0 {
			m.events = append(m.events, store.PostEvent{Seq: x.Seq, Post: a.Post, Thread: a.Thread, Author: a.Author, PostedAt: a.PostedAt, VisibleSince: x.VisibleSince})
		}
		section[a.Post] = at
	}
	for _, a := range g.Sighted {
		add(a, 0)
	}
	for _, move := range g.Moved {
		add(move.Arrival, move.From)
	}
}

// Events returns the posts that were sighted for the first time.
func (m *Overlay) Events() []store.PostEvent { return m.events }

// SightingsOf returns the sightings of posts.
func (m *Overlay) SightingsOf(posts []forum.PostID) (list []digest.Sighting) {
	asked := make(map[forum.PostID]bool, len(posts))
	for _, id := range posts {
		asked[id] = true
	}
	for _, x := range m.list {
		if asked[x.Post] {
			list = append(list, x)
		}
	}
	return list
}

// UpcomingAlert is what becomes of a post in an alert that waits, or that the next round would plan.
type UpcomingAlert struct {
	Key     string // empty: not planned yet
	Cause   digest.AlertCause
	LeftOut digest.Reason // why the alert would omit the post; empty: it would bring it
}

// AddAlert adds a post of an alert to a member.
func (m *Overlay) AddAlert(member forum.MemberID, post forum.PostID, a UpcomingAlert) {
	if m.alerts[member] == nil {
		m.alerts[member] = make(map[forum.PostID]UpcomingAlert)
	}
	m.alerts[member][post] = a
}

// Alert returns what an upcoming alert to a member would do with a post.
func (m *Overlay) Alert(member forum.MemberID, post forum.PostID) (a UpcomingAlert, found bool) {
	a, found = m.alerts[member][post]
	return a, found
}

// Defer adds posts that the alerts of a member would leave to the next digest.
func (m *Overlay) Defer(member forum.MemberID, list []digest.DeferredPost) {
	for _, o := range list {
		m.deferred[member] = append(m.deferred[member], store.DeferredPost{Member: member, DeferredPost: o})
	}
}

// Until returns the last sequence number.
func (m *Overlay) Until() int64 { return m.head + int64(len(m.list)) }

// between returns the sightings with after < seq <= until.
func (m *Overlay) between(after, until int64) []digest.Sighting {
	first := max(after-m.head, 0)
	last := min(until, m.Until()) - m.head
	if first >= last {
		return nil
	}
	return m.list[first:last]
}
