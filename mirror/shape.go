package mirror

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"

	"golang.org/x/net/html/charset"
)

// The limits of a feed's shape. The parser needs a few hundred bytes for an empty element and for each level, so that without them a feed
// of 5 MB may take 2 GB. Real feeds have a few thousand elements, and ten levels.
const (
	maxParts      = 100_000 // elements, attributes, comments; the values of JSON
	maxNesting    = 1000    // <br> without an end counts
	maxNamespaces = 200
	// maxCopied is how many bytes the parser may copy, because it puts the text of an element together piece by piece.
	maxCopied = 1 << 30
)

// checkShape reports whether a feed would take too much memory or time to parse. A malformed one is left to the parser, which stops where
// this function stops.
func checkShape(text []byte) error {
	if start := bytes.TrimLeft(text, " \r\n\t\xFE\xFF\x00\xEF\xBB\xBF"); len(start) > 0 && start[0] == '{' {
		return checkJSONShape(start)
	}
	in := xml.NewDecoder(bytes.NewReader(text)) // as gofeed reads it
	in.Strict = false
	in.CharsetReader = charset.NewReaderLabel
	var s xmlShape
	for {
		token, err := in.Token()
		if err != nil {
			return nil
		}
		if err := s.add(token); err != nil {
			return err
		}
	}
}

// xmlShape is what was read of an XML document.
type xmlShape struct {
	parts, namespaces, copied int
	open                      []openElement
}

// openElement is an element that has not ended.
type openElement struct{ namespaces, text int }

func (s *xmlShape) add(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		s.start(t)
	case xml.EndElement:
		if last := len(s.open) - 1; last >= 0 {
			s.namespaces -= s.open[last].namespaces
			s.open = s.open[:last]
		}
	case xml.CharData:
		if last := len(s.open) - 1; last >= 0 {
			s.copied += s.open[last].text
			s.open[last].text += len(t)
		}
	default:
		s.parts++
	}
	switch {
	case s.parts > maxParts:
		return fmt.Errorf("the feed has more than %d elements", maxParts)
	case len(s.open) > maxNesting:
		return fmt.Errorf("the feed is nested more than %d levels deep", maxNesting)
	case s.namespaces > maxNamespaces:
		return fmt.Errorf("the feed has more than %d namespaces", maxNamespaces)
	case s.copied > maxCopied:
		return errors.New("the feed has texts of too many pieces")
	}
	return nil
}

func (s *xmlShape) start(t xml.StartElement) {
	var e openElement
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			e.namespaces++
		}
	}
	s.parts += 1 + len(t.Attr)
	s.namespaces += e.namespaces
	s.open = append(s.open, e)
}

// checkJSONShape counts values. The parser itself limits how deep they are nested.
func checkJSONShape(text []byte) error {
	if jsonParts(text) > maxParts {
		return fmt.Errorf("the feed has more than %d values", maxParts)
	}
	return nil
}

// jsonParts returns how many objects, arrays and further elements JSON has, without parsing it.
func jsonParts(text []byte) int {
	parts := 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '[' || c == ','):
			parts++
		}
	}
	return parts
}
