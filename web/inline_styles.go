package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// messagePolicy allows a message's stylesheets and the images that it holds itself, and nothing else.
func messagePolicy(styles []string) string {
	allowed := ""
	for _, css := range styles {
		sum := sha256.Sum256([]byte(css))
		allowed += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src" + allowed + "; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}

// extractStyles moves the style attributes of a message, which only email programs need, into a stylesheet after its own ones. A
// policy can then name all styles by their hashes. A list of hashes for single attributes would exceed the header size that some
// proxies accept (nginx: 4 KB).
func extractStyles(message string) (page []byte, styles []string, err error) {
	l := styleExtractor{classes: make(map[string]string)}
	z := html.NewTokenizer(strings.NewReader(message))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return nil, nil, fmt.Errorf("parsing a message: %w", z.Err())
			}
			return l.page(), append(l.sheets, l.extracted.String()), nil
		case html.StartTagToken, html.SelfClosingTagToken:
			l.writeTag(z.Token())
		default:
			l.writeOther(kind, z)
		}
	}
}

type styleExtractor struct {
	out       bytes.Buffer
	headEnd   int               // offset of </head> in out
	sheets    []string          // the message's own stylesheets
	extracted strings.Builder   // the extracted rules
	classes   map[string]string // by style attribute
	inStyle   bool
}

// writeTag writes a tag with a class instead of its style attribute.
func (l *styleExtractor) writeTag(t html.Token) {
	l.inStyle = t.Data == "style"
	var rest []html.Attribute
	class, style := "", ""
	for _, a := range t.Attr {
		switch a.Key {
		case "class":
			class = a.Val
		case "style":
			style = a.Val
		case "aria-roledescription": // "email": on its own page it is the main content
		case "role":
			if a.Val == "article" {
				a.Val = "main"
			}
			rest = append(rest, a)
		default:
			rest = append(rest, a)
		}
	}
	if style != "" {
		class = strings.TrimSpace(class + " " + l.classFor(style))
	}
	if class != "" {
		rest = append([]html.Attribute{{Key: "class", Val: class}}, rest...)
	}
	t.Attr = rest
	l.out.WriteString(t.String())
}

// classFor returns the class that replaces a style attribute.
func (l *styleExtractor) classFor(style string) string {
	name, known := l.classes[style]
	if known || strings.ContainsAny(style, "{}<") {
		return name
	}
	name = fmt.Sprintf("pv%d", len(l.classes))
	l.classes[style] = name
	fmt.Fprintf(&l.extracted, ".%s{%s}\n", name, style)
	return name
}

func (l *styleExtractor) writeOther(kind html.TokenType, z *html.Tokenizer) {
	raw := z.Raw()
	if kind == html.TextToken && l.inStyle {
		l.sheets = append(l.sheets, string(raw))
	}
	if name, _ := z.TagName(); kind == html.EndTagToken && string(name) == "head" {
		l.headEnd = l.out.Len()
	}
	l.inStyle = false
	l.out.Write(raw)
}

// page inserts the extracted stylesheet at the end of the head.
func (l *styleExtractor) page() []byte {
	sheet := "<style>" + l.extracted.String() + "</style>"
	return bytes.Join([][]byte{l.out.Bytes()[:l.headEnd], l.out.Bytes()[l.headEnd:]}, []byte(sheet))
}
