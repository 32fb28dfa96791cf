package templates

import (
	"html"
	"strings"
	"unicode/utf8"

	"postrider/internal/qp"
)

// slot is a place in a rendered template that differs between members. The template prints it as a noncharacter,
// which outside text must not contain (Unicode, 23.7: "for internal use").
type slot rune

const (
	firstSlot = '\uFDD0'
	lastSlot  = '\uFDEF'
)

const (
	slotBody slot = firstSlot + iota
	slotTime
	slotSubject
	slotPreheader
	slotDate
	slotSummary
	slotMember
	slotZone
	slotSettings
	slotUnsubscribe
	slotWhy
	slotStop
	slotStopAll
	slotView
	slotMute
	slotCount = iota
)

func (h slot) String() string { return string(rune(h)) }

// index returns the position of the slot, from 0.
func (h slot) index() int { return int(h - firstSlot) }

// compiled is a rendered template, encoded, with open slots.
type compiled struct {
	parts []qp.Text // one more than slots
	slots []slot
	size  int // bytes before encoding, without the values of the slots
}

// compile splits a rendered template at its slots and encodes the parts between them.
func compile(s string) compiled {
	var out compiled
	from := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= firstSlot && r <= lastSlot {
			out.add(s[from:i])
			out.slots = append(out.slots, slot(r))
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

// slotValues holds the value of each slot.
type slotValues [slotCount]qp.Text

// execute appends the template to out, with each slot's value.
func (s *compiled) execute(out qp.Pieces, fill *slotValues) qp.Pieces {
	for i, h := range s.slots {
		out = append(out, s.parts[i], fill[h.index()])
	}
	return append(out, s.parts[len(s.parts)-1])
}

// filledSize returns the size of the template with its slots filled.
func (s *compiled) filledSize(fill *slotValues) int {
	n := s.size
	for _, h := range s.slots {
		n += fill[h.index()].Size
	}
	return n
}

// unescapeSlotsInURLs restores the slots in URLs: html/template wrote them as %xx.
func unescapeSlotsInURLs(s string) string {
	for h := slot(firstSlot); h.index() < slotCount; h++ {
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

// escape escapes a personal text for a slot in HTML, between tags or in a quoted attribute.
func escape(s string) string { return html.EscapeString(s) }
