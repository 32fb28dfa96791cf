package daemon

import (
	"os"
	"slices"
	"strings"

	"postrider/mail"
)

// read reads the mails that have come; settled: from a daemon that lived to write down that they were taken.
func (s *simulation) read(settled bool) {
	for _, try := range s.taken {
		i := slices.IndexFunc(s.people, func(p *person) bool { return address(p.name) == try.to })
		if i < 0 {
			s.Errorf("%s was mailed", try.to)
			continue
		}
		s.reads(s.people[i], try, settled && try.out.Result == mail.Accepted)
	}
	s.taken = nil
}

// reads lets one of the people read a mail.
func (s *simulation) reads(p *person, try try, sure bool) {
	head, text, _ := parseMessage(s, try.raw)
	id, alert := head.Get("Message-ID"), strings.Contains(head.Get("List-Id"), "<alerts.")
	if os.Getenv("POSTRIDER_TALE") != "" {
		s.Logf("%s: %s got %v (alert: %t, %s) %s", s.hour(), p.name, postNumbers(text), alert, try.out.Result, id)
	}
	for _, post := range postsOf(s, try.raw) {
		if w := s.written(post); w != nil && !p.mayRead(w) {
			s.Errorf("%s: %s was shown post %d, which he may not read", s.hour(), p.name, post)
		}
	}
	for _, post := range postNumbers(text) {
		w := s.written(post)
		if w == nil {
			s.Errorf("%s was told of %d, which is older than the tale", p.name, post)
			continue
		}
		if why := p.bars(w, alert, try.out.At); why != "" {
			s.Errorf("%s: %s was told of post %d (alert: %t): %s", s.hour(), p.name, post, alert, why)
		}
		at := due{p.id, post}
		if told := s.told[at]; !s.came[id] {
			s.tells(at, p, telling{id, sure, s.changes, p.changes}, w)
		} else if told.id == id && sure { // what the second copy of a mail says more is as good as lost
			told.sure = true
			s.told[at] = told
		}
	}
	s.came[id] = true
}

// tells notes that a mail has told somebody of a post.
func (s *simulation) tells(at due, p *person, now telling, w *writing) {
	before, twice := s.told[at]
	// What may have been told, and is not wanted in that way any more, is told again in another: it may be lost. What an edition
	// told is not written down: of a post that was moved it is concluded from what he watches now.
	lost, moved := !before.sure && s.changes > before.changes, w.thread.moved && p.changes > before.watches
	if twice && !lost && !moved {
		s.Errorf("%s: %s was told of post %d twice", s.hour(), p.name, w.id)
	}
	s.told[at] = now
}
