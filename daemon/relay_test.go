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

// fakeRelay is a Sender that does what a test tells it.
type fakeRelay struct {
	clock  func() time.Time
	answer func(to string, attempt int) mail.Outcome // nil: all is accepted

	mu    sync.Mutex
	calls int
	tries []attempt
}

// attempt is one hand-over, whatever came of it.
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

// answerWith makes the relay answer everything alike.
func (r *fakeRelay) answerWith(result mail.Result, code int) {
	r.answer = func(string, int) mail.Outcome {
		return mail.Outcome{Result: result, Code: code, Reply: "as configured"}
	}
}

// acceptAll makes the relay take everything again.
func (r *fakeRelay) acceptAll() { r.answer = nil }

// messages gives every hand-over so far.
func (r *fakeRelay) messages() []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tries)
}

// forget forgets the hand-overs so far.
func (r *fakeRelay) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = nil
}

// takeMessages lists the posts of each mail that was accepted for an address since it was last asked for that address.
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

// parseMessage reads a mail: its head, its text and its HTML, which a mail of text alone has not.
func parseMessage(t testing.TB, raw []byte) (head netmail.Header, text, html string) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("not a mail: %v", err)
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

// postsOf lists the posts that a mail shows, rising. Its text and its HTML must show the same.
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
