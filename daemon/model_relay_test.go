package daemon

import (
	"bytes"
	"context"
	"strings"

	"postrider/mail"
)

// killReached reports whether the running daemon is killed at a place.
func (s *simulation) killReached(where string) bool {
	if s.kill.where == where && s.kill.in >= 0 {
		s.kill.in--
		s.killed = s.killed || s.kill.in < 0
	}
	return s.killed
}

// simulatedRelay is a relay of a simulation. It ignores messages of a killed daemon.
type simulatedRelay struct {
	*simulation
	own bool // it is that of announcements
}

// Send implements Sender.
func (c simulatedRelay) Send(_ context.Context, from, to string, raw []byte) mail.Outcome {
	s, at := c.simulation, c.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.killed || s.killReached(beforeRelay) {
		return mail.Outcome{Result: mail.NotSent, At: at}
	}
	out := mail.Outcome{Result: mail.Accepted, Code: 250, At: at}
	_, id, _ := strings.Cut(string(raw), "\r\nMessage-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	if wrong := s.wrongRelay(c.own, string(raw)); wrong != "" {
		s.wrongRelays = append(s.wrongRelays, wrong)
	}
	reply, replies := "", &s.replies
	if c.own {
		replies = &s.ownReplies
	}
	if len(*replies) > 0 {
		reply, *replies = (*replies)[0], (*replies)[1:]
	}
	switch {
	case reply == "later":
		return mail.Outcome{Result: mail.TempFail, Code: 451, At: at}
	case reply == "reject":
		return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554, At: at}
	case reply == "unreachable":
		return mail.Outcome{Result: mail.NotSent, At: at}
	// A message that is uncertain twice is given up, and its posts are sent again, as intended.
	case reply == "lost" && !s.sent[id] && s.kills == 0:
		s.sent[id] = true
		return mail.Outcome{Result: mail.Uncertain, At: at}
	case reply == "silent" && !s.sent[id] && s.kills == 0:
		out = mail.Outcome{Result: mail.Uncertain, At: at}
	}
	s.sent[id] = true
	s.unread = append(s.unread, attempt{from, to, bytes.Clone(raw), out})
	s.killReached(afterRelay)
	return out
}
