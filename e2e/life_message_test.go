package e2e

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

var mybbPostLink = regexp.MustCompile(`#pid(\d+)`)

// readDelivered returns the Message-ID of a message, and the posts that its text part links to, each once.
func readDelivered(t *testing.T, raw []byte) (d delivered) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Errorf("reading a message: %v", err)
		return d
	}
	d.id = m.Header.Get("Message-ID")
	text := textPart(t, m)
	for _, link := range mybbPostLink.FindAllStringSubmatch(text, -1) {
		id, _ := strconv.ParseInt(link[1], 10, 64)
		if !slices.Contains(d.posts, id) {
			d.posts = append(d.posts, id)
		}
	}
	return d
}

// textPart returns the decoded text part of a message, whether it has an HTML part or not.
func textPart(t *testing.T, m *netmail.Message) string {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Errorf("reading a message: %v", err)
		return ""
	}
	body := m.Body
	if kind == "multipart/alternative" {
		part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
		if err != nil {
			t.Errorf("reading a message: %v", err)
			return ""
		}
		body = part
	}
	text, err := io.ReadAll(quotedprintable.NewReader(body))
	if err != nil {
		t.Errorf("reading a message: %v", err)
	}
	return string(text)
}
