package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// wantFailure checks that a part fails with these words and this fix.
func wantFailure(t *testing.T, p testForum, part, says, fix string) {
	t.Helper()
	out, errOut, code := run(t, "check", "--offline", "-c", p.config)
	lines := strings.Split(out+errOut, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "FAIL  "+part+": ") {
			continue
		}
		if code == 0 || !strings.Contains(line, says) || i+1 == len(lines) || !strings.Contains(lines[i+1], "      -> ") || !strings.Contains(lines[i+1], fix) {
			t.Errorf("exit %d; want %q and the fix %q in\n%s\n%s", code, says, fix, line, lines[min(i+1, len(lines)-1)])
		}
		return
	}
	t.Errorf("exit %d; %s does not fail, want %q:\n%s", code, part, says, out+errOut)
}

func TestCheck_DiagnosesRelay(t *testing.T) {
	plain, encrypted, starttls := smtptest.New(t), smtptest.New(t, smtptest.WithTLS()), smtptest.New(t, smtptest.WithSTARTTLS())
	login := smtptest.New(t, smtptest.WithTLS(), smtptest.WithAuth("me", "right"))
	closed := smtptest.NewScript(t, smtptest.Table{"connect": {{Reply: "554 5.7.1 go away"}}})
	swap := func(url, scheme string) string {
		_, rest, _ := strings.Cut(url, "://")
		return scheme + "://" + rest
	}
	other := func(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }
	ca := func(s *smtptest.Server) string { return "smtp.ca_file = " + quoted(s.CAFile()) }
	for _, tt := range []struct {
		name, url string
		changes   []string
		says, fix string
	}{
		{"a refused login", login.URL(), []string{ca(login), `smtp.password = "wrong"`}, "the relay rejects the login", "app password"},
		{"a certificate of another name", other(encrypted.URL()), []string{ca(encrypted)}, "the certificate is for another name", "(127.0.0.1)"},
		{"another name after STARTTLS", other(starttls.URL()), []string{ca(starttls)}, "the certificate is for another name", "(127.0.0.1)"},
		{"a self-signed certificate", encrypted.URL(), nil, "the certificate is self-signed", "smtp.ca_file"},
		{"no STARTTLS", swap(plain.URL(), "smtp+starttls"), nil, "does not support STARTTLS", "smtps://"},
		{"no TLS on this port", swap(plain.URL(), "smtps"), nil, "does not speak TLS on this port", "smtp+starttls://"},
		{"no login", strings.Replace(plain.URL(), "smtp://", "smtp://me@", 1), []string{`smtp.password = "x"`}, "does not offer a login", "remove the user"},
		{"nothing listens", "smtp://" + freeAddress(t), nil, "nothing listens there", "smtp.url"},
		{"a host that does not exist", "smtp://relay.invalid:25", nil, "relay.invalid", "smtp.url"},
		{"a relay that turns us away", closed.URL(), nil, "the relay rejects this machine", "allow this machine's address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newTestForum(t, append(tt.changes, "smtp.url = "+quoted(tt.url))...)
			wantFailure(t, p, "smtp", tt.says, tt.fix)
		})
	}
}

func TestDiagnosis_ExplainsPostgres(t *testing.T) {
	for code, want := range map[string][2]string{
		"28P01": {"the database rejects the login", "the password in forum.dsn"},
		"28000": {"the database rejects the login", "pg_hba.conf"},
		"3D000": {"the database does not exist", "at the end of forum.dsn"},
		"42501": {"the account may not read the forum", "GRANT SELECT"},
	} {
		d := diagnoseForum(fmt.Errorf("connecting: %w", &pq.Error{Code: pqerror.Code(code)}))
		if d.words != want[0] || !strings.Contains(d.fix, want[1]) {
			t.Errorf("%s: %q, %q; want %q", code, d.words, d.fix, want)
		}
	}
	if d := diagnoseForum(fmt.Errorf("connecting: %w", pq.ErrSSLNotSupported)); !strings.Contains(d.fix, "sslmode=disable") {
		t.Errorf("without TLS: %+v", d)
	}
	if d := diagnoseForum(&mysql.MySQLError{Number: 1044}); !strings.Contains(d.fix, "the database's name at the end of forum.dsn, or") {
		t.Errorf("MySQL answers 1044 for a database that does not exist, too: %+v", d)
	}
}

func TestCheck_DiagnosesFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		name, change    string
		part, says, fix string
	}{
		{"a language without texts", `digest.locale = "et"`, "templates", `digest.locale is "et"`, "[digest] locale"},
		{"no folder of templates", "templates.dir = " + quoted(missing), "templates", missing, "create this folder"},
		{"a store in a folder that cannot be written", `store.dsn = "sqlite:/proc/postrider.db"`, "store", "/proc/postrider.db is not writable", "make the folder writable"},
		{"no file of queries", "forum.queries = " + quoted(missing), "forum", missing, "[forum] queries"},
		{"no forum", "forum.dsn = " + quoted("sqlite:"+missing), "forum", missing, "[forum] dsn"},
		{"days in a duration", `digest.first_window = "7d"`, "config", `digest.first_window: invalid duration "7d": must be a duration like "168h"`, ""},
		{"a number as a text", `digest.hour = "8"`, "config", "digest.hour: wrong type: found string, must be integer", ""},
		{"# in the password of the forum", `forum.dsn = "mysql://me:se#cret@localhost/forum"`, "config", `forum.dsn: the password contains "#": write this character as %23`, ""},
		{"/ in the password of the forum", `forum.dsn = "mysql://me:12/3@localhost/forum"`, "config", `forum.dsn: the password contains "/": write this character as %2F`, ""},
		{"# in the password of the store", `store.dsn = "postgres://me:se#cret@localhost/store"`, "config", `store.dsn: the password contains "#": write this character as %23`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantFailure(t, newTestForum(t, tt.change), tt.part, tt.says, tt.fix)
		})
	}
}

func TestCheck_DiagnosesDatabases(t *testing.T) {
	dsn := servertest.MariaDB(t)
	path, socket, _ := strings.Cut(dsn, "?")
	database := path[strings.LastIndexByte(path, '/')+1:]
	cluster := servertest.NewCluster(t)
	away := freeAddress(t)
	for _, tt := range []struct {
		name, change    string
		part, says, fix string
	}{
		{"a wrong user", "forum.dsn = " + quoted("mysql://stranger:x@localhost/"+database+"?"+socket), "forum", "the database rejects the login", "user and the password"},
		{"a wrong database", "forum.dsn = " + quoted("mysql://root@localhost/nowhere?"+socket), "forum", "the database does not exist", "at the end of forum.dsn"},
		{"no server", "forum.dsn = " + quoted("mysql://root:x@"+away+"/forum"), "forum", "nothing listens there", "forum.dsn"},
		{"a wrong store", "store.dsn = " + quoted("postgres://postrider@"+cluster.Address()+"/nowhere?sslmode=disable"), "store", "the database does not exist", "createdb"},
		{"no server of the store", "store.dsn = " + quoted("postgres://postrider@"+away+"/x?sslmode=disable"), "store", "nothing listens there", "store.dsn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := []string{tt.change}
			if tt.part == "forum" {
				change = append(change, `forum.type = "mybb"`)
			}
			wantFailure(t, newTestForum(t, change...), tt.part, tt.says, tt.fix)
		})
	}
}

func TestRun_ReportsUnreadableConfig(t *testing.T) {
	dir := t.TempDir()
	if _, errOut, code := run(t, "run", "-c", dir); code == 0 || !strings.Contains(errOut, "this is a folder: pass the path of the file") {
		t.Errorf("a folder: exit %d, %s", code, errOut)
	}
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	file := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(file, nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := run(t, "run", "-c", file); code == 0 || !strings.Contains(errOut, "not readable for the user") {
		t.Errorf("an unreadable file: exit %d, %s", code, errOut)
	}
}
