package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// messageLabel is what a person calls a message: its subject and its member. Both come from the forum when the page is made, and
// are never stored.
type messageLabel struct {
	Root   string // see pageFrame
	Key    string
	Kind   string
	Member forum.MemberID
	Name   string    // of the member; empty: unknown
	Title  string    // of the thread or the announcement; empty: unknown
	More   int       // further threads of an alert
	Day    time.Time // of a digest; zero: unknown
}

// labels are the labels of the messages on a page.
type labels struct {
	root    string
	names   map[forum.MemberID]string
	titles  map[string]string // by key
	further map[string]int    // by key
}

// Label returns the label of a message. It works for every message, even if nothing is known about it.
func (l labels) Label(key string) messageLabel {
	member := memberOf(key)
	return messageLabel{
		Root: l.root, Key: key, Kind: store.KindOf(key), Member: member, Name: l.names[member],
		Title: l.titles[key], More: l.further[key], Day: dayOf(key),
	}
}

// Recipient returns the label of a member.
func (l labels) Recipient(id forum.MemberID) messageLabel {
	return messageLabel{Root: l.root, Member: id, Name: l.names[id]}
}

// memberOf returns the member of a message: 42 of "digest/42/2026-05-04", "alert/42/T66/349" and "announce/7/42". 0: unknown.
func memberOf(key string) forum.MemberID {
	parts := strings.Split(key, "/")
	at := 1
	if store.KindOf(key) == store.KindAnnouncement {
		at = 2
	}
	if at >= len(parts) {
		return 0
	}
	id, err := strconv.ParseInt(parts[at], 10, 64)
	if err != nil {
		return 0
	}
	return forum.MemberID(id)
}

// dayOf returns the day of a digest: "digest/42/2026-05-04".
func dayOf(key string) time.Time {
	if store.KindOf(key) != store.KindDigest {
		return time.Time{}
	}
	date := key[strings.LastIndexByte(key, '/')+1:]
	day, err := time.Parse(time.DateOnly, date[:min(len(date), len(time.DateOnly))])
	if err != nil {
		return time.Time{}
	}
	return day
}

// labelTimeout limits how long a page waits for names and subjects. Without them it shows numbers.
const labelTimeout = 5 * time.Second

// labels reads the names of the members and the subjects of messages, and the names of further members, in one read of the forum.
func (v *request) labels(keys []string, members ...forum.MemberID) labels {
	l := labels{root: v.basePath, names: make(map[forum.MemberID]string), titles: make(map[string]string), further: make(map[string]int)}
	ctx, cancel := context.WithTimeout(v.r.Context(), labelTimeout)
	defer cancel()
	v.addAnnouncementTitles(ctx, l, keys)
	threads, err := v.alertThreads(ctx, keys)
	if err != nil {
		v.Log.Warn("cannot read the subjects of messages", "err", err)
	}
	for _, key := range keys {
		members = append(members, memberOf(key))
	}
	members = slices.DeleteFunc(members, func(id forum.MemberID) bool { return id == 0 })
	if len(members)+len(threads) == 0 {
		return l
	}
	err = v.Forum.Read(ctx, func(s *source.Snapshot) error { return l.read(ctx, s, v.Now(), members, threads) })
	if err != nil {
		v.Log.Warn("cannot read names and subjects from the forum", "err", err)
	}
	return l
}

// alertThreads returns the threads of each alert among the messages, in the order of their posts.
func (v *request) alertThreads(ctx context.Context, keys []string) (map[string][]forum.ThreadID, error) {
	var alerts []string
	for _, key := range keys {
		if store.KindOf(key) == store.KindAlert {
			alerts = append(alerts, key)
		}
	}
	if len(alerts) == 0 {
		return nil, nil
	}
	items, err := v.Store.Alerts.Items(ctx, alerts)
	threads := make(map[string][]forum.ThreadID, len(items))
	for key, list := range items {
		for _, item := range list {
			if !slices.Contains(threads[key], item.Thread) {
				threads[key] = append(threads[key], item.Thread)
			}
		}
	}
	return threads, err
}

// read fills in what the forum knows.
func (l labels) read(ctx context.Context, s *source.Snapshot, now time.Time, members []forum.MemberID, threads map[string][]forum.ThreadID) error {
	slices.Sort(members)
	list, err := s.Members(ctx, slices.Compact(members), now)
	if err != nil {
		return err
	}
	for _, m := range list {
		l.names[m.ID] = templates.SafeLine(m.Name)
	}
	var ids []forum.ThreadID
	for _, of := range threads {
		ids = append(ids, of[0])
	}
	slices.Sort(ids)
	known, err := s.Threads(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	titles := make(map[forum.ThreadID]string, len(known))
	for _, t := range known {
		titles[t.ID] = templates.SafeLine(t.Title)
	}
	for key, of := range threads {
		l.titles[key], l.further[key] = titles[of[0]], len(of)-1
	}
	return nil
}

// addAnnouncementTitles adds the titles of announcements, which the store has.
func (v *request) addAnnouncementTitles(ctx context.Context, l labels, keys []string) {
	titles := make(map[int64]string)
	for _, key := range keys {
		id, ok := store.AnnouncementOf(key)
		if !ok {
			continue
		}
		if _, read := titles[id]; !read {
			a, err := v.Store.Announcements.Get(ctx, id)
			if err != nil {
				v.Log.Warn("cannot read the title of an announcement", "announcement", id, "err", err)
			}
			titles[id] = ""
			if len(a.Variants) > 0 {
				titles[id] = templates.SafeLine(a.Variants[0].Title)
			}
		}
		l.titles[key] = titles[id]
	}
}

// keysOf returns the keys of messages.
func keysOf(list []store.Message) []string {
	keys := make([]string, len(list))
	for i, m := range list {
		keys[i] = m.Key
	}
	return keys
}
