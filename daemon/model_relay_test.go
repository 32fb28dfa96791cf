package daemon

import (
	"bytes"
	"context"
	"strings"

	"postrider/mail"
)

// reached tells whether the daemon at work is dead at a place.
func (s *simulation) reached(where string) bool {
	if s.death.where == where && s.death.in >= 0 {
		s.death.in--
		s.dead = s.dead || s.death.in < 0
	}
	return s.dead
}

// courier is the relay of a stage. Of what a daemon hands over after its death nobody hears.
type courier struct{ *simulation }

// Send implements Sender.
func (c courier) Send(_ context.Context, from, to string, raw []byte) mail.Outcome {
	s, at := c.simulation, c.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.reached(beforeRelay) {
		return mail.Outcome{Result: mail.NotSent, At: at}
	}
	out := mail.Outcome{Result: mail.Accepted, Code: 250, At: at}
	_, id, _ := strings.Cut(string(raw), "\r\nMessage-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	word := ""
	if len(s.says) > 0 {
		word, s.says = s.says[0], s.says[1:]
	}
	switch {
	case word == "later":
		return mail.Outcome{Result: mail.TempFail, Code: 451, At: at}
	case word == "no":
		return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554, At: at}
	case word == "away":
		return mail.Outcome{Result: mail.NotSent, At: at}
	// A mail that is in doubt twice is given up, and its posts are told again: by the rules, not by mistake.
	case word == "lost" && !s.handed[id] && s.deaths == 0:
		s.handed[id] = true
		return mail.Outcome{Result: mail.Uncertain, At: at}
	case word == "silent" && !s.handed[id] && s.deaths == 0:
		out = mail.Outcome{Result: mail.Uncertain, At: at}
	}
	s.handed[id] = true
	s.taken = append(s.taken, try{from, to, bytes.Clone(raw), out})
	s.reached(afterRelay)
	return out
}
