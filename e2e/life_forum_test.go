package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Sections of the dump. All members may read the public ones; only staff may read the private ones.
var (
	publicSections  = []int64{5, 6, 7, 10, 11}
	privateSections = []int64{8, 9}
)

// lifeMember is what the test knows about a member.
type lifeMember struct {
	id        int64
	name      string
	address   string
	staff     bool // may read the private sections
	banned    bool
	ignores   []int64
	disturbed string // what happened after which some posts may be left out; empty: nothing
	sections  map[int64]time.Time
	threads   map[int64]time.Time // watches, and since when
}

// lifeThread is what the test knows about a thread.
type lifeThread struct {
	id, section int64
	visible     bool
	moved       bool
}

// lifePost is what the test knows about a post.
type lifePost struct {
	id, thread, author int64
	written            time.Time
	visible            bool
	wasHidden          bool // after it was visible
	quotes             int64
}

// lifeForum changes the forum as its members and moderators do, and keeps a model of who may read what.
type lifeForum struct {
	*lifeWorld
	random  *rand.Rand
	members []*lifeMember // those who watch
	byID    map[int64]*lifeMember
	owner   map[string]int64 // of each address that a member has or had
	threads []*lifeThread
	posts   []*lifePost
	thread  map[int64]*lifeThread
	post    map[int64]*lifePost
	counts  map[string]int // events, by name
}

// newLifeForum adds members and threads to the dump. The watches of the dump's members are removed.
func newLifeForum(w *lifeWorld, seed uint64, crowd int) *lifeForum {
	w.Helper()
	f := &lifeForum{
		lifeWorld: w, random: rand.New(rand.NewPCG(seed, 11)), byID: map[int64]*lifeMember{}, owner: map[string]int64{},
		thread: map[int64]*lifeThread{}, post: map[int64]*lifePost{}, counts: map[string]int{},
	}
	f.exec("DELETE FROM mybb_forumsubscriptions")
	f.exec("DELETE FROM mybb_threadsubscriptions")
	for i := range crowd {
		m := &lifeMember{
			name: fmt.Sprintf("Reader %d", i), address: fmt.Sprintf("reader%d@mail%d.example", i, i%4), staff: i%7 == 0,
			sections: map[int64]time.Time{}, threads: map[int64]time.Time{},
		}
		groups := ""
		if m.staff {
			groups = "8"
		}
		// 8:00 in these zones is within the eight hours, which begin at 5:00 in UTC.
		m.id = f.insert("INSERT INTO mybb_users (username, email, usergroup, additionalgroups, timezone, allownotices, regdate, signature, buddylist, ignorelist, pmfolders, notepad, usernotes) VALUES (?, ?, 2, ?, ?, 1, 1700000000, '', '', '', '', '', '')",
			m.name, m.address, groups, fmt.Sprint(2-i%7))
		f.members = append(f.members, m)
		f.byID[m.id], f.owner[m.address] = m, m.id
		for _, section := range slices.Concat(publicSections, privateSections) {
			if f.random.IntN(3) == 0 {
				f.watchSection(m, section)
			}
		}
	}
	for _, section := range slices.Concat(publicSections, privateSections) {
		f.newThread(section)
	}
	f.recount()
	return f
}

// recount sets the counters of threads, as MyBB does with each change. The daemon's check compares them with the posts.
func (f *lifeForum) recount() {
	f.exec("UPDATE mybb_threads t SET t.replies = GREATEST((SELECT COUNT(*) FROM mybb_posts p WHERE p.tid = t.tid AND p.visible = 1), 1) - 1")
}

func (f *lifeForum) insert(query string, args ...any) int64 {
	f.Helper()
	return mustLife(f.exec(query, args...).LastInsertId())(f.lifeWorld)
}

func (f *lifeForum) watchSection(m *lifeMember, section int64) {
	f.exec("INSERT INTO mybb_forumsubscriptions (fid, uid) VALUES (?, ?)", section, m.id)
	m.sections[section] = f.clock()
}

// mayRead reports whether a member may read a post now.
func (f *lifeForum) mayRead(m *lifeMember, p *lifePost) bool {
	t := f.thread[p.thread]
	return !m.banned && p.visible && t.visible && (m.staff || !slices.Contains(privateSections, t.section))
}

// anyMember returns a random member.
func (f *lifeForum) anyMember() *lifeMember { return f.members[f.random.IntN(len(f.members))] }

// author returns a random member who is not banned.
func (f *lifeForum) author() *lifeMember {
	for {
		if m := f.anyMember(); !m.banned {
			return m
		}
	}
}

func (f *lifeForum) anySection() int64 {
	if f.random.IntN(5) == 0 {
		return privateSections[f.random.IntN(len(privateSections))]
	}
	return publicSections[f.random.IntN(len(publicSections))]
}

func (f *lifeForum) anyThread() *lifeThread { return f.threads[f.random.IntN(len(f.threads))] }

// anyPost returns a random recent post, or nil.
func (f *lifeForum) anyPost(visible bool) *lifePost {
	for range 20 {
		p := f.posts[len(f.posts)-1-f.random.IntN(min(60, len(f.posts)))]
		if p.visible == visible {
			return p
		}
	}
	return nil
}

func (f *lifeForum) newThread(section int64) *lifeThread {
	f.Helper()
	m, now := f.author(), f.clock().Unix()
	t := &lifeThread{section: section, visible: true}
	t.id = f.insert("INSERT INTO mybb_threads (fid, subject, uid, username, dateline, lastpost, notes, visible) VALUES (?, ?, ?, ?, ?, ?, '', 1)",
		section, fmt.Sprintf("Thread of %s", m.name), m.id, m.name, now, now)
	f.threads, f.thread[t.id] = append(f.threads, t), t
	p := f.writePost(t, m, true, "")
	f.exec("UPDATE mybb_threads SET firstpost = ? WHERE tid = ?", p.id, t.id)
	return t
}

func (f *lifeForum) writePost(t *lifeThread, m *lifeMember, visible bool, intro string) *lifePost {
	f.Helper()
	p := &lifePost{thread: t.id, author: m.id, written: f.clock(), visible: visible}
	state := 0
	if visible {
		state = 1
	}
	p.id = f.insert("INSERT INTO mybb_posts (tid, fid, uid, username, dateline, message, visible) VALUES (?, ?, ?, ?, ?, ?, ?)",
		t.id, t.section, m.id, m.name, p.written.Unix(), intro+"These are a few words of "+m.name, state)
	f.posts, f.post[p.id] = append(f.posts, p), p
	return p
}

// lifeEvents are the events of a forum, with their weights. An event returns false if it cannot happen now.
var lifeEvents = map[string]struct {
	weight int
	apply  func(f *lifeForum) bool
}{
	"reply":  {30, func(f *lifeForum) bool { f.writePost(f.anyThread(), f.author(), true, ""); return true }},
	"thread": {6, func(f *lifeForum) bool { f.newThread(f.anySection()); return true }},
	"quote":  {6, (*lifeForum).quote},
	"mention": {4, func(f *lifeForum) bool {
		f.writePost(f.anyThread(), f.author(), true, fmt.Sprintf("@\"%s\" look. ", f.anyMember().name))
		return true
	}},
	"edit": {6, func(f *lifeForum) bool {
		p := f.anyPost(true)
		if p != nil {
			f.exec("UPDATE mybb_posts SET message = CONCAT(message, ' (edited)'), edittime = ?, edituid = uid WHERE pid = ?", f.clock().Unix(), p.id)
		}
		return p != nil
	}},
	"pending":     {4, func(f *lifeForum) bool { f.writePost(f.anyThread(), f.author(), false, ""); return true }},
	"approve":     {6, func(f *lifeForum) bool { return f.show(f.anyPost(false)) }},
	"delete":      {4, (*lifeForum).deletePost},
	"hide_thread": {1, (*lifeForum).hideThread},
	"move":        {3, (*lifeForum).moveThread},
	"ban":         {1, (*lifeForum).ban},
	"unban":       {2, (*lifeForum).unban},
	"address":     {1, (*lifeForum).changeAddress},
	"watch":       {3, (*lifeForum).watchThread},
	"unwatch":     {2, (*lifeForum).unwatch},
	"subscribe":   {1, (*lifeForum).subscribe},
	"ignore":      {1, (*lifeForum).ignore},
}

// happen plays a random event.
func (f *lifeForum) happen() {
	f.Helper()
	total := 0
	for _, e := range lifeEvents {
		total += e.weight
	}
	n := f.random.IntN(total)
	for _, name := range slices.Sorted(maps.Keys(lifeEvents)) {
		e := lifeEvents[name]
		if n -= e.weight; n < 0 {
			if e.apply(f) {
				f.counts[name]++
			}
			f.recount()
			return
		}
	}
}

func (f *lifeForum) quote() bool {
	p := f.anyPost(true)
	if p == nil {
		return false
	}
	name := f.byID[p.author].name
	q := f.writePost(f.thread[p.thread], f.author(), true, fmt.Sprintf("[quote=\"%s\" pid='%d' dateline='%d']These are a few words[/quote]\n", name, p.id, p.written.Unix()))
	q.quotes = p.id
	return true
}

// show approves or restores a post.
func (f *lifeForum) show(p *lifePost) bool {
	if p == nil {
		return false
	}
	f.exec("UPDATE mybb_posts SET visible = 1 WHERE pid = ?", p.id)
	p.visible = true
	return true
}

func (f *lifeForum) deletePost() bool {
	p := f.anyPost(true)
	if p == nil {
		return false
	}
	f.exec("UPDATE mybb_posts SET visible = -1 WHERE pid = ?", p.id)
	p.visible, p.wasHidden = false, true
	return true
}

// hideThread deletes a thread softly, or restores it.
func (f *lifeForum) hideThread() bool {
	t := f.anyThread()
	t.visible, t.moved = !t.visible, true
	state := map[bool]int{true: 1, false: -1}[t.visible]
	f.exec("UPDATE mybb_threads SET visible = ? WHERE tid = ?", state, t.id)
	return true
}

// moveThread moves a thread, often to or from a private section.
func (f *lifeForum) moveThread() bool {
	t, to := f.anyThread(), privateSections[f.random.IntN(len(privateSections))]
	if slices.Contains(privateSections, t.section) || f.random.IntN(3) == 0 {
		to = publicSections[f.random.IntN(len(publicSections))]
	}
	f.exec("UPDATE mybb_threads SET fid = ? WHERE tid = ?", to, t.id)
	f.exec("UPDATE mybb_posts SET fid = ? WHERE tid = ?", to, t.id)
	t.section, t.moved = to, true
	return true
}

func (f *lifeForum) ban() bool {
	m := f.author()
	f.exec("INSERT INTO mybb_banned (uid, gid, oldgroup, oldadditionalgroups, dateline, bantime, lifted) VALUES (?, 7, 2, '', ?, '---', 0)", m.id, f.clock().Unix())
	f.exec("UPDATE mybb_users SET usergroup = 7 WHERE uid = ?", m.id)
	m.banned, m.disturbed = true, "banned"
	return true
}

func (f *lifeForum) unban() bool {
	i := slices.IndexFunc(f.members, func(m *lifeMember) bool { return m.banned })
	if i < 0 {
		return false
	}
	m := f.members[i]
	f.exec("DELETE FROM mybb_banned WHERE uid = ?", m.id)
	f.exec("UPDATE mybb_users SET usergroup = 2 WHERE uid = ?", m.id)
	m.banned = false
	return true
}

func (f *lifeForum) changeAddress() bool {
	m := f.anyMember()
	name, domain, _ := strings.Cut(m.address, "@")
	m.address = name + "x@" + domain
	f.exec("UPDATE mybb_users SET email = ? WHERE uid = ?", m.address, m.id)
	f.owner[m.address] = m.id
	return true
}

func (f *lifeForum) watchThread() bool {
	m, t := f.anyMember(), f.anyThread()
	if _, watched := m.threads[t.id]; watched {
		return false
	}
	f.exec("INSERT INTO mybb_threadsubscriptions (uid, tid, notification, dateline) VALUES (?, ?, 1, ?)", m.id, t.id, f.clock().Unix())
	m.threads[t.id] = f.clock()
	return true
}

func (f *lifeForum) unwatch() bool {
	m := f.anyMember()
	for _, section := range slices.Sorted(maps.Keys(m.sections)) {
		f.exec("DELETE FROM mybb_forumsubscriptions WHERE uid = ? AND fid = ?", m.id, section)
		delete(m.sections, section)
		return true
	}
	return false
}

func (f *lifeForum) subscribe() bool {
	m, section := f.anyMember(), f.anySection()
	if _, watched := m.sections[section]; watched {
		return false
	}
	f.watchSection(m, section)
	return true
}

func (f *lifeForum) ignore() bool {
	m, other := f.anyMember(), f.anyMember()
	if m == other || slices.Contains(m.ignores, other.id) {
		return false
	}
	m.ignores = append(m.ignores, other.id)
	f.exec("UPDATE mybb_users SET ignorelist = ? WHERE uid = ?", strings.Trim(strings.ReplaceAll(fmt.Sprint(m.ignores), " ", ","), "[]"), m.id)
	return true
}
