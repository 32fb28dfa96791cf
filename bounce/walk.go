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

// mimeWalker gathers what the parts of a message say.
type mimeWalker struct {
	parts     int // that may still be looked at
	statuses  []header
	feedback  header
	receipt   bool
	complains bool // in the form of Microsoft's junk mail reports, which is none: the mail itself with a field of its own
	originals []Original
	text      strings.Builder
	html      strings.Builder
}

// walk looks at a part and at those within it.
func (w *mimeWalker) walk(head header, body []byte, depth int) {
	if w.parts <= 0 || depth > maxDepth {
		return
	}
	w.parts--
	kind, params := contentType(head)
	if strings.HasPrefix(kind, "multipart/") {
		for _, part := range splitParts(body, params["boundary"]) {
			head, body := readHeader(part)
			w.walk(head, body, depth+1)
		}
		return
	}
	body = decode(head, body)
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		w.statuses = append(w.statuses, readGroups(body)...)
	case "message/feedback-report":
		if groups := readGroups(body); w.feedback == nil && len(groups) > 0 {
			w.feedback = groups[0]
			w.original(Original{ReturnPath: w.feedback.get("Original-Mail-From")})
		}
	case "message/disposition-notification", "message/global-disposition-notification":
		w.receipt = true
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "message/rfc822", "message/global", "message/partial":
		w.returned(body, depth)
	case "text/html":
		keep(&w.html, body)
	case "text/plain", "":
		keep(&w.text, body)
	}
}

// returned looks at the mail that came back. A report may itself have been passed on as an attachment.
func (w *mimeWalker) returned(body []byte, depth int) {
	head, rest := splitMessage(body)
	w.original(readOriginal(head))
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

func (w *mimeWalker) original(o Original) {
	if path := addresses(o.ReturnPath); len(path) > 0 {
		o.ReturnPath = path[0]
	}
	if o != (Original{}) && len(w.originals) < maxOriginals {
		w.originals = append(w.originals, o)
	}
}

func keep(into *strings.Builder, text []byte) {
	into.Write(text[:min(len(text), maxText-into.Len())])
	if into.Len() < maxText {
		into.WriteByte('\n')
	}
}

// plainBoundary finds a boundary in a Content-Type that is not well formed.
var plainBoundary = regexp.MustCompile(`(?i)boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))`)

// contentType reads what a part is; "" where it does not say.
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

// splitParts divides a multipart body. What stands before the first boundary and after the last is left out; a part
// whose end is missing ends with the body (RFC 2046, 5.1.1, and what is made of it).
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

// isBoundaryEnd tells that a boundary ends here: a longer one may begin alike.
func isBoundaryEnd(after []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(after, []byte("--")))) == 0
}

// decode takes the transfer encoding off, as far as it goes.
func decode(head header, body []byte) []byte {
	switch strings.ToLower(firstWord(head.get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		text, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))) // what was read before a fault is good
		return text
	case "base64":
		text, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.Join(bytes.Fields(body), nil))))
		return text
	}
	return body
}

// readGroups reads groups of fields with blank lines between them. Who forgets the blank line begins the next
// recipient's group all the same.
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
