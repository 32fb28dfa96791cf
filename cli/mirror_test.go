package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postrider/mirror"
)

// newTestMirror makes a directory with the configuration of a mirror, and the pages' address.
func newTestMirror(t *testing.T, more string) (dir, config, address string) {
	t.Helper()
	dir, address = t.TempDir(), freeAddress(t)
	config = filepath.Join(dir, "config.toml")
	text := fmt.Sprintf(`[forum]
type = "mirror"
dsn = "sqlite:mirror.db"
url = "https://news.example.org"
name = "Example News"
[smtp]
url = "smtp://127.0.0.1:25"
from = "Example News <digest@news.example.org>"
[web]
listen = %q
url = "http://%[1]s/postrider"
[mirror]
push_secret_file = "push.secret"
%s`, address, more)
	for file, text := range map[string]string{config: text, filepath.Join(dir, "push.secret"): "a secret between the two of us\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, config, address
}

// runDaemon runs the daemon until the returned function is called, which returns its log. It waits for a line of the log.
func runDaemon(t *testing.T, config, until string) (stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, end := io.Pipe()
	ended := make(chan int, 1)
	mails := t.TempDir()
	go func() {
		ended <- Run(ctx, []string{"run", "--first", "--mail-dir", mails, "-c", config}, io.Discard, end, func(string) string { return "" })
		end.Close()
	}()
	var all strings.Builder
	lines := bufio.NewScanner(log)
	found := false
	for !found && lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		found = strings.Contains(lines.Text(), until)
	}
	if !found {
		t.Fatalf("the log has no line with %q:\n%s", until, &all)
	}
	drained := make(chan struct{})
	go func() {
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
		}
		close(drained)
	}()
	return func() string {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("run exits with %d", code)
		}
		<-drained
		return all.String()
	}
}

// docExample returns the shell example of docs/mirror.md that contains a text, for another address of the pages.
func docExample(t *testing.T, contains, address string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/mirror.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], contains) {
			return strings.ReplaceAll(block[1], "https://news.example.org/postrider", "http://"+address+"/postrider")
		}
	}
	t.Fatalf("docs/mirror.md has no example with %q", contains)
	return ""
}

// digestsOf runs one round at a time, and returns what it sends.
func digestsOf(t *testing.T, config string, at time.Time) string {
	t.Helper()
	dir := t.TempDir()
	mustRun(t, "run", "--once", "--now", at.UTC().Format(time.RFC3339), "--mail-dir", dir, "-c", config)
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return strings.ReplaceAll(all.String(), "=\r\n", "")
}

func TestMirror_ExampleOfTheDocumentBecomesADigest(t *testing.T) {
	for _, program := range []string{"sh", "curl", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("SKIPPED: needs " + program)
		}
	}
	dir, config, address := newTestMirror(t, "[alerts]\nenabled = false\n")
	send := func(text string) {
		stop := runDaemon(t, config, "postrider started")
		defer stop()
		script := exec.CommandContext(t.Context(), "sh", "-eu", "-c", text)
		script.Dir = dir
		if out, err := script.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	example := docExample(t, "/ingest", address)
	send(example)
	digestsOf(t, config, time.Now()) // from now on, posts are new to the member
	send(strings.ReplaceAll(example, "p-90", "p-91"))
	mail := digestsOf(t, config, time.Now().Add(25*time.Hour))
	for _, want := range []string{"ben@example.org", "The new bridge opens", "Monday", "https://news.example.org/bridge#p-91", "https://news.example.org/local"} {
		if !strings.Contains(mail, want) {
			t.Errorf("the digest lacks %q:\n%s", want, mail)
		}
	}
	if strings.Contains(mail, "#p-90") {
		t.Error("the digest brings a post from before the member came")
	}
	if again := digestsOf(t, config, time.Now().Add(50*time.Hour)); again != "" {
		t.Errorf("the next day brings\n%s", again)
	}
	if out := mustRun(t, "explain", "Ben", "-c", config); !strings.Contains(out, "digest") {
		t.Errorf("explain prints\n%s", out)
	}
}

func TestMirror_FeedBecomesADigest(t *testing.T) {
	items := 1
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>`)
		for i := range items {
			fmt.Fprintf(w, `<item><title>Item number %d</title><link>https://news.example.org/%[1]d</link><description>&lt;p&gt;Words %[1]d</description></item>`, i)
		}
		fmt.Fprint(w, `</channel></rss>`)
	}))
	defer site.Close()
	_, config, _ := newTestMirror(t, fmt.Sprintf("feeds = [{ url = %q, section = \"News\" }]\n[alerts]\nenabled = false\n", site.URL))
	now := time.Now()
	digestsOf(t, config, now)
	db, err := mirror.Open(t.Context(), "sqlite:"+filepath.Join(filepath.Dir(config), "mirror.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := mirror.ParseRequest([]byte(`{"members":[{"id":"b","name":"Ben","email":"ben@example.org"}],"watches":[{"member":"b","section":"feed:News"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Ingest(t.Context(), "1", r, now); err != nil {
		t.Fatal(err)
	}
	digestsOf(t, config, now.Add(time.Minute)) // from now on, posts are new to the member
	items = 2
	mail := digestsOf(t, config, now.Add(time.Hour)) + digestsOf(t, config, now.Add(25*time.Hour))
	for _, want := range []string{"ben@example.org", "Item number 1", "Words 1", "https://news.example.org/1"} {
		if !strings.Contains(mail, want) {
			t.Errorf("the digest lacks %q:\n%s", want, mail)
		}
	}
	if strings.Contains(mail, "Item number 0") {
		t.Error("the digest brings an item from before the first poll")
	}
	out, _, _ := run(t, "check", "--offline", "-c", config)
	wantOutput(t, out, "in News: read")
	if strings.Contains(out, "FAIL  forum") {
		t.Errorf("check finds fault with the mirror:\n%s", out)
	}
}

func TestMembers_ImportListRemove(t *testing.T) {
	dir, config, _ := newTestMirror(t, "")
	file := filepath.Join(dir, "members.csv")
	if err := os.WriteFile(file, []byte("name,email\nBen,ben@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, mustRun(t, "members", "import", file, "-c", config), "members: 1 new, 0 changed", "Nothing was changed.")
	if out := mustRun(t, "members", "list", "--json", "-c", config); out != "[]\n" {
		t.Errorf("after the dry run: %s", out)
	}
	mustRun(t, "members", "import", file, "--yes", "-c", config)
	wantOutput(t, mustRun(t, "members", "list", "-c", config), "ben@example.org")
	wantOutput(t, mustRun(t, "members", "remove", "ben@example.org", "-c", config), "removed member 1, Ben")
	wantOutput(t, mustRun(t, "members", "remove", "ben@example.org", "-c", config), "member 1 was deleted before")
	wantOutput(t, mustRun(t, "members", "import", file, "--yes", "-c", config), "1 of them get no email until the owner of the address confirms")
	wantOutput(t, mustRun(t, "members", "list", "-c", config), time.Now().UTC().Format("2006-"))
	wantOutput(t, mustRun(t, "members", "readmit", "Ben@example.org", "-c", config), "can get email again")
	if _, errOut, code := run(t, "members", "readmit", "ben@example.org", "-c", config); code != 1 || !strings.Contains(errOut, "has not left") {
		t.Errorf("exit %d, %s", code, errOut)
	}
	if _, errOut, code := run(t, "members", "remove", "nobody@example.org", "-c", config); code != 1 || !strings.Contains(errOut, "there is no member") {
		t.Errorf("exit %d, %s", code, errOut)
	}
	if _, errOut, code := run(t, "members", "list", "-c", newTestForum(t).config); code != 2 || !strings.Contains(errOut, "for type mirror") {
		t.Errorf("another forum: exit %d, %s", code, errOut)
	}
}

func TestCheck_MirrorBeforeTheFirstRun(t *testing.T) {
	dir, config, _ := newTestMirror(t, "feeds = [{ url = \"https://news.example.org/feed\", section = \"News\" }]\n")
	out, _, _ := run(t, "check", "--offline", "-c", config)
	wantOutput(t, out, "warn  forum: the mirror has no database yet")
	if _, err := os.Stat(filepath.Join(dir, "mirror.db")); err == nil {
		t.Error("check created the database")
	}
}
