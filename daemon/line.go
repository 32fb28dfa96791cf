package daemon

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// line is the letters of a batch that go by one lane.
type line struct {
	*throttle
	name    string
	waiting []letter // in the order in which they go
	ready   []letter // noted as about to go, and with no worker yet
	away    int      // with workers
	probe   bool     // its domain was held until now: one letter goes, and what becomes of it decides for the others
	shut    bool     // the probe failed
}

// class tells what goes first: kinds by their priority, and last what may have arrived already. Should the daemon die over
// and over, it is then not always these that are in doubt.
func (l letter) class() int {
	p := priority(l.Kind)
	if l.UncertainCount > 0 {
		p += 1000
	}
	return p
}

// free tells whether a waiting letter may be noted now.
func (n *line) free(now time.Time) bool {
	return len(n.waiting) > 0 && !n.shut && (!n.probe || len(n.ready)+n.away == 0) && n.room(now)
}

// within is what its lane takes in a time; nothing if its probe has failed.
func (n *line) within(d time.Duration, most int) int {
	if n.shut {
		return 0
	}
	return n.throttle.within(d, most)
}

// book gives a waiting letter a time of its own.
func (n *line) book(now time.Time) time.Time {
	if n.shut {
		return now.Add(shutFor + rand.N(spread))
	}
	return n.throttle.book(now)
}

// reason is why a letter waits.
func (n *line) reason() string {
	if n.shut {
		return n.name + ", did not take the first mail after that"
	}
	return fmt.Sprintf("waits its turn, %s takes %s mails a minute", n.name, n.aMinute())
}

// lines are all letters of a batch. They take turns, so that no slow provider holds up the others: none has more than half of
// the connections while there is something to go for others.
type lines struct {
	list        []*line // those with letters
	turn        int     // place of the line whose turn is next
	alike       bool    // all letters are of one class
	connections int
	pace        *rate.Limiter // of all together; nil: none
}

// newLines puts letters into their lines. again tells which domains were held until now: each has a line of its own.
func newLines(letters []letter, throttles *throttles, again func(domain string) bool) *lines {
	s := &lines{alike: true}
	known := make(map[string]*line)
	for _, l := range letters {
		name, probe := provider(l.to.Email), again(domainOf(l.to.Email))
		pace := throttles.of(name)
		if probe {
			name = domainOf(l.to.Email) + ", held before"
		}
		if known[name] == nil {
			known[name] = &line{throttle: pace, name: name, probe: probe}
			s.list = append(s.list, known[name])
		}
		l.line = known[name]
		l.line.waiting = append(l.line.waiting, l)
		s.alike = s.alike && l.class() == letters[0].class()
	}
	for _, n := range s.list {
		slices.SortStableFunc(n.waiting, func(a, b letter) int { return cmp.Compare(a.class(), b.class()) })
	}
	return s
}

// inTurn gives the line that is next of those that fit, by the class of its letter; nil: none fits.
func (s *lines) inTurn(fits func(*line) bool, head func(*line) letter) *line {
	var best *line
	for i := range s.list {
		n := s.list[(s.turn+i)%len(s.list)]
		if !fits(n) {
			continue
		}
		if s.alike {
			return n
		}
		if best == nil || head(n).class() < head(best).class() {
			best = n
		}
	}
	return best
}

// passed gives the turn to the line behind n.
func (s *lines) passed(n *line) { s.turn = slices.Index(s.list, n) + 1 }

// next is the line whose first letter that is ready may go now; nil: there is none.
func (s *lines) next(now time.Time) *line {
	share := s.share(now)
	return s.inTurn(
		func(n *line) bool { return len(n.ready) > 0 && n.away < share },
		func(n *line) letter { return n.ready[0] })
}

// share is how many connections one line may have.
func (s *lines) share(now time.Time) int {
	busy := 0
	for _, n := range s.list {
		if len(n.ready) > 0 || n.free(now) {
			if busy++; busy > 1 {
				return (s.connections + 1) / 2
			}
		}
	}
	return s.connections
}

// send takes the letter that next has found.
func (s *lines) send(n *line) letter {
	l := n.ready[0]
	n.ready = n.ready[1:]
	n.away++
	s.passed(n)
	return l
}

// short tells that a line has letters to be noted, and none that is ready.
func (s *lines) short(now time.Time) bool {
	return s.paced(now) && slices.ContainsFunc(s.list, func(n *line) bool { return len(n.ready) == 0 && n.free(now) })
}

// paced tells whether the pace of all together lets another letter go.
func (s *lines) paced(now time.Time) bool { return s.pace == nil || s.pace.TokensAt(now) >= 1 }

// pick makes up to most letters ready, in turn. No line gets more than its part of the window, so that those which are
// stuck leave room for the others.
func (s *lines) pick(now time.Time, most, window int) (picked []letter) {
	part := max(1, window/max(1, len(s.list)))
	for len(picked) < most && s.paced(now) {
		n := s.inTurn(
			func(n *line) bool { return len(n.ready) < part && n.free(now) },
			func(n *line) letter { return n.waiting[0] })
		if n == nil {
			break
		}
		picked = append(picked, n.waiting[0])
		n.ready = append(n.ready, n.waiting[0])
		n.waiting = n.waiting[1:]
		n.take(now)
		if s.pace != nil {
			s.pace.AllowN(now, 1)
		}
		s.passed(n)
	}
	return picked
}

// keep drops of the letters that were picked those that are not ours any more.
func (s *lines) keep(picked, ours []letter) {
	if len(picked) == len(ours) {
		return
	}
	held := make(map[string]bool, len(ours))
	for _, l := range ours {
		held[l.Key] = true
	}
	for _, l := range picked {
		if !held[l.Key] {
			l.line.ready = slices.DeleteFunc(l.line.ready, func(r letter) bool { return r.Key == l.Key })
			s.tidy(l.line)
		}
	}
}

// done takes a letter back from its worker.
func (s *lines) done(n *line) {
	n.away--
	s.tidy(n)
}

// tidy takes a line out that has nothing left.
func (s *lines) tidy(n *line) {
	at := slices.Index(s.list, n)
	if at < 0 || len(n.waiting)+len(n.ready)+n.away > 0 {
		return
	}
	s.list = slices.Delete(s.list, at, at+1)
	if s.turn > at {
		s.turn--
	}
}

// ready is how many letters are ready.
func (s *lines) ready() (total int) {
	for _, n := range s.list {
		total += len(n.ready)
	}
	return total
}

// waiting tells whether letters wait for nothing but a limit: of their lane, or of the pace of all together.
func (s *lines) waiting(now time.Time) (lane, pace bool) {
	for _, n := range s.list {
		switch {
		case len(n.waiting) == 0 || n.shut:
		case n.free(now):
			pace = true
		default:
			lane = true
		}
	}
	return lane, pace
}
