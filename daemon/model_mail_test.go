package daemon

import (
	"os"
	"slices"
	"strings"

	"postrider/mail"
)

// readMessages reads the mails that have come; settled: from a daemon that lived to write down that they were taken.
func (s *simulation) readMessages(settled bool) {
	for _, sent := range s.unread {
		i := slices.IndexFunc(s.members, func(p *modelMember) bool { return address(p.name) == sent.to })
		if i < 0 {
			s.Errorf("%s was mailed", sent.to)
			continue
		}
		s.readMessage(s.members[i], sent, settled && sent.out.Result == mail.Accepted)
	}
	s.unread = nil
}

// readMessage lets one of the people read a mail.
func (s *simulation) readMessage(p *modelMember, sent attempt, sure bool) {
	head, text, _ := parseMessage(s, sent.raw)
	id, alert := head.Get("Message-ID"), strings.Contains(head.Get("List-Id"), "<alerts.")
	if os.Getenv("POSTRIDER_TALE") != "" {
		s.Logf("%s: %s got %v (alert: %t, %s) %s", s.timestamp(), p.name, postNumbers(text), alert, sent.out.Result, id)
	}
	for _, post := range postsOf(s, sent.raw) {
		if w := s.findPost(post); w != nil && !p.mayRead(w) {
			s.Errorf("%s: %s was shown post %d, which he may not read", s.timestamp(), p.name, post)
		}
	}
	for _, post := range postNumbers(text) {
		w := s.findPost(post)
		if w == nil {
			s.Errorf("%s was told of %d, which is older than the tale", p.name, post)
			continue
		}
		if why := p.whyNot(w, alert, sent.out.At); why != "" {
			s.Errorf("%s: %s was told of post %d (alert: %t): %s", s.timestamp(), p.name, post, alert, why)
		}
		at := memberPost{p.id, post}
		if earlier := s.delivered[at]; !s.received[id] {
			s.recordDelivery(at, p, deliveredPost{id, sure, s.changes, p.watchChanges}, w)
		} else if earlier.id == id && sure { // what the second copy of a mail says more is as good as lost
			earlier.accepted = true
			s.delivered[at] = earlier
		}
	}
	s.received[id] = true
}

// recordDelivery notes that a mail has told somebody of a post.
func (s *simulation) recordDelivery(at memberPost, p *modelMember, now deliveredPost, w *modelPost) {
	before, again := s.delivered[at]
	// What may have been told, and is not wanted in that way any more, is told again in another: it may be lost. What an edition
	// told is not written down: of a post that was moved it is concluded from what he watches now.
	lost, moved := !before.accepted && s.changes > before.changes, w.thread.moved && p.watchChanges > before.watchChanges
	if again && !lost && !moved {
		s.Errorf("%s: %s was told of post %d twice", s.timestamp(), p.name, w.id)
	}
	s.delivered[at] = now
}
