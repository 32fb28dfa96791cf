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

// messagePolicy lets a mail's stylesheets work, and nothing else at all.
func messagePolicy(styles []string) string {
	allowed := ""
	for _, css := range styles {
		sum := sha256.Sum256([]byte(css))
		allowed += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src" + allowed + "; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}

// extractStyles moves what stands in the style attributes of a mail, where only mail programs need it, into a stylesheet behind
// its own ones, so that a policy can name all of them by their hashes: such a list of single attributes would be longer
// than the header that some proxies let pass (nginx: 4 KB).
func extractStyles(mail string) (page []byte, styles []string, err error) {
	l := styleExtractor{classes: make(map[string]string)}
	z := html.NewTokenizer(strings.NewReader(mail))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return nil, nil, fmt.Errorf("reading a mail: %w", z.Err())
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
	headEnd   int               // where the head of the page ends in out
	sheets    []string          // the mail's own stylesheets
	extracted strings.Builder   // what was lifted
	classes   map[string]string // by what was lifted
	inStyle   bool
}

// writeTag writes a tag, with a class in the place of its style.
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
		case "aria-roledescription": // "email": on a page of its own it is the main thing
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

// classFor is the one that says what a style said.
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

// page puts what was lifted at the end of the head.
func (l *styleExtractor) page() []byte {
	sheet := "<style>" + l.extracted.String() + "</style>"
	return bytes.Join([][]byte{l.out.Bytes()[:l.headEnd], l.out.Bytes()[l.headEnd:]}, []byte(sheet))
}
