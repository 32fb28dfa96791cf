package inbound_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/inbound"
	"postrider/internal/link"
	"postrider/internal/servertest"
)

// listen starts a listener. end stops it and returns its error.
func (d *fixture) listen(c inbound.Config) (l *inbound.Listener, end func() error) {
	d.Helper()
	l, err := d.Listen(c)
	if err != nil {
		d.Fatal(err)
	}
	ctx, cancel := context.WithCancel(d.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx) }()
	return l, func() error {
		cancel()
		return <-ended
	}
}

// talk sends lines to a server. After "<- ", a line is the expected start of a reply.
func talk(t *testing.T, network, address string, lines ...string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := textproto.NewReader(bufio.NewReader(conn))
	for _, line := range lines {
		if want, found := strings.CutPrefix(line, "<- "); found {
			code, text, err := r.ReadResponse(0)
			if got := fmt.Sprintf("%d %s", code, text); !strings.HasPrefix(got, want) {
				t.Fatalf("%s replied %q (%v), want %q", address, got, err, want)
			}
			continue
		}
		if _, err := conn.Write([]byte(strings.ReplaceAll(line, "\n", "\r\n") + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestListener_AcceptsReportsByLMTP(t *testing.T) {
	for _, listen := range []string{"lmtp://127.0.0.1:0", "lmtp+unix://" + filepath.Join(shortDir(t), "socket")} {
		d := newFixture(t)
		l, end := d.listen(inbound.Config{Listen: listen, Domain: domain})
		talk(t, l.Address().Network(), l.Address().String(),
			"<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<"+d.returnPath()+">", "<- 250", "RCPT TO:<"+d.unsubscribeAddress(link.Alerts)+">", "<- 250",
			"DATA", "<- 354", string(d.readMail("postfix-unknown-user"))+"\n.", "<- 250", "<- 250", "QUIT", "<- 221")
		if err := end(); err != nil {
			t.Error(err)
		}
		if got := d.refusals(); len(got) != 1 {
			t.Errorf("%s: refusals = %v, want one", listen, got)
		}
		if got := d.unsubscribed(); got != "alerts" {
			t.Errorf("%s: unsubscribed from %q, want alerts", listen, got)
		}
	}
}

// shortDir returns a directory with a short path: the kernel limits the path of a socket to 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "box")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestListener_ReplacesStaleSocket(t *testing.T) {
	d := newFixture(t)
	path := filepath.Join(shortDir(t), "socket")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	_, end := d.listen(inbound.Config{Listen: "lmtp+unix://" + path})
	if err := end(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Listen(inbound.Config{Listen: "lmtp+unix://" + path}); err == nil {
		t.Error("Listen replaced a file that is not a socket")
	}
}

func TestListener_RejectsOtherDomainsBySMTP(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	talk(t, "tcp", l.Address().String(),
		"<- 220", "EHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<anna@members.example>", "<- 550", "RCPT TO:<fbl@"+domain+">", "<- 250",
		"DATA", "<- 354", string(d.readMail("arf-abuse"))+"\n.", "<- 250", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
	if got := d.unsubscribed(); got != "digests" {
		t.Errorf("unsubscribed from %q, want digests", got)
	}
}

// dialFrom opens a connection from an address of this machine.
func dialFrom(t *testing.T, from, address string) *textproto.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	return textproto.NewConn(conn)
}

func TestListener_LimitsEachAddress(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	greeted := 0
	for range 30 { // idle connections
		if _, _, err := dialFrom(t, "127.0.0.2", l.Address().String()).ReadResponse(220); err == nil {
			greeted++
		}
	}
	if greeted != 5 {
		t.Errorf("one address got %d connections, want 5", greeted)
	}
	begins := func(from string, most int) (begun int) {
		c := dialFrom(t, from, l.Address().String())
		defer c.Close()
		said := func(line string) int {
			code, _, err := c.ReadResponse(0)
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			if err := c.PrintfLine("%s", line); err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			return code
		}
		said("EHLO mx")
		said("MAIL FROM:<>")
		for said("RSET") == 250 && begun < most {
			begun++
			said("MAIL FROM:<>")
		}
		return begun
	}
	if n := begins("127.0.0.3", 400); n < 100 || n == 400 {
		t.Errorf("one address started %d messages, want about 100", n)
	}
	if n := begins("127.0.0.4", 10); n != 10 {
		t.Errorf("another address started %d messages, want 10", n)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestListener_EndsSessionWithoutMessage(t *testing.T) {
	defer inbound.SetSessionTimeout(300 * time.Millisecond)()
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	c := dialFrom(t, "127.0.0.1", l.Address().String())
	c.ReadResponse(220)
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) { // never idle
		c.PrintfLine("NOOP")
		if code, text, err := c.ReadResponse(250); err != nil {
			if code != 421 {
				t.Errorf("session ended with %d %s (%v), want 421", code, text, err)
			}
			break
		}
		if time.Since(began) > 5*time.Second {
			t.Fatal("session did not end")
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestListener_KeepsSessionWithMessages(t *testing.T) {
	defer inbound.SetSessionTimeout(500 * time.Millisecond)()
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	c := dialFrom(t, "127.0.0.1", l.Address().String())
	said := func(want int, line string) {
		t.Helper()
		if line != "" {
			c.PrintfLine("%s", line)
		}
		if code, text, err := c.ReadResponse(want); err != nil {
			t.Fatalf("%s: %d %s, want %d", line, code, text, want)
		}
	}
	said(220, "")
	said(250, "LHLO mx")
	for range 4 {
		time.Sleep(200 * time.Millisecond)
		said(250, "MAIL FROM:<>")
		said(250, "RCPT TO:<fbl@"+domain+">")
		said(354, "DATA")
		said(250, "Subject: x\r\n\r\nhello\r\n.")
	}
	c.Close()
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestListener_LimitsCommands(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	c := dialFrom(t, "127.0.0.1", l.Address().String())
	c.ReadResponse(220)
	for i := range 500 {
		c.PrintfLine("NOOP")
		if code, _, err := c.ReadResponse(250); err != nil {
			if code != 421 || i < 50 {
				t.Errorf("session ended with %d after %d commands, want 421 after about 100", code, i)
			}
			if err := end(); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Error("500 commands were accepted, want a limit")
}

func TestListener_AdmitsNewAddressWhenFull(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	for i := range 100 { // 20 addresses hold all places
		dialFrom(t, fmt.Sprintf("127.0.1.%d", 1+i%20), l.Address().String()).ReadResponse(220)
	}
	talk(t, "tcp", l.Address().String(), "<- 220", "EHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<fbl@"+domain+">", "<- 250",
		"DATA", "<- 354", string(d.readMail("arf-abuse"))+"\n.", "<- 250", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
	if got := d.unsubscribed(); got != "digests" {
		t.Errorf("unsubscribed from %q, want digests", got)
	}
}

func TestListener_ParsesMessageOnce(t *testing.T) {
	d := newFixture(t)
	parsed := 0
	d.Observe = func(bounce.Kind) { parsed++ }
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	lines := []string{"<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250"}
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("RCPT TO:<r%d@%s>", i, domain), "<- 250")
	}
	lines = append(lines, "RCPT TO:<r10@"+domain+">", "<- 452", "DATA", "<- 354", "Subject: x"+strings.Repeat("\n a", 65_000)+"\n\nhello\n.")
	for range 10 {
		lines = append(lines, "<- 250")
	}
	began := time.Now()
	talk(t, "tcp", l.Address().String(), append(lines, "QUIT", "<- 221")...)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a message with 65,000 continuation lines took %v", took)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if parsed != 1 {
		t.Errorf("the message was parsed %d times, want once", parsed)
	}
}

func TestListener_ReadsReportWithoutReturnPathField(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	const report = "From: <mailer-daemon>\nSubject: There was an error sending your mail\nAuto-Submitted: auto-replied\n\n" +
		"We had trouble delivering your message.\n\nServer mx.members.example rejected recipient <anna@members.example> (after RCPT). It responded as follows: [550 5.1.1 User unknown]\n"
	talk(t, "tcp", l.Address().String(), "<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<"+d.returnPath()+">", "<- 250",
		"DATA", "<- 354", report+".", "<- 250", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
	if got := d.refusals(); len(got) != 1 || !strings.HasSuffix(got[0], " dead") {
		t.Errorf("refusals = %v, want one of class dead", got)
	}
}

func TestListener_DefersMessageWithoutStore(t *testing.T) {
	d := newFixture(t)
	raw := string(d.readMail("postfix-unknown-user"))
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	d.Store.Close()
	talk(t, "tcp", l.Address().String(), "<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<"+d.returnPath()+">", "<- 250",
		"DATA", "<- 354", raw+"\n.", "<- 451", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestListener_DefersAboveRateLimit(t *testing.T) {
	d := newFixture(t)
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	conn, err := net.Dial("tcp", l.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := textproto.NewReader(bufio.NewReader(conn))
	say := func(line, want string) bool {
		fmt.Fprintf(conn, "%s\r\n", line)
		code, _, err := r.ReadResponse(0)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(code) == want
	}
	if _, _, err := r.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	say("LHLO mx", "250")
	for i := range 5000 {
		if say("MAIL FROM:<>", "451") {
			if i < 100 {
				t.Errorf("deferred after %d messages, want 100 or more", i)
			}
			conn.Close()
			if err := end(); err != nil {
				t.Error(err)
			}
			return
		}
		say("RSET", "250")
	}
	t.Error("5000 messages were started, want a deferral")
}

// newMaildir creates a maildir with new messages.
func newMaildir(t *testing.T, messages ...[]byte) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i, text := range messages {
		if err := os.WriteFile(filepath.Join(dir, "new", fmt.Sprintf("177796800%d.M%d.mx", i, i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestMaildir_MovesMessagesToCur(t *testing.T) {
	d := newFixture(t)
	dir := newMaildir(t, d.readMail("postfix-unknown-user"), d.readMail("other-person"), []byte("To: "+d.unsubscribeAddress(link.Digests)+"\n\n"))
	if err := d.Collect(t.Context(), inbound.Config{Maildir: dir}); err != nil {
		t.Fatal(err)
	}
	if got := d.refusals(); len(got) != 1 {
		t.Errorf("refusals = %v, want one", got)
	}
	if got := d.unsubscribed(); got != "digests" {
		t.Errorf("unsubscribed from %q, want digests", got)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 0 {
		t.Errorf("new = %v, want none", left)
	}
	if got, want := fmt.Sprint(names(t, filepath.Join(dir, "cur"))), "[1777968000.M0.mx:2,S 1777968001.M1.mx:2,S 1777968002.M2.mx:2,S]"; got != want {
		t.Errorf("cur = %s, want %s", got, want)
	}
}

func TestMaildir_KeepsUnprocessedMessage(t *testing.T) {
	d := newFixture(t)
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	early := append([]byte("X-Original-To: "+d.Composer.VERP(quick, 43, domain)+"\n"), without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))...)
	dir := newMaildir(t, early, d.readMail("postfix-unknown-user"))
	collect := func() error { return d.Collect(t.Context(), inbound.Config{Maildir: dir}) }
	if err := collect(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 1 || len(d.refusals()) != 1 {
		t.Errorf("new = %v, want only the message that is not settled yet", left)
	}
	d.settle(quick, "bert@members.example")
	if err := collect(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 0 {
		t.Errorf("new = %v, want none", left)
	}
	d.Store.Close()
	next := newMaildir(t, d.readMail("arf-abuse"))
	if err := d.Collect(t.Context(), inbound.Config{Maildir: next}); err == nil || len(names(t, filepath.Join(next, "new"))) != 1 {
		t.Errorf("without a store: %v, want an error and the message kept", err)
	}
	if err := d.Collect(t.Context(), inbound.Config{Maildir: filepath.Join(dir, "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing maildir: %v", err)
	}
}

func TestConfig_ValidateExplainsFaults(t *testing.T) {
	for _, tt := range []struct {
		c    inbound.Config
		want string // "" if valid
	}{
		{inbound.Config{}, ""},
		{inbound.Config{Domain: domain, Listen: "lmtp://127.0.0.1:2400"}, ""},
		{inbound.Config{Listen: "lmtp://[::1]:2400"}, ""},
		{inbound.Config{Listen: "lmtp+unix:///run/postrider/bounces"}, ""},
		{inbound.Config{Domain: domain, Listen: "smtp://0.0.0.0:25"}, ""},
		{inbound.Config{IMAP: "imaps://user@host/INBOX", Password: "x"}, ""},
		{inbound.Config{IMAP: "imap://user@127.0.0.1/Bounces", Password: "x"}, ""},
		{inbound.Config{Domain: "bounces@forum.example.org"}, "domain is"},
		{inbound.Config{Domain: "localhost"}, "bounce.forum.example.org"},
		{inbound.Config{Listen: "smtp://0.0.0.0:25"}, "set bounces.domain"},
		{inbound.Config{Listen: "lmtp://127.0.0.1"}, "lmtp://127.0.0.1:2400"},
		{inbound.Config{Listen: "lmtp+unix://run/x"}, "lmtp+unix:///run/postrider/bounces"},
		{inbound.Config{Listen: "http://127.0.0.1:80"}, "lmtp://"},
		{inbound.Config{IMAP: "imaps://host/INBOX", Password: "x"}, "imaps://user@host/INBOX"},
		{inbound.Config{IMAP: "imaps://user@host/INBOX"}, "POSTRIDER_BOUNCES_PASSWORD"},
		{inbound.Config{IMAP: "imaps://user:secret@host/INBOX", Password: "x"}, "password_file"},
		{inbound.Config{IMAP: "imap://user@mail.example.org/INBOX", Password: "x"}, "not encrypted"},
		{inbound.Config{IMAP: "pop3://user@mail.example.org", Password: "x"}, "imaps://"},
	} {
		err := tt.c.Validate()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%+v: %v", tt.c, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%+v: %v, want %q", tt.c, err, tt.want)
		}
	}
}

func TestReceivers_StopWithContext(t *testing.T) {
	d := newFixture(t)
	in, err := d.Open(inbound.Config{Listen: "lmtp://127.0.0.1:0", Maildir: newMaildir(t, d.readMail("arf-abuse"))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	servertest.Await(t, func() error {
		if d.unsubscribed() == "" {
			return errors.New("the complaint in the maildir was not processed")
		}
		return nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
