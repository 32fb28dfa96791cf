package bounce

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"
)

// mimeWalker collects what the parts of a message contain.
type mimeWalker struct {
	parts     int // that may still be read
	statuses  []header
	feedback  header
	receipt   bool
	complains bool // Microsoft's junk mail report: our message with an added field
	originals []Original
	text      strings.Builder
	html      strings.Builder
}

// walk reads a part and its nested parts.
func (w *mimeWalker) walk(head header, body []byte, depth int) {
	if w.parts <= 0 || depth > maxDepth {
		return
	}
	w.parts--
	kind, params := contentType(head)
	if strings.HasPrefix(kind, "multipart/") {
		parts := splitParts(body, params["boundary"])
		if len(parts) == 0 {
			parts = splitParts(body, guessBoundary(body))
		}
		if len(parts) == 0 {
			appendText(&w.text, toUTF8(body, params["charset"]))
		}
		for _, part := range parts {
			head, body := readHeader(part)
			w.walk(head, body, depth+1)
		}
		return
	}
	body = decode(head, body)
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		w.statuses = append(w.statuses, readGroups(toUTF8(body, params["charset"]))...)
	case "message/feedback-report":
		if groups := readGroups(body); w.feedback == nil && len(groups) > 0 {
			w.feedback = groups[0]
			w.addOriginal(Original{ReturnPath: w.feedback.get("Original-Mail-From")})
		}
	case "message/disposition-notification", "message/global-disposition-notification":
		w.receipt = true
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "message/rfc822", "message/global", "message/partial":
		w.walkOriginal(body, depth)
	case "text/html":
		appendText(&w.html, toUTF8(body, params["charset"]))
	case "text/plain", "":
		appendText(&w.text, toUTF8(body, params["charset"]))
	}
}

// walkOriginal reads a copy of our message. It can also be a report that was forwarded as an attachment.
func (w *mimeWalker) walkOriginal(body []byte, depth int) {
	head, rest := splitMessage(body)
	w.addOriginal(readOriginal(head))
	w.complains = w.complains || head.get("X-HmXmrOriginalRecipient") != ""
	if kind, _ := contentType(head); kind == "multipart/report" && len(w.statuses) == 0 && w.feedback == nil {
		w.walk(head, rest, depth+1)
	}
}

func readOriginal(head header) Original {
	o := Original{MessageID: head.get("Message-ID"), Unsubscribe: head.get("List-Unsubscribe")}
	if path := addresses(head.get("Return-Path")); len(path) > 0 {
		o.ReturnPath = path[0]
	}
	return o
}

func (w *mimeWalker) addOriginal(o Original) {
	if path := addresses(o.ReturnPath); len(path) > 0 {
		o.ReturnPath = path[0]
	}
	if o != (Original{}) && len(w.originals) < maxOriginals {
		w.originals = append(w.originals, o)
	}
}

// plainText returns the text of the message; if it has none, that of its HTML.
func (w *mimeWalker) plainText() string {
	if text := w.text.String(); strings.TrimSpace(text) != "" {
		return text
	}
	return withoutTags(w.html.String())
}

func appendText(into *strings.Builder, text []byte) {
	into.Write(text[:min(len(text), maxText-into.Len())])
	if into.Len() < maxText {
		into.WriteByte('\n')
	}
}

// plainBoundary finds the boundary in a malformed Content-Type.
var plainBoundary = regexp.MustCompile(`(?i)boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))`)

// contentType returns the media type of a part; "" if it has none.
func contentType(head header) (kind string, params map[string]string) {
	value := head.get("Content-Type")
	kind, params, err := mime.ParseMediaType(value)
	if err == nil || kind != "" && len(params) > 0 {
		return kind, params
	}
	params = make(map[string]string)
	if m := plainBoundary.FindStringSubmatch(value); m != nil {
		params["boundary"] = m[1] + m[2]
	}
	return strings.ToLower(firstWord(value)), params
}

// guessBoundary returns the boundary that a body uses, if the header names another one or none: a gateway changed one of them. It is
// the first line that begins like one.
func guessBoundary(body []byte) string {
	for line := range bytes.Lines(body) {
		mark, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("--"))
		if found && len(mark) >= 8 && len(mark) <= 200 && !bytes.ContainsAny(mark, " \t") && len(bytes.Trim(mark, "-=_")) > 0 {
			return string(mark)
		}
	}
	return ""
}

// splitParts splits a multipart body. It drops the text before the first boundary and after the last. A part without an
// end boundary ends with the body, which is more lenient than RFC 2046, 5.1.1.
func splitParts(body []byte, boundary string) (parts [][]byte) {
	if boundary == "" {
		return nil
	}
	mark := []byte("--" + boundary)
	start := -1
	for at := 0; at < len(body); {
		end := bytes.IndexByte(body[at:], '\n') + 1
		if end == 0 {
			end = len(body) - at
		}
		line := body[at : at+end]
		if after, found := bytes.CutPrefix(line, mark); found && isBoundaryEnd(after) {
			if start >= 0 {
				parts = append(parts, body[start:at])
			}
			start = at + end
			if bytes.HasPrefix(after, []byte("--")) || len(parts) >= maxParts {
				return parts
			}
		}
		at += end
	}
	if start >= 0 {
		parts = append(parts, body[start:])
	}
	return parts
}

// isBoundaryEnd reports whether the boundary ends here: another boundary may have it as a prefix.
func isBoundaryEnd(after []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(after, []byte("--")))) == 0
}

// decode removes the transfer encoding, as far as it is valid.
func decode(head header, body []byte) []byte {
	switch strings.ToLower(firstWord(head.get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		text, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))) // keep what was read before an error
		return text
	case "base64":
		text, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.Join(bytes.Fields(body), nil))))
		return text
	}
	return body
}

// readGroups reads groups of fields separated by blank lines. Some servers omit the blank line, so a second
// Final-Recipient also starts a group.
func readGroups(text []byte) (groups []header) {
	for len(text) > 0 {
		var h header
		h, text = readHeader(text)
		start := 0
		for i, f := range h {
			if i > start && f.name == "final-recipient" && h[start:i].get("Final-Recipient") != "" {
				groups, start = append(groups, h[start:i]), i
			}
		}
		if len(h) > start {
			groups = append(groups, h[start:])
		}
		if len(groups) > maxRecipients {
			return groups[:maxRecipients]
		}
	}
	return groups
}
