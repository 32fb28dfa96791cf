package mirror

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// blog is a feed with comments, as WordPress has it.
type blog struct {
	*feedServer
	db       *DB
	items    string
	comments map[string]string // feeds, by the path
}

func newBlog(t *testing.T, db *DB) *blog {
	t.Helper()
	b := &blog{feedServer: newFeedServer(t), db: db, comments: make(map[string]string)}
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			w.Header().Set("ETag", `"always the same"`)
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified) // although there are new comments
				return
			}
			fmt.Fprint(w, `<?xml version="1.0"?><rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel><title>T</title>`+b.items+`</channel></rss>`)
			return
		}
		if b.comments[r.URL.Path] == "" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, b.comments[r.URL.Path])
	}
	return b
}

// item is an article with a feed of comments at a path, and their number.
func (b *blog) item(id, path string, at time.Time, count int) string {
	return fmt.Sprintf(`<item><title>Item %s</title><guid>%[1]s</guid><pubDate>%s</pubDate><description>Text</description><wfw:commentRss>%s</wfw:commentRss><slash:comments>%d</slash:comments></item>`,
		id, at.Format(time.RFC1123Z), b.URL+path, count)
}

// pollAt polls the blog, and returns how many posts changed and which feeds of comments were read.
func (b *blog) pollAt(t *testing.T, now time.Time) (changed int, read []string) {
	t.Helper()
	before := b.count()
	p := Poller{DB: b.db, Feeds: []Feed{{URL: b.URL + "/feed", Section: "News", Comments: true}}, Log: slog.New(slog.NewTextHandler(&b.log, nil))}
	changed, err := p.PollDue(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.requests[before:] {
		if r.URL.Path != "/feed" {
			read = append(read, r.URL.Path)
		}
	}
	return changed, read
}

const replies = "SELECT p.body, p.author_name, t.title FROM post p JOIN thread t ON t.id = p.thread_id WHERE t.first_post_id <> p.id ORDER BY p.id"

func TestComments_BecomeReplies(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		b := newBlog(t, db)
		b.items = b.item("old", "/old", noon.Add(-time.Hour), 3)
		b.pollAt(t, noon)
		later := noon.Add(time.Hour)
		b.items += b.item("new", "/new", later, 0)
		if changed, read := b.pollAt(t, later); changed != 1 || read != nil {
			t.Fatalf("%d changed, read %v; want the item alone", changed, read)
		}
		comment := func(id, author, text string, at time.Time) string {
			return fmt.Sprintf(`<item><title>By: %s</title><guid>%s</guid><pubDate>%s</pubDate><dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">%[1]s</dc:creator><description>%[4]s</description></item>`, author, id, at.Format(time.RFC1123Z), text)
		}
		feed := func(items ...string) string {
			return `<?xml version="1.0"?><rss version="2.0"><channel><title>C</title>` + strings.Join(items, "") + `</channel></rss>`
		}
		first, second := comment("c1", "Joe", "At last", later.Add(time.Minute)), comment("c2", "Kim", "Indeed", later.Add(2*time.Minute))
		b.comments["/new"] = feed(second, first)
		b.items = b.item("old", "/old", noon.Add(-time.Hour), 4) + b.item("new", "/new", later, 2)
		if changed, read := b.pollAt(t, later.Add(time.Hour)); changed != 2 || fmt.Sprint(read) != "[/new]" {
			t.Errorf("%d changed, read %v; want two comments of the new item: the old one is no post", changed, read)
		}
		if got, want := rows(t, db, replies), "At last|Joe|Item new Indeed|Kim|Item new"; got != want {
			t.Errorf("replies are %s, want %s", got, want)
		}
		if changed, read := b.pollAt(t, later.Add(2*time.Hour)); changed != 0 || read != nil {
			t.Errorf("with as many comments as before: %d changed, read %v", changed, read)
		}
		b.comments["/new"] = feed(comment("c3", "Lou", "Late", later.Add(3*time.Hour)), second, first)
		b.items = b.item("new", "/new", later, 3)
		if changed, _ := b.pollAt(t, later.Add(3*time.Hour)); changed != 1 {
			t.Errorf("one more comment: %d changed", changed)
		}
		b.items = b.item("new", "/new", later, 4)
		if _, read := b.pollAt(t, later.Add(15*24*time.Hour)); read != nil {
			t.Errorf("two weeks later, read %v", read)
		}
	})
}

func TestComments_FailuresAreTriedAgain(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	b := newBlog(t, db)
	b.pollAt(t, noon)
	b.items = b.item("new", "/gone", noon.Add(time.Hour), 1)
	for i := range 2 {
		if _, read := b.pollAt(t, noon.Add(time.Duration(i+1)*time.Hour)); fmt.Sprint(read) != "[/gone]" {
			t.Errorf("poll %d reads %v", i+1, read)
		}
	}
	if !strings.Contains(b.log.String(), "cannot read the comments of an item") || strings.Contains(b.log.String(), "cannot read a feed") {
		t.Errorf("the log says %s", &b.log)
	}
}

func TestComments_AreLimitedPerPoll(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	b := newBlog(t, db)
	b.pollAt(t, noon)
	for i := range commentFeedsAtOnce + 2 {
		path := fmt.Sprintf("/c%d", i)
		b.comments[path] = rss("x" + fmt.Sprint(i) + " - text")
		b.items += b.item(fmt.Sprint(i), path, noon.Add(time.Duration(i+1)*time.Minute), 1)
	}
	if _, read := b.pollAt(t, noon.Add(time.Hour)); len(read) != commentFeedsAtOnce || read[0] != fmt.Sprintf("/c%d", commentFeedsAtOnce+1) {
		t.Errorf("read %v, want %d, the newest first", read, commentFeedsAtOnce)
	}
	if _, read := b.pollAt(t, noon.Add(2*time.Hour)); len(read) != 2 {
		t.Errorf("then read %v, want the other two", read)
	}
}
