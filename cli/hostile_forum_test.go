package cli

import (
	"database/sql"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostileBodies are posts that members could write to break an email.
var hostileBodies = []string{
	strings.Repeat("[quote]", 5000) + "x" + strings.Repeat("[/quote]", 5000),
	strings.Repeat("[b][i][url=http://x.example/]", 5000),
	strings.Repeat("a", 1<<20),
	strings.Repeat("\u202eabc\u2066", 5000),
	"\r\n.\r\nMAIL FROM:<x@x.example>\r\n\r\n.\n",
	"<script>alert(1)</script></body></html><!-- ]]> &#0; &#x202e;",
	"{{name}} {{.Member.Email}} \ue000\ue001 \x00\x01 \xff\xfe",
	strings.Repeat("e"+strings.Repeat("\u0301", 100), 1000),
}

// Names and titles could break a header, or hide what follows them.
const hostileLine = "A\r\nBcc: x@x.example\n\nX-Injected: yes\t\u202e\u2066\x00\"<b>{{name}}"

func TestRun_SendsWellFormedMessagesFromHostileForum(t *testing.T) {
	p := newTestForum(t)
	db, err := sql.Open("sqlite", "file:"+p.forum)
	if err != nil {
		t.Fatal(err)
	}
	change := func(statement string, values ...any) {
		t.Helper()
		if _, err := db.Exec(statement, values...); err != nil {
			t.Fatal(err)
		}
	}
	for i, body := range hostileBodies {
		change("UPDATE post SET body = ? WHERE id % ? = ?", body, len(hostileBodies), i)
	}
	change("UPDATE post SET author_name = ?", hostileLine)
	change("UPDATE thread SET title = ?, starter_name = ?", hostileLine+strings.Repeat("漢", 10_000), hostileLine)
	change("UPDATE section SET title = ?", hostileLine+strings.Repeat("x", 10_000))
	change("UPDATE category SET title = ?", hostileLine)
	change("UPDATE member SET name = id || ?", hostileLine)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(p.dir, "mails")
	mustRun(t, "run", "--once", "--now", now.Format("2006-01-02T15:04:05Z"), "--mail-dir", dir, "-c", p.config)
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		checkHostileMessage(t, file)
	}
}

// checkHostileMessage checks the bytes of a message.
func checkHostileMessage(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("X-Injected") != "" {
		t.Errorf("%s: a name became a header: %v", file, m.Header)
	}
	if len(raw) > 300<<10 {
		t.Errorf("%s has %d KB", file, len(raw)>>10)
	}
	if !utf8.Valid(raw) || strings.ContainsAny(string(raw), "\x00\u202e") || strings.Contains(string(raw), "=E2=80=AE") {
		t.Errorf("%s contains bytes or overrides of direction that it must not have", file)
	}
	for line := range strings.Lines(string(raw)) {
		if len(line) > 998 || strings.Contains(strings.TrimSuffix(line, "\r\n"), "\r") {
			t.Errorf("%s: line of %d bytes: %.80q", file, len(line), line)
		}
	}
	_, html, _ := strings.Cut(strings.ReplaceAll(string(raw), "=\r\n", ""), "Content-Type: text/html")
	if html == "" || strings.Contains(html, "<script") {
		t.Errorf("%s contains a script", file)
	}
}
