package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
)

// simulation is the world in which a tale is told, with two daemons that share a store, and what should come of it.
type simulation struct {
	*world
	people  []*person
	talks   []*talk
	posts   []*writing
	daemons [2]*Daemon
	turn    int          // of which daemon it is
	must    map[due]bool // what was wanted ever since it was seen first
	told    map[due]telling
	came    map[string]bool // Message-IDs
	changes int             // of what is written, or of what members want

	// What the daemon at work and its relay share is guarded by the world's lock.
	taken  []try           // mails that have come since they were last read
	says   []string        // of the relay, to the next mails
	handed map[string]bool // Message-IDs that the relay has heard of
	death  death
	dead   bool // the daemon at work has died
	deaths int
}

// death is where a daemon is to die: at so many statements, or before or behind so many hand-overs from now.
type death struct {
	where string
	in    int
}

const (
	atStatement = "statement"
	beforeRelay = "before"
	afterRelay  = "after"
)

// due is a post, and a member to whom it may be due.
type due struct {
	member forum.MemberID
	post   forum.PostID
}

// telling is a mail that told a member of a post.
type telling struct {
	id      string // its Message-ID
	sure    bool   // a daemon knows that it was taken
	changes int    // until then
	watches int    // changes of what he watches, until then
}

var errDead = errors.New("the daemon is dead")

func newSimulation(p *probe) *simulation {
	w := newWorld(p)
	s := &simulation{world: w, must: map[due]bool{}, told: map[due]telling{}, came: map[string]bool{}, handed: map[string]bool{}}
	w.run()
	w.set.Alerts = settings.DefaultAlerts()
	w.sender = courier{s}
	w.restart()
	for i := range s.daemons {
		set := w.set
		set.Owner = fmt.Sprint("daemon ", i)
		s.daemons[i] = New(w.daemon.Deps, set)
	}
	for _, m := range []struct {
		name     string
		role     int
		zone     string
		sections map[int]forum.Level
		mails    bool
	}{
		{"anna", passenger, "UTC", map[int]forum.Level{tonight: forum.AllPosts}, true},
		{"ben", passenger, "UTC", map[int]forum.Level{tonight: forum.NewThreads, routes: forum.AllPosts}, true},
		{"carl", steward, "UTC", map[int]forum.Level{guardsvan: forum.AllPosts, routes: forum.AllPosts}, true},
		{"dora", passenger, "America/New_York", map[int]forum.Level{routes: forum.AllPosts}, false},
		{"eva", passenger, "Asia/Kolkata", map[int]forum.Level{tonight: forum.AllPosts, routes: forum.NewThreads}, true},
	} {
		s.enter(m.name, m.role, m.zone, m.sections, m.mails)
	}
	for _, section := range []int{tonight, routes, guardsvan} {
		s.talks = append(s.talks, &talk{id: w.thread(section), section: section})
	}
	s.live(death{}, 0)
	time.Sleep(time.Hour)
	return s
}

// enter adds a person. All watch a section in which nothing is written, so that they are on the roll.
func (s *simulation) enter(name string, role int, zone string, sections map[int]forum.Level, mails bool) {
	id := int64(101 + len(s.people))
	location, err := time.LoadLocation(zone)
	if err != nil {
		s.Fatal(err)
	}
	s.member(id, name, role)
	s.execSQL(`UPDATE member SET zone = ? WHERE id = ?`, zone, id)
	s.execSQL(`INSERT INTO section_watch VALUES (?, ?, 'posts', 0)`, id, dining)
	p := &person{
		id: forum.MemberID(id), name: name, steward: role == steward, zone: location, alerts: digest.FirstReply, digests: digest.Daily,
		sections: map[int]forum.Level{}, mails: map[int]bool{}, threads: map[int64]bool{}, wishes: map[any]digest.Cadence{},
		ignores: map[int64]bool{}, read: map[int64]time.Time{},
	}
	s.people = append(s.people, p)
	for section, level := range sections {
		s.follows(p, section, level, mails)
	}
}

func (s *simulation) follows(p *person, section int, level forum.Level, mails bool) {
	s.execSQL(`DELETE FROM section_watch WHERE member_id = ? AND section_id = ?`, p.id, section)
	s.execSQL(`INSERT INTO section_watch VALUES (?, ?, ?, ?)`, p.id, section, map[forum.Level]string{forum.NewThreads: "threads", forum.AllPosts: "posts"}[level], mails)
	p.sections[section], p.mails[section] = level, mails
}

// evaluate notes what is not wanted any more, and what is new.
func (s *simulation) evaluate() {
	now := s.clock()
	for _, w := range s.posts {
		for _, p := range s.people {
			at := due{p.id, w.id}
			wanted, known := s.must[at]
			switch {
			case !known && w.visible():
				s.must[at] = p.wants(w, now)
			case known && wanted && s.told[at].id == "":
				s.must[at] = p.wants(w, now)
			}
		}
	}
}

// live lets the daemon whose turn it is run a round, or with both of its lanes for so long, and die on the way. Then the
// other one takes over.
func (s *simulation) live(on death, long time.Duration) {
	d, now := s.daemons[s.turn], s.clock()
	s.dead, s.death = false, on
	s.store.FailWith(func(string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dead || s.reached(atStatement) {
			return errDead
		}
		return nil
	})
	err := s.work(d, long)
	s.store.FailWith(nil)
	switch {
	case s.dead:
		s.deaths++
		set := d.settings
		set.Owner = fmt.Sprintf("daemon %d after %d deaths", s.turn, s.deaths)
		s.daemons[s.turn] = New(d.Deps, set)
		s.turn = 1 - s.turn
	case err != nil:
		s.Errorf("%s: a round failed: %v", s.hour(), err)
	default:
		for _, w := range s.posts {
			if !w.planned && w.visible() {
				w.planned = true
				w.noted = slices.ContainsFunc(s.people, func(p *person) bool { return p.id == w.calls && p.callable(w, now) })
			}
		}
	}
	s.read(!s.dead)
	s.dead, s.death = false, death{}
}

func (s *simulation) work(d *Daemon, long time.Duration) error {
	if long == 0 {
		_, err := d.RunOnce(s.Context())
		return err
	}
	ctx, stop := context.WithTimeout(s.Context(), long)
	defer stop()
	s.daemons[s.turn] = New(d.Deps, d.settings) // who has run keeps to one lane
	return d.Run(ctx)
}

func (s *simulation) hour() string { return s.clock().Format("2 Jan 15:04:05") }

func (s *simulation) written(id forum.PostID) *writing {
	for _, w := range s.posts {
		if w.id == id {
			return w
		}
	}
	return nil
}

// end lets nine good days pass, and asks whether everybody has what he should.
func (s *simulation) end() {
	s.says = nil
	for day := range 9 {
		midnight := s.clock().Truncate(24 * time.Hour).Add(24 * time.Hour)
		for _, wait := range []time.Duration{-20 * time.Minute, 0, 8 * time.Hour} {
			if wait = midnight.Add(wait).Sub(s.clock()); wait > 0 {
				time.Sleep(wait)
			}
			s.turn = day % 2
			s.evaluate()
			s.live(death{}, 0)
		}
	}
	for at, must := range s.must {
		if w := s.written(at.post); must && s.told[at].id == "" {
			s.Errorf("member %d was not told of post %d of %s, in thread %d", at.member, at.post, w.at.Format("2 Jan 15:04:05"), w.thread.id)
		}
	}
}
