package templates

import (
	"html"
	"strings"
	"unicode/utf8"

	"postrider/internal/qp"
)

// slot is a place in a rendered template that differs between members. The template prints it as a
// noncharacter, which no text from outside may hold (Unicode, 23.7: "for internal use").
type slot rune

const (
	firstHole = '\uFDD0'
	lastHole  = '\uFDEF'
)

const (
	slotBody slot = firstHole + iota
	holeTime
	holeSubject
	holePreheader
	holeDate
	holeSummary
	holeMember
	holeZone
	holeSettings
	holeUnsubscribe
	holeWhy
	holeStop
	holeStopAll
	holeView
	holes = iota
)

func (h slot) String() string { return string(rune(h)) }

// index numbers the holes from 0.
func (h slot) index() int { return int(h - firstHole) }

// compiled is a rendered template, encoded, with its holes open.
type compiled struct {
	parts []qp.Text // one more than holes
	holes []slot
	size  int // bytes before encoding, without what goes into the holes
}

// compile opens the holes of a rendered template and encodes what stands between them.
func compile(s string) compiled {
	var out compiled
	from := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= firstHole && r <= lastHole {
			out.add(s[from:i])
			out.holes = append(out.holes, slot(r))
			from = i + n
		}
		i += n
	}
	out.add(s[from:])
	return out
}

func (s *compiled) add(part string) {
	t := qp.Encode(part)
	s.parts = append(s.parts, t)
	s.size += t.Size
}

// lay adds the sheet to a rope, the same text in all its holes.
func (s *compiled) lay(rope qp.Pieces, fill qp.Text) qp.Pieces {
	for i := range s.holes {
		rope = append(rope, s.parts[i], fill)
	}
	return append(rope, s.parts[len(s.parts)-1])
}

// slotValues is what goes into each of the holes.
type slotValues [holes]qp.Text

// execute adds the sheet to a rope, each hole with its own text.
func (s *compiled) execute(rope qp.Pieces, fill *slotValues) qp.Pieces {
	for i, h := range s.holes {
		rope = append(rope, s.parts[i], fill[h.index()])
	}
	return append(rope, s.parts[len(s.parts)-1])
}

// filledSize is the size of the sheet with its holes filled.
func (s *compiled) filledSize(fill *slotValues) int {
	n := s.size
	for _, h := range s.holes {
		n += fill[h.index()].Size
	}
	return n
}

// unescapeSlotsInURLs gives the holes in addresses their signs back: html/template has written them as %xx.
func unescapeSlotsInURLs(s string) string {
	for h := slot(firstHole); h.index() < holes; h++ {
		s = strings.ReplaceAll(s, percentEncode(h), h.String())
	}
	return s
}

func percentEncode(h slot) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(h.String()) {
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// escape makes a personal text fit for a hole in HTML, between tags or in a quoted attribute.
func escape(s string) string { return html.EscapeString(s) }
