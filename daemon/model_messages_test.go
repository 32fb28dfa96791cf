package daemon

import (
	"os"
	"slices"
	"strings"

	"postrider/mail"
	"postrider/store"
)

// readMessages checks the messages since the last call; settled: their daemon did not crash before it saved the results.
func (s *simulation) readMessages(settled bool) {
	for _, sent := range s.unread {
		i := slices.IndexFunc(s.members, func(p *modelMember) bool { return address(p.name) == sent.to })
		if i < 0 {
			s.Errorf("%s got a message", sent.to)
			continue
		}
		s.readMessage(s.members[i], sent, settled && sent.out.Result == mail.Accepted)
	}
	s.unread = nil
	for _, wrong := range s.wrongRelays {
		s.Errorf("%s: %s", s.timestamp(), wrong)
	}
	s.wrongRelays = nil
}

// readMessage checks one message to a member.
func (s *simulation) readMessage(p *modelMember, sent attempt, sure bool) {
	head, text, _ := parseMessage(s, sent.raw)
	id, alert := head.Get("Message-ID"), strings.Contains(head.Get("List-Id"), "alerts.")
	if os.Getenv("POSTRIDER_HISTORY") != "" {
		s.Logf("%s: %s got %v (alert: %t, %s) %s", s.timestamp(), p.name, postNumbers(text), alert, sent.out.Result, id)
	}
	if head.Get("X-Postrider-Reason") == store.KindAnnouncement {
		s.readAnnouncement(p, head, sent, sure)
		return
	}
	for _, post := range postsOf(s, sent.raw) {
		if w := s.findPost(post); w != nil && !p.mayRead(w) {
			s.Errorf("%s: %s got post %d, which is not readable", s.timestamp(), p.name, post)
		}
	}
	for _, post := range postNumbers(text) {
		w := s.findPost(post)
		if w == nil {
			s.Errorf("%s got post %d, which is older than the history", p.name, post)
			continue
		}
		if why := p.whyNot(w, alert, sent.out.At); why != "" {
			s.Errorf("%s: %s got post %d (alert: %t): %s", s.timestamp(), p.name, post, alert, why)
		}
		at := memberPost{p.id, post}
		if earlier := s.delivered[at]; !s.received[id] {
			s.recordDelivery(at, p, deliveredPost{id, sure, s.changes, p.watchChanges}, w)
		} else if earlier.id == id && sure { // additional posts in a second copy of a message count as lost
			earlier.accepted = true
			s.delivered[at] = earlier
		}
	}
	s.received[id] = true
}

// recordDelivery records that a message had a post for a member.
func (s *simulation) recordDelivery(at memberPost, p *modelMember, now deliveredPost, w *modelPost) {
	before, again := s.delivered[at]
	// An uncertain message may be lost, so its posts may be repeated in another message after changes. The posts of an edition are
	// not saved: for a moved post they are derived from the current watches.
	lost, moved := !before.accepted && s.changes > before.changes, w.thread.moved && p.watchChanges > before.watchChanges
	if again && !lost && !moved {
		s.Errorf("%s: %s got post %d twice", s.timestamp(), p.name, w.id)
	}
	s.delivered[at] = now
}
