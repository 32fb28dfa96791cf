package inbound_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postrider/inbound"
)

// oneConn is a listener with one connection.
type oneConn struct {
	conns chan net.Conn
	net.Listener
}

func (l oneConn) Accept() (net.Conn, error) {
	c, more := <-l.conns
	if !more {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (oneConn) Close() error   { return nil }
func (oneConn) Addr() net.Addr { return &net.TCPAddr{} }

var replyLine = regexp.MustCompile(`^[2345]\d\d[ -]`)

// FuzzSession checks that the listener answers anything with replies of SMTP, in a bounded number.
func FuzzSession(f *testing.F) {
	d := newFixture(f)
	report := strings.ReplaceAll(string(d.readMail("postfix-unknown-user")), "\n", "\r\n")
	begin := "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<anna@" + domain + ">\r\n"
	for _, s := range []string{
		begin + "DATA\r\n" + report + ".\r\nQUIT\r\n", begin + "BDAT 3\r\nabcBDAT 0 LAST\r\n", "EHLO a\r\nNOOP\r\nVRFY x\r\nRSET\r\nHELP\r\n",
		begin + "RCPT TO:<b@c> NOTIFY=NEVER\r\nDATA\r\n..\r\n.\n.\r\n", "STARTTLS\r\n\x16\x03\x01", "AUTH PLAIN AAA=\r\n", "MAIL FROM:<ü@ü> SIZE=99999999999 SMTPUTF8\r\n",
		"EHLO " + strings.Repeat("a", 5000) + "\r\n", "\x00\xff\r\n\n\r",
	} {
		f.Add(false, []byte(s))
		f.Add(true, []byte(s))
	}
	f.Fuzz(func(t *testing.T, lmtp bool, sent []byte) {
		d.log.Reset()
		ours, theirs := net.Pipe()
		l := oneConn{conns: make(chan net.Conn, 1)}
		l.conns <- theirs
		server := d.Server(lmtp, domain)
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		go func() {
			ours.Write(sent)
			ours.Write([]byte("\r\n.\r\nQUIT\r\n")) // ends a message, too
		}()
		answer, _ := io.ReadAll(ours)
		ours.Close()
		server.Close()
		close(l.conns)
		<-served
		lines := strings.Split(strings.TrimSuffix(string(answer), "\r\n"), "\r\n")
		for _, line := range lines {
			if !replyLine.MatchString(line) {
				t.Fatalf("reply %q", line)
			}
		}
		if most := 20 + 12*bytes.Count(sent, []byte("\n")); len(lines) > most {
			t.Errorf("%d replies, want at most %d", len(lines), most)
		}
		if strings.Contains(d.log.String(), "panic") {
			t.Errorf("a handler panicked: %s", d.log)
		}
	})
}

// FuzzMaildir checks that a message in a maildir is processed and moved, whatever its name and its content are.
func FuzzMaildir(f *testing.F) {
	d := newFixture(f)
	f.Add("1700000000.M1P2.host", d.readMail("postfix-unknown-user"))
	f.Add("a:2,S", d.readMail("arf-abuse"))
	f.Add("-", []byte("\xff\x00"))
	f.Add(strings.Repeat("a", 250), []byte("\n"))
	f.Add("\n", []byte("To: a@"+domain+"\n\n"))
	dir := f.TempDir()
	box := d.Maildir(dir)
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\x00") || len(name) > 255 {
			t.Skip()
		}
		d.log.Reset()
		for _, sub := range []string{"new", "cur"} {
			os.Mkdir(filepath.Join(dir, sub), 0o700)
		}
		path := filepath.Join(dir, "new", name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Skip(err)
		}
		if err := box.Collect(t.Context()); err != nil {
			t.Errorf("Collect: %v", err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("the message is still new: %s", d.log)
		}
		if strings.Contains(d.log.String(), "panic") {
			t.Errorf("a handler panicked: %s", d.log)
		}
		if moved, _ := filepath.Glob(filepath.Join(dir, "cur", "*")); len(moved) != 1 {
			t.Errorf("%d messages in cur, want 1", len(moved))
		}
		os.RemoveAll(filepath.Join(dir, "cur"))
	})
}

// FuzzIMAP checks that the client ends with a result, whatever a server answers. The answers to one command each end at a zero
// byte; "@@" stands for the tag of the command.
func FuzzIMAP(f *testing.F) {
	d := newFixture(f)
	box, err := d.IMAP(inbound.Config{IMAP: "imap://postrider@127.0.0.1/INBOX", Password: "secret"})
	if err != nil {
		f.Fatal(err)
	}
	const login, sel = "* OK hello\r\n\x00@@ OK\r\n\x00", "* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n@@ OK [READ-WRITE]\r\n\x00"
	for _, s := range []string{
		login + sel + "* SEARCH 1 2\r\n@@ OK\r\n\x00* 1 FETCH (UID 1 BODY[]<0> {4}\r\na\n\nb)\r\n@@ OK\r\n\x00@@ OK\r\n\x00* SEARCH\r\n@@ OK\r\n\x00@@ OK\r\n",
		login + sel + "* SEARCH 4294967295\r\n@@ OK\r\n\x00* 1 FETCH (UID 4294967295 BODY[]<0> NIL)\r\n@@ OK\r\n",
		login + sel + "* SEARCH 1\r\n@@ OK\r\n\x00* 1 FETCH (UID 1 BODY[]<0> {999999999}\r\na)\r\n@@ OK\r\n",
		login + "@@ NO [AUTHENTICATIONFAILED] no\r\n", "* BYE\r\n", "* PREAUTH\r\n\x00@@ BAD\r\n", "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED]\r\n\x00@@ NO\r\n", "(((((((((\"\\",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		ours, theirs := net.Pipe()
		go serveScript(theirs, bytes.Split(script, []byte{0}))
		box.CollectOver(t.Context(), ours)
		ours.Close()
		theirs.Close()
	})
}

// serveScript sends the first part, then one after each command. It waits for a command only if the part answers the last one.
func serveScript(conn net.Conn, parts [][]byte) {
	defer conn.Close()
	commands := bufio.NewReader(conn)
	tag := []byte("*")
	for i, part := range parts {
		if _, err := conn.Write(bytes.ReplaceAll(part, []byte("@@"), tag)); err != nil {
			return
		}
		if i > 0 && !bytes.Contains(part, []byte("@@ ")) {
			continue
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		command, err := commands.ReadBytes('\n')
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		tag, _, _ = bytes.Cut(command, []byte(" "))
	}
}
