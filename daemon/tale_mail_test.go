package daemon

import (
	"os"
	"slices"
	"strings"

	"postrider/forum"
)

// read reads the mails that have come.
func (s *stage) read() {
	for _, try := range s.taken {
		i := slices.IndexFunc(s.people, func(p *person) bool { return address(p.name) == try.to })
		if i < 0 {
			s.Errorf("%s was mailed", try.to)
			continue
		}
		s.reads(s.people[i], try)
	}
	s.taken = nil
}

// reads lets one of the people read a mail.
func (s *stage) reads(p *person, try try) {
	head, text, _ := parts(s, try.raw)
	id, alert := head.Get("Message-ID"), strings.Contains(head.Get("List-Id"), "<alerts.")
	if os.Getenv("POSTRIDER_TALE") != "" {
		s.Logf("%s: %s got %v (alert: %t, %s) %s", s.hour(), p.name, numbered(text), alert, try.out.Result, id)
	}
	for _, post := range postsOf(s, try.raw) {
		if w := s.written(post); w != nil && !p.mayRead(w) {
			s.Errorf("%s: %s was shown post %d, which he may not read", s.hour(), p.name, post)
		}
	}
	for _, post := range numbered(text) {
		if w := s.written(post); w == nil {
			s.Errorf("%s was told of %d, which is older than the tale", p.name, post)
		} else if why := p.bars(w, alert, s.clock()); why != "" {
			s.Errorf("%s: %s was told of post %d (alert: %t): %s", s.hour(), p.name, post, alert, why)
		}
		if !s.came[id] { // of two mails with one Message-ID the second is as good as none
			s.tells(p, post, id, alert)
		}
	}
	s.came[id] = true
}

// doubts notes that a daemon has died that took mails to the relay.
func (s *stage) doubts() {
	for _, try := range s.taken {
		head, _, _ := parts(s, try.raw)
		s.doubt[head.Get("Message-ID")] = true
	}
}

// tells notes that a mail has told somebody of a post.
func (s *stage) tells(p *person, post forum.PostID, id string, alert bool) {
	at := due{p.id, post}
	before, twice := s.told[at]
	// What may have been told, and is not wanted in that way any more, is told again in another: it may be lost.
	if lost := s.doubt[before.id] && s.changes > before.changes; twice && before.id != id && !lost {
		s.Errorf("%s: %s was told of post %d twice (alert: %t)", s.hour(), p.name, post, alert)
	}
	s.told[at] = telling{id, s.changes}
}
