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

// simulation is a world with two daemons on one store, and a model of what members should get.
type simulation struct {
	*world
	members   []*modelMember
	threads   []*modelThread
	posts     []*modelPost
	daemons   [2]*Daemon
	turn      int                 // index of the daemon that runs next
	wanted    map[memberPost]bool // wanted at all times since the post was first visible
	delivered map[memberPost]deliveredPost
	received  map[string]bool // Message-IDs
	announced map[string]announcementCopy
	changes   int // number of events other than time, rounds and relay

	hasOwnRelay bool // announcements have their own relay

	// The running daemon and its relays share these, guarded by the world's lock.
	unread      []attempt       // messages since the last readMessages
	replies     []string        // of the relay to the next messages
	ownReplies  []string        // the same of the relay of announcements
	wrongRelays []string        // messages that went through the wrong relay
	sent        map[string]bool // Message-IDs that the relay has seen
	kill        killPoint
	killed      bool // the running daemon was killed
	kills       int
}

// killPoint is where a daemon is killed: after a number of statements, or before or after a number of messages.
type killPoint struct {
	where string
	in    int
}

const (
	atStatement = "statement"
	beforeRelay = "before"
	afterRelay  = "after"
)

// memberPost is a member and a post that they may get.
type memberPost struct {
	member forum.MemberID
	post   forum.PostID
}

// deliveredPost is the message that had a post for a member.
type deliveredPost struct {
	id           string // Message-ID
	accepted     bool   // its daemon saved that it was accepted
	changes      int    // simulation.changes at that time
	watchChanges int    // modelMember.watchChanges at that time
}

var errKilled = errors.New("the daemon was killed")

func newSimulation(p *faultRecorder) *simulation {
	w := newWorld(p)
	s := &simulation{world: w, wanted: map[memberPost]bool{}, delivered: map[memberPost]deliveredPost{}, received: map[string]bool{}, sent: map[string]bool{}, announced: map[string]announcementCopy{}}
	w.run()
	w.set.Alerts = settings.DefaultAlerts()
	w.set.Announce = settings.DefaultAnnouncements()
	w.set.AnnounceConnections = 2
	w.sender = simulatedRelay{s, false}
	w.restart()
	for i := range s.daemons {
		set := w.set
		set.Owner = fmt.Sprint("daemon ", i)
		s.daemons[i] = New(w.daemon.Deps, set)
	}
	s.setOwnRelay(true)
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
		s.addMember(m.name, m.role, m.zone, m.sections, m.mails)
	}
	for _, section := range []int{tonight, routes, guardsvan} {
		s.threads = append(s.threads, &modelThread{id: w.thread(section), section: section})
	}
	s.runTurn(killPoint{}, 0)
	time.Sleep(time.Hour)
	return s
}

// addMember adds a member. All members watch a section without new posts, so that they are subscribers.
func (s *simulation) addMember(name string, role int, zone string, sections map[int]forum.Level, mails bool) {
	id := int64(101 + len(s.members))
	location, err := time.LoadLocation(zone)
	if err != nil {
		s.Fatal(err)
	}
	s.member(id, name, role)
	s.execSQL(`UPDATE member SET zone = ? WHERE id = ?`, zone, id)
	s.execSQL(`INSERT INTO section_watch VALUES (?, ?, 'posts', 0)`, id, dining)
	p := &modelMember{
		id: forum.MemberID(id), name: name, steward: role == steward, zone: location, alerts: digest.FirstReply, digests: digest.Daily,
		sections: map[int]forum.Level{}, emails: map[int]bool{}, threads: map[int64]bool{}, overrides: map[any]digest.Cadence{}, added: map[int]bool{},
		ignores: map[int64]bool{}, readAt: map[int64]time.Time{},
	}
	s.members = append(s.members, p)
	for section, level := range sections {
		s.watchSection(p, section, level, mails)
	}
}

func (s *simulation) watchSection(p *modelMember, section int, level forum.Level, mails bool) {
	s.execSQL(`DELETE FROM section_watch WHERE member_id = ? AND section_id = ?`, p.id, section)
	s.execSQL(`INSERT INTO section_watch VALUES (?, ?, ?, ?)`, p.id, section, map[forum.Level]string{forum.NewThreads: "threads", forum.AllPosts: "posts"}[level], mails)
	p.sections[section], p.emails[section] = level, mails
}

// updateWanted updates which posts each member should get.
func (s *simulation) updateWanted() {
	now := s.clock()
	for _, w := range s.posts {
		for _, p := range s.members {
			at := memberPost{p.id, w.id}
			wanted, known := s.wanted[at]
			switch {
			case !known && w.visible():
				s.wanted[at] = p.wants(w, now)
			case known && wanted && s.delivered[at].id == "":
				s.wanted[at] = p.wants(w, now)
			}
		}
	}
}

// runTurn runs the next daemon for one round, or with both loops for a duration, up to the kill point. If it was killed, the
// other daemon is next.
func (s *simulation) runTurn(on killPoint, long time.Duration) {
	d, now := s.daemons[s.turn], s.clock()
	s.killed, s.kill = false, on
	s.faults.Set(func(string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.killed || s.killReached(atStatement) {
			return errKilled
		}
		return nil
	})
	err := s.runFor(d, long)
	s.faults.Set(nil)
	switch {
	case s.killed:
		s.kills++
		set := d.settings
		set.Owner = fmt.Sprintf("daemon %d after %d deaths", s.turn, s.kills)
		s.daemons[s.turn] = New(d.Deps, set)
		s.turn = 1 - s.turn
	case err != nil:
		s.Errorf("%s: a round failed: %v", s.timestamp(), err)
	default:
		for _, w := range s.posts {
			if !w.planned && w.visible() {
				w.planned = true
				w.alertable = slices.ContainsFunc(s.members, func(p *modelMember) bool { return p.id == w.target && p.canAlert(w, now) })
			}
		}
	}
	s.readMessages(!s.killed)
	s.killed, s.kill = false, killPoint{}
}

func (s *simulation) runFor(d *Daemon, long time.Duration) error {
	if long == 0 {
		_, err := d.RunOnce(s.Context())
		return err
	}
	ctx, stop := context.WithTimeout(s.Context(), long)
	defer stop()
	s.daemons[s.turn] = New(d.Deps, d.settings) // after RunOnce a daemon uses only one loop
	return d.Run(ctx)
}

func (s *simulation) timestamp() string { return s.clock().Format("2 Jan 15:04:05") }

func (s *simulation) findPost(id forum.PostID) *modelPost {
	for _, w := range s.posts {
		if w.id == id {
			return w
		}
	}
	return nil
}

// finish runs nine days without faults, and checks that all members got the posts that they should get.
func (s *simulation) finish() {
	s.replies, s.ownReplies = nil, nil
	for day := range 9 {
		midnight := s.clock().Truncate(24 * time.Hour).Add(24 * time.Hour)
		for _, wait := range []time.Duration{-20 * time.Minute, 0, 8 * time.Hour} {
			if wait = midnight.Add(wait).Sub(s.clock()); wait > 0 {
				time.Sleep(wait)
			}
			s.turn = day % 2
			s.updateWanted()
			s.runTurn(killPoint{}, 0)
		}
	}
	s.checkAnnouncements()
	for at, must := range s.wanted {
		if w := s.findPost(at.post); must && s.delivered[at].id == "" {
			s.Errorf("member %d did not get post %d of %s, in thread %d", at.member, at.post, w.at.Format("2 Jan 15:04:05"), w.thread.id)
		}
	}
}
