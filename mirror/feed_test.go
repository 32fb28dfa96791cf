package mirror

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// feedServer serves what a test says.
type feedServer struct {
	*httptest.Server
	answer   http.HandlerFunc
	mu       sync.Mutex
	requests []*http.Request
	log      bytes.Buffer
}

func newFeedServer(t *testing.T) *feedServer {
	t.Helper()
	s := &feedServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// count returns how many requests there were.
func (s *feedServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// serve answers with a text.
func (s *feedServer) serve(text string) {
	s.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// poll polls the feed of the server, which must be due.
func (s *feedServer) poll(t *testing.T, db *DB, now time.Time) (changed int) {
	t.Helper()
	before := s.count()
	p := Poller{DB: db, Feeds: []Feed{{URL: s.URL + "/feed", Section: "News"}}, Log: slog.New(slog.NewTextHandler(&s.log, nil)), Agent: "Postrider (test)"}
	changed, err := p.PollDue(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if s.count() == before {
		t.Fatalf("at %v the feed is not due", now)
	}
	return changed
}

// rss returns a feed with items: each has an ID, and may have a date and a text.
func rss(items ...string) string {
	var all strings.Builder
	for _, item := range items {
		id, rest, _ := strings.Cut(item, " ")
		date, text, _ := strings.Cut(rest, " ")
		if date != "" && date != "-" {
			at, err := time.Parse(time.RFC3339, date)
			if err != nil {
				panic(err)
			}
			date = "<pubDate>" + at.Format(time.RFC1123Z) + "</pubDate>"
		} else {
			date = ""
		}
		fmt.Fprintf(&all, `<item><title>Item %s</title><link>https://news.example/%[1]s</link><guid>%[1]s</guid>%s<description><![CDATA[%s]]></description></item>`, id, date, text)
	}
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://news.example/</link>` + all.String() + `</channel></rss>`
}

const posts = "SELECT t.title, p.body, p.posted_at, p.address FROM post p JOIN thread t ON t.id = p.thread_id ORDER BY p.id"

func TestFeed_BringsOnlyWhatIsNewerThanTheFirstPoll(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		s := newFeedServer(t)
		s.serve(rss("old - a", "older 2026-05-01T00:00:00Z b"))
		if n := s.poll(t, db, noon); n != 0 || rows(t, db, posts) != "" {
			t.Errorf("the first poll brings %d: %s", n, rows(t, db, posts))
		}
		if !strings.Contains(s.log.String(), "first poll of a feed") || !strings.Contains(s.log.String(), "items=2") {
			t.Errorf("the log says %s", &s.log)
		}
		s.serve(rss("new 2026-05-04T12:10:00Z <p>x", "undated - y", "future 2027-01-01T00:00:00Z z", "archive 2026-04-01T00:00:00Z w", "old - changed"))
		later := noon.Add(20 * time.Minute)
		if n := s.poll(t, db, later); n != 3 {
			t.Errorf("%d posts, want 3", n)
		}
		want := fmt.Sprintf("Item undated|y|%d|https://news.example/undated Item new|<p>x|%d|https://news.example/new Item future|z|%d|https://news.example/future",
			later.Unix(), noon.Add(10*time.Minute).Unix(), later.Unix())
		if got := rows(t, db, posts); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		s.serve(rss("new 2026-05-04T12:10:00Z <p>edited", "undated - y"))
		if n := s.poll(t, db, later.Add(20*time.Minute)); n != 1 {
			t.Errorf("after an edit %d posts changed, want 1", n)
		}
		if got := rows(t, db, "SELECT body, changes FROM post WHERE body LIKE '<p>%'"); got != "<p>edited|1" {
			t.Errorf("after an edit: %s", got)
		}
		if got := rows(t, db, "SELECT title, address FROM section"); got != "News|https://news.example/" {
			t.Errorf("section %s", got)
		}
	})
}

func TestFeed_KnowsItemsWithANewID(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		s := newFeedServer(t)
		renamed := func(feed, from, to string) string {
			return strings.ReplaceAll(feed, "<guid>"+from+"</guid>", "<guid>"+to+"</guid>")
		}
		feed := rss("old - a")
		s.serve(feed)
		s.poll(t, db, noon)
		feed = rss("new 2026-05-04T12:10:00Z b", "undated - c", "old - a")
		s.serve(feed)
		if n := s.poll(t, db, noon.Add(time.Hour)); n != 2 {
			t.Fatalf("%d posts, want 2", n)
		}
		for i := range 2 {
			for _, id := range []string{"old", "new", "undated"} {
				feed = renamed(feed, id, fmt.Sprint(id, i))
			}
			s.serve(feed)
			if n := s.poll(t, db, noon.Add(time.Duration(i+2)*time.Hour)); n != 0 {
				t.Errorf("with other IDs: %d posts, want none: %s", n, rows(t, db, posts))
			}
		}
		s.serve(strings.ReplaceAll(renamed(feed, "new", "moved"), "news.example/new", "moved.example/new"))
		if n := s.poll(t, db, noon.Add(4*time.Hour)); n != 1 || rows(t, db, "SELECT address FROM post ORDER BY id LIMIT 1 OFFSET 1") != "https://moved.example/new" {
			t.Errorf("after a move: %d posts changed, want 1: %s", n, rows(t, db, posts))
		}
		if got := rows(t, db, "SELECT COUNT(*) FROM feed_item"); got != "3" {
			t.Errorf("%s items are remembered, want 3", got)
		}
	})
}

func TestFeed_TakesItemsThatAreInTheFeedTogetherForTwo(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	s := newFeedServer(t)
	s.serve(rss())
	s.poll(t, db, noon)
	const first = `<item><title>Photo</title><guid>1</guid><pubDate>Mon, 04 May 2026 12:10:00 GMT</pubDate></item>`
	both := first + strings.Replace(first, "<guid>1", "<guid>2", 1)
	for i, items := range []string{first, both, both} {
		s.serve(strings.Replace(rss(), "</channel>", items+"</channel>", 1))
		if n, want := s.poll(t, db, noon.Add(time.Duration(i+1)*time.Hour)), []int{1, 1, 0}[i]; n != want {
			t.Errorf("poll %d: %d posts, want %d", i+2, n, want)
		}
	}
}

func TestFeed_ReadsAllFormats(t *testing.T) {
	for name, item := range map[string]func(id string) string{
		"RSS": func(id string) string { return rss(id + " - <p>text") },
		"Atom": func(id string) string {
			return `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>t</id><updated>2026-05-04T12:00:00Z</updated><entry><title>Item ` + id +
				`</title><id>` + id + `</id><link href="https://news.example/` + id + `"/><content type="html">&lt;p&gt;text</content><author><name>Ann</name></author></entry></feed>`
		},
		"JSON Feed": func(id string) string {
			return `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"` + id + `","title":"Item ` + id +
				`","url":"https://news.example/` + id + `","content_html":"<p>text","authors":[{"name":"Ann"}]}]}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
			s := newFeedServer(t)
			s.serve(item("a"))
			s.poll(t, db, noon)
			s.serve(item("b"))
			if n := s.poll(t, db, noon.Add(time.Hour)); n != 1 {
				t.Errorf("%d posts, want 1; the log says %s", n, &s.log)
			}
			if got, want := rows(t, db, posts), fmt.Sprintf("Item b|<p>text|%d|https://news.example/b", noon.Add(time.Hour).Unix()); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestFeed_AsksOnlyForChanges(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	s := newFeedServer(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == "Mon, 04 May 2026 11:00:00 GMT" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 04 May 2026 11:00:00 GMT")
		fmt.Fprint(w, rss("a"))
	}
	s.poll(t, db, noon)
	for i := range 2 {
		s.poll(t, db, noon.Add(time.Duration(i+1)*time.Hour))
		if got := s.requests[len(s.requests)-1].Header.Get("If-None-Match"); got != `"1"` {
			t.Errorf("poll %d asks with If-None-Match %q", i+2, got)
		}
	}
	states, err := db.FeedStates(t.Context(), []Feed{{URL: s.URL + "/feed"}})
	if err != nil || states[0].Error != "" || states[0].BeganAt != noon.Unix() {
		t.Errorf("state %+v, %v", states, err)
	}
}

func TestFeed_WaitsLongerAfterEachFailure(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	s := newFeedServer(t)
	feeds := []Feed{{URL: s.URL + "/feed"}}
	now := noon
	for i, f := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
		wait   time.Duration
	}{
		{"malformed", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<rss><channel><item>") }, "is no RSS, Atom or JSON Feed", 15 * time.Minute},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html><p>Hello") }, "is no RSS, Atom or JSON Feed", 30 * time.Minute},
		{"missing", http.NotFound, "the server answers 404", time.Hour},
		{"a loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/feed", http.StatusFound) }, "more than 5 redirects", 2 * time.Hour},
		{"another protocol", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "another kind of address", 4 * time.Hour},
		{"huge", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", maxFeed+1)) }, "more than 5 MB", 8 * time.Hour},
		{"asks to wait", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "80000")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "429", 80000 * time.Second},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "<rss>")
		}, "unexpected EOF", 24 * time.Hour},
	} {
		s.answer = f.answer
		s.poll(t, db, now)
		states, err := db.FeedStates(t.Context(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		got := states[0]
		if !strings.Contains(got.Error, f.want) || got.Failures != int64(i+1) || got.NextAt != now.Add(f.wait).Unix() || strings.Contains(got.Error, s.URL) {
			t.Errorf("%s: %+v, next in %ds; want %q, next in %v", f.name, got, got.NextAt-now.Unix(), f.want, f.wait)
		}
		now = time.Unix(got.NextAt, 0)
	}
	s.serve(rss("a"))
	s.poll(t, db, now)
	if states, err := db.FeedStates(t.Context(), feeds); err != nil || states[0].Error != "" || states[0].Failures != 0 || !strings.Contains(s.log.String(), "can be read again") {
		t.Errorf("after all: %+v, %v", states, err)
	}
}

func TestFeed_GivesUpOnASlowServer(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	s := newFeedServer(t)
	release := make(chan struct{})
	s.answer = func(http.ResponseWriter, *http.Request) { <-release }
	defer close(release)
	p := Poller{DB: db, Feeds: []Feed{{URL: s.URL, Section: "News"}}, Log: slog.New(slog.NewTextHandler(&s.log, nil)), timeout: 50 * time.Millisecond}
	if _, err := p.PollDue(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.log.String(), "cannot read a feed") {
		t.Errorf("the log says %s", &s.log)
	}
}

func TestConfig_NamesTheWrongFeed(t *testing.T) {
	c := DefaultConfig()
	c.Feeds = []Feed{{URL: "https://a.example/", Section: "A"}, {URL: "ftp://a.example/", Section: "A"}, {URL: "https://a.example/", Interval: time.Second}}
	err := c.Validate()
	for _, want := range []string{"feeds[1].url: invalid URL", "feeds[2].url: this feed is listed twice", "feeds[2].section: missing", "feeds[2].interval: invalid duration 1s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if strings.Contains(fmt.Sprint(err), "feeds[0]") {
		t.Errorf("a valid feed is wrong: %v", err)
	}
}

func FuzzFeed(f *testing.F) {
	f.Add(rss("a 2026-05-04T12:00:00Z <p>x"))
	f.Add(`{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","content_html":"x"}]}`)
	f.Add(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><id>1</id></entry></feed>`)
	f.Fuzz(func(t *testing.T, text string) {
		feed, err := parseFeed([]byte(text))
		if err != nil {
			return
		}
		for _, item := range feed.Items {
			th, p := threadOf(item, "key", "section")
			if err := (&Request{Threads: []Thread{th}, Posts: []Post{{ID: "p", Thread: "t", HTML: "x", URL: p.URL, AuthorName: p.AuthorName}}}).check(); err != nil {
				t.Errorf("an item becomes what could not be sent: %v", err)
			}
		}
	})
}

// answerRaw answers with bytes that net/http would not send.
func (s *feedServer) answerRaw(head, body string) {
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
}

func TestFeed_KeepsNothingHarmfulOfAnAnswer(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		s := newFeedServer(t)
		s.answerRaw("HTTP/1.1 500 \x1b[2J\x1b]0;x\x07\xff"+strings.Repeat("a", 10_000), "")
		s.poll(t, db, noon)
		states, err := db.FeedStates(t.Context(), []Feed{{URL: s.URL + "/feed"}})
		if err != nil || !strings.HasPrefix(states[0].Error, "the server answers 500 [2J") || len(states[0].Error) > 2*maxError || strings.Contains(states[0].Error, "\x1b") {
			t.Errorf("after an odd status: error %q, %v", states[0].Error, err)
		}
		s.answerRaw("HTTP/1.1 200 OK\r\nETag: \"\xff\xfe\"\r\nLast-Modified: "+strings.Repeat("a", 10_000), rss("a"))
		s.poll(t, db, noon.Add(time.Hour))
		s.poll(t, db, noon.Add(2*time.Hour))
		asked := s.requests[len(s.requests)-1].Header
		if states, err = db.FeedStates(t.Context(), []Feed{{URL: s.URL + "/feed"}}); err != nil || states[0].BeganAt == 0 || asked.Get("If-None-Match")+asked.Get("If-Modified-Since") != "" {
			t.Errorf("after odd headers: %+v, asked with %v, %v", states, asked, err)
		}
	})
}
