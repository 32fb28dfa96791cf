package cli

import (
	"bytes"
	"database/sql"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/demo"
	"postrider/store"
)

func quoted(s string) string { return strconv.Quote(s) }
func itoa(n int) string      { return strconv.Itoa(n) }

// parsedMessage is a message as a mail program parses it.
type parsedMessage struct {
	head       netmail.Header
	text, html string
}

func parseMessage(t *testing.T, raw []byte) parsedMessage {
	t.Helper()
	if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
		t.Error("a line of the message does not end with CRLF")
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type is %q: %v", m.Header.Get("Content-Type"), err)
	}
	l := parsedMessage{head: m.Header}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, into := range []*string{&l.text, &l.html} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*into = string(body)
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("after two parts: %v, want EOF", err)
	}
	return l
}

// wantValidDigest checks what every digest must have.
func (l parsedMessage) wantValidDigest(t *testing.T) {
	t.Helper()
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id", "List-Id", "Auto-Submitted", "Mime-Version"} {
		if got := l.head[name]; len(got) != 1 || got[0] == "" {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := l.head.Get("List-Unsubscribe"); !strings.HasPrefix(got, "<https://") || !strings.HasSuffix(got, ">") {
		t.Errorf("List-Unsubscribe is %q", got)
	}
	if got := l.head.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post is %q", got)
	}
	if to, err := l.head.AddressList("To"); err != nil || len(to) != 1 {
		t.Errorf("To is %q: %v", l.head.Get("To"), err)
	}
	if _, err := l.head.Date(); err != nil {
		t.Errorf("Date is %q: %v", l.head.Get("Date"), err)
	}
	if size := len(l.html); size > 80_000 || size < 1000 { // as received, with CRLF
		t.Errorf("the HTML has %d bytes", size)
	}
	inText, inHTML := postsIn(l.text), postsIn(l.html)
	if !slices.Equal(inText, inHTML) || len(inText) == 0 {
		t.Errorf("the text lists posts %v, the HTML %v", inText, inHTML)
	}
	for _, link := range []string{l.head.Get("List-Unsubscribe")} {
		address := strings.Trim(link, "<>")
		if !strings.Contains(l.text, address) || !strings.Contains(l.html, address) {
			t.Errorf("%s is not in the message", address)
		}
	}
}

var postLink = regexp.MustCompile(`/posts/(\d+)/`)

func postsIn(text string) []string {
	found := map[string]bool{}
	for _, m := range postLink.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestDemo_OnceWritesOneMessagePerMember(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mails")
	out := mustRun(t, "demo", "--once", "--mail-dir", dir)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, strconv.Itoa(len(files))+" messages in "+dir) {
		t.Errorf("it prints %q, and wrote %d files", out, len(files))
	}
	to := map[string]int{}
	for _, file := range files {
		t.Run(filepath.Base(file)[:30], func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			l := parseMessage(t, raw)
			l.wantValidDigest(t)
			if list, err := l.head.AddressList("To"); err == nil {
				to[list[0].Address]++
			}
		})
	}
	for _, address := range mailableAddresses(t) {
		if to[address] != 1 {
			t.Errorf("%s got %d messages, want 1", address, to[address])
		}
		delete(to, address)
	}
	if len(to) > 0 {
		t.Errorf("also sent to %v", to)
	}
}

// mailableAddresses returns the addresses of the sample forum that may get email.
func mailableAddresses(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, now); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT email FROM member WHERE state = 'active' AND email <> '' AND wants_mail = 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var address string
		if err := rows.Scan(&address); err != nil {
			t.Fatal(err)
		}
		list = append(list, address)
	}
	if rows.Err() != nil || len(list) < 30 {
		t.Fatalf("%d addresses may get email: %v", len(list), rows.Err())
	}
	return list
}

func TestPreview_ShowsDigestInEveryFormat(t *testing.T) {
	p := newTestForum(t)
	show := func(member, format string) string {
		return mustRun(t, "preview", "-c", p.config, member, "--until", "2026-05-04T12:00:00Z", "--format", format)
	}
	l := parseMessage(t, []byte(show("3", "eml")))
	l.wantValidDigest(t)
	if to := l.head.Get("To"); !strings.Contains(to, "Corridor Kate") {
		t.Errorf("member 3 is %s", to)
	}
	if text := show("3", "text"); text != strings.ReplaceAll(l.text, "\r\n", "\n") {
		t.Error("the text is not that of the message")
	}
	if html := show("3", "html"); html != strings.ReplaceAll(l.html, "\r\n", "\n") {
		t.Error("the HTML is not that of the message")
	}
	if byName := show("Corridor Kate", "eml"); byName != show("3", "eml") {
		t.Error("preview by name and by ID differ")
	}
	if again := show("夜汽車", "text"); !strings.Contains(again, "/posts/") {
		t.Errorf("a name that is not ASCII finds %q", again)
	}
}

func TestPreview_ReportsWhyNoDigest(t *testing.T) {
	p := newTestForum(t)
	for member, why := range map[string]string{"CheapPillowz4U": "banned", "NewPassenger_77": "not confirmed", "Quiet Coach Quentin": "opted out", "Berth 13B": "no address"} {
		out, errOut, code := run(t, "preview", "-c", p.config, member, "--until", "2026-05-04T12:00:00Z")
		if code != 0 || out != "" || !strings.Contains(errOut, why) {
			t.Errorf("%s: exit %d, %q, %q; want the reason %q", member, code, out, errOut, why)
		}
	}
}

func TestPreview_NamesEmptyRange(t *testing.T) {
	p := newTestForum(t)
	out, errOut, code := run(t, "preview", "-c", p.config, "4", "--from", "2030-01-01T00:00:00Z", "--until", "2030-01-02T00:00:00Z")
	if code != 0 || out != "" || !strings.Contains(errOut, "nothing new\nThe range is 2030-01-01T00:00:00Z to 2030-01-02T00:00:00Z; --from and --until choose another one.") {
		t.Errorf("exit %d, %q, %q", code, out, errOut)
	}
}

func TestRun_OnceNeverSendsTwice(t *testing.T) {
	p := newTestForum(t)
	mails := filepath.Join(p.dir, "mails")
	count := func(at string) int {
		mustRun(t, "run", "--once", "--now", at, "--mail-dir", mails, "-c", p.config)
		files, err := filepath.Glob(filepath.Join(mails, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	first := count("2026-05-04T12:00:00Z")
	if first < 30 {
		t.Errorf("%d messages were written", first)
	}
	for _, at := range []string{"2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z", "2026-05-05T12:00:00Z"} {
		if again := count(at); again != first {
			t.Errorf("at %s there are %d messages, want still %d: nothing is new", at, again, first)
		}
	}
}

func TestRun_RejectsSecondDaemonOnSQLite(t *testing.T) {
	p := newTestForum(t)
	mustRun(t, "migrate", "-c", p.config)
	first, err := store.Open(t.Context(), "sqlite:"+filepath.Join(p.dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := first.AcquireInstance(t.Context(), "the first"); err != nil {
		t.Fatal(err)
	}
	_, errOut, code := run(t, "run", "-c", p.config)
	if code != 1 || !strings.Contains(errOut, "another postrider process is using this SQLite store") || !strings.Contains(errOut, "PostgreSQL") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if out := mustRun(t, "preview", "-c", p.config, "3", "--until", "2026-05-04T12:00:00Z"); out == "" {
		t.Error("preview prints nothing while the daemon runs")
	}
}
