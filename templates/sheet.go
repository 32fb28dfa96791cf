package templates

import (
	"html"
	"strings"
	"unicode/utf8"

	"postrider/internal/qp"
)

// hole is a place in a rendered template that differs between members. The template prints it as a
// noncharacter, which no text from outside may hold (Unicode, 23.7: "for internal use").
type hole rune

const (
	firstHole = '\uFDD0'
	lastHole  = '\uFDEF'
)

const (
	holeBody hole = firstHole + iota
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

func (h hole) String() string { return string(rune(h)) }

// index numbers the holes from 0.
func (h hole) index() int { return int(h - firstHole) }

// sheet is a rendered template, encoded, with its holes open.
type sheet struct {
	parts []qp.Text // one more than holes
	holes []hole
	size  int // bytes before encoding, without what goes into the holes
}

// cut opens the holes of a rendered template and encodes what stands between them.
func cut(s string) sheet {
	var out sheet
	from := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= firstHole && r <= lastHole {
			out.add(s[from:i])
			out.holes = append(out.holes, hole(r))
			from = i + n
		}
		i += n
	}
	out.add(s[from:])
	return out
}

func (s *sheet) add(part string) {
	t := qp.Encode(part)
	s.parts = append(s.parts, t)
	s.size += t.Size
}

// lay adds the sheet to a rope, the same text in all its holes.
func (s *sheet) lay(rope qp.Rope, fill qp.Text) qp.Rope {
	for i := range s.holes {
		rope = append(rope, s.parts[i], fill)
	}
	return append(rope, s.parts[len(s.parts)-1])
}

// filling is what goes into each of the holes.
type filling [holes]qp.Text

// layAll adds the sheet to a rope, each hole with its own text.
func (s *sheet) layAll(rope qp.Rope, fill *filling) qp.Rope {
	for i, h := range s.holes {
		rope = append(rope, s.parts[i], fill[h.index()])
	}
	return append(rope, s.parts[len(s.parts)-1])
}

// full is the size of the sheet with its holes filled.
func (s *sheet) full(fill *filling) int {
	n := s.size
	for _, h := range s.holes {
		n += fill[h.index()].Size
	}
	return n
}

// openAddresses gives the holes in addresses their signs back: html/template has written them as %xx.
func openAddresses(s string) string {
	for h := hole(firstHole); h.index() < holes; h++ {
		s = strings.ReplaceAll(s, percent(h), h.String())
	}
	return s
}

func percent(h hole) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(h.String()) {
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// escape makes a personal text fit for a hole in HTML, between tags or in a quoted attribute.
func escape(s string) string { return html.EscapeString(s) }
