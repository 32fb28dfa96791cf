package daemon

import (
	"bytes"
	"context"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"postrider/forum"
	"postrider/mail"
)

// fakeRelay is a Sender with configurable replies.
type fakeRelay struct {
	clock  func() time.Time
	answer func(to string, attempt int) mail.Outcome // nil: accept all

	mu    sync.Mutex
	calls int
	tries []attempt
}

// attempt is one message sent, whatever the result.
type attempt struct {
	from, to string
	raw      []byte
	out      mail.Outcome
}

// Send implements Sender.
func (r *fakeRelay) Send(_ context.Context, from, to string, raw []byte) mail.Outcome {
	r.mu.Lock()
	r.calls++
	calls := r.calls
	r.mu.Unlock()
	out := mail.Outcome{Result: mail.Accepted, Code: 250, At: r.clock()}
	if r.answer != nil {
		out = r.answer(to, calls)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, attempt{from, to, bytes.Clone(raw), out})
	return out
}

// answerWith makes the relay reply to all messages with a result.
func (r *fakeRelay) answerWith(result mail.Result, code int) {
	r.answer = func(string, int) mail.Outcome {
		return mail.Outcome{Result: result, Code: code, Reply: "as configured"}
	}
}

// acceptAll makes the relay accept all messages again.
func (r *fakeRelay) acceptAll() { r.answer = nil }

// messages returns all attempts so far.
func (r *fakeRelay) messages() []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tries)
}

// forget removes the attempts so far.
func (r *fakeRelay) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = nil
}

// takeMessages lists the posts of each message accepted for an address since the last call for that address.
func (r *fakeRelay) takeMessages(t testing.TB, to string) [][]forum.PostID {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var lists [][]forum.PostID
	rest := r.tries[:0]
	for _, sent := range r.tries {
		if sent.to != to || sent.out.Result != mail.Accepted {
			rest = append(rest, sent)
			continue
		}
		lists = append(lists, postsOf(t, sent.raw))
	}
	r.tries = rest
	return lists
}

// parseMessage returns the header, text and HTML of a message. A plain-text message has no HTML.
func parseMessage(t testing.TB, raw []byte) (head netmail.Header, text, html string) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("invalid message: %v", err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("neither multipart nor text: %v", err)
	}
	if kind == "text/plain" {
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		return m.Header, string(body), ""
	}
	both := multipart.NewReader(m.Body, params["boundary"])
	for _, into := range []*string{&text, &html} {
		part, err := both.NextRawPart()
		if err != nil {
			t.Fatalf("a part is missing: %v", err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*into = string(body)
	}
	return m.Header, text, html
}

var postLink = regexp.MustCompile(`/posts/(\d+)/`)

// postsOf lists the posts in a message, sorted. Its text and its HTML must have the same.
func postsOf(t testing.TB, raw []byte) []forum.PostID {
	t.Helper()
	_, text, html := parseMessage(t, raw)
	inText, inHTML := linkedPosts(text), linkedPosts(html)
	if html != "" && !slices.Equal(inText, inHTML) {
		t.Errorf("the text shows posts %v, the HTML %v", inText, inHTML)
	}
	return inText
}

func linkedPosts(text string) []forum.PostID {
	found := make(map[forum.PostID]bool)
	for _, m := range postLink.FindAllStringSubmatch(text, -1) {
		id, _ := strconv.ParseInt(m[1], 10, 64) // digits, by the pattern
		found[forum.PostID(id)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// lockedWriter lets goroutines share a writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (g *lockedWriter) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.w.Write(p)
}
