package daemon

import (
	"bytes"
	"context"
	"strings"

	"postrider/mail"
)

// killReached tells whether the daemon at work is dead at a place.
func (s *simulation) killReached(where string) bool {
	if s.kill.where == where && s.kill.in >= 0 {
		s.kill.in--
		s.killed = s.killed || s.kill.in < 0
	}
	return s.killed
}

// simulatedRelay is the relay of a stage. Of what a daemon hands over after its death nobody hears.
type simulatedRelay struct{ *simulation }

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
	reply := ""
	if len(s.replies) > 0 {
		reply, s.replies = s.replies[0], s.replies[1:]
	}
	switch {
	case reply == "later":
		return mail.Outcome{Result: mail.TempFail, Code: 451, At: at}
	case reply == "no":
		return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554, At: at}
	case reply == "away":
		return mail.Outcome{Result: mail.NotSent, At: at}
	// A mail that is in doubt twice is given up, and its posts are told again: by the rules, not by mistake.
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
