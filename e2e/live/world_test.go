//go:build live

package live

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// forumKind is what a trial must know about a forum's software.
type forumKind struct {
	name    string            // as in Postrider's configuration
	prepend string            // PHP that runs before each page; empty: none
	patches map[string]string // by file: pairs of lines, see patch

	postLink *regexp.Regexp                                   // a link to a post in Postrider's messages; its first group is the ID
	anchor   func(post int64) string                          // the id attribute of a post on its page
	notice   func(w *world, text string) (n notice, own bool) // reads the text of a message of the forum; false: it is not about a post
	failure  func(p *page) string                             // what a page complains about; empty: nothing
	flush    func(w *world)                                   // makes the forum send what it has queued; nil: it has no queue
	watched  func(w *world, member string) []int64            // posts of others that a member watches and may read, by another query than Postrider's
}

// world is a forum that runs, and Postrider beside it.
type world struct {
	*testing.T
	kind       forumKind
	dir        string // of the forum's code
	url        string // of the forum, without a slash at the end
	dsn        *url.URL
	db         *sql.DB          // the forum's, for looking only
	forumMail  *smtptest.Server // receives what the forum sends
	ourMail    *smtptest.Server // receives what Postrider sends
	postrider  *postrider
	browsers   map[string]*browser
	addresses  map[string]string          // names of members by address
	barred     map[string]string          // members who must get no email, and why
	lazy       map[string]bool            // members who do not open the links of their email
	firstPosts map[int64]int64            // of threads that people have started; they may be gone
	latest     map[string]smtptest.Letter // of Postrider, by name of the member
	comparison                            // what was compared so far
}

// newWorld starts a database, a copy of the forum's code on PHP's own web server, and two inboxes. FORUM_SOURCE is the folder with the code.
func newWorld(t *testing.T, kind forumKind) *world {
	t.Helper()
	source := os.Getenv("FORUM_SOURCE")
	if source == "" {
		t.Fatal("FORUM_SOURCE is not set: run scripts/live " + kind.name)
	}
	dsn, db := newDatabase(t)
	w := &world{
		T: t, kind: kind, dsn: dsn, db: db, forumMail: smtptest.New(t), ourMail: smtptest.New(t),
		browsers: map[string]*browser{}, addresses: map[string]string{}, barred: map[string]string{}, lazy: map[string]bool{}, firstPosts: map[int64]int64{}, latest: map[string]smtptest.Letter{}, comparison: newComparison(),
	}
	dir := must(servertest.Dir("forum"))(t)
	w.dir = filepath.Join(dir, "forum")
	w.copyForum(source)
	w.startPHP(dir)
	return w
}

// must ends the test if err is not nil.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// copyForum copies the forum's code and patches it. The copy belongs to the user that PHP runs as.
func (w *world) copyForum(source string) {
	w.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(source)); err != nil {
		w.Fatal(err)
	}
	for file, pairs := range w.kind.patches {
		w.patch(file, pairs)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "live-prepend.php"), []byte("<?php "+w.kind.prepend), 0o644); err != nil {
		w.Fatal(err)
	}
	err := filepath.WalkDir(w.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return servertest.Chown(path)
	})
	if err != nil {
		w.Fatal(err)
	}
}

// patch replaces text in a file of the forum. Each line of pairs is "OLD => NEW". OLD must occur.
func (w *world) patch(file, pairs string) {
	w.Helper()
	path := filepath.Join(w.dir, file)
	text := string(must(os.ReadFile(path))(w))
	for line := range strings.Lines(strings.TrimSpace(pairs)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " => ")
		if !strings.Contains(text, from) {
			w.Fatalf("%s does not contain %q: the forum's code has changed, so change its patches", file, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

// startPHP serves the forum on loopback. PHP finds the database's socket without any setting of the forum.
func (w *world) startPHP(dir string) {
	w.Helper()
	php, found := servertest.Find("php")
	if !found {
		w.Skip("SKIPPED: PHP is not installed (no php in PATH)")
	}
	address := fmt.Sprintf("127.0.0.1:%d", must(servertest.Port())(w))
	w.url = "http://" + address
	socket := w.dsn.Query().Get("socket")
	ready := func(ctx context.Context) error { return answers(ctx, w.url+"/live-prepend.php") }
	args := []string{"-d", "mysqli.default_socket=" + socket, "-d", "pdo_mysql.default_socket=" + socket, "-d", "display_errors=0",
		"-d", "log_errors=0", "-d", "date.timezone=UTC", "-d", "auto_prepend_file=" + filepath.Join(w.dir, "live-prepend.php"), "-S", address, "-t", w.dir}
	process := must(servertest.Start(ready, dir, php, args...))(w)
	w.Cleanup(func() {
		if w.Failed() {
			w.Logf("PHP:\n%s", process.Log())
		}
		process.Stop()
	})
}

// answers returns an error unless a page answers with 200.
func answers(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	return nil
}

// nextSecond waits until the clock shows another second. Forums save times in seconds: a visit counts only if it is later than a post.
func nextSecond() {
	now := time.Now()
	<-time.After(now.Truncate(time.Second).Add(time.Second + time.Millisecond).Sub(now))
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

// queryInt returns a number from the forum's database.
func (w *world) queryInt(query string, args ...any) (n int64) {
	w.Helper()
	if err := w.db.QueryRowContext(w.Context(), query, args...).Scan(&n); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
	return n
}
