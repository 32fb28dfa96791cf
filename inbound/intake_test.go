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

	"postrider/inbound"
	"postrider/internal/link"
	"postrider/internal/servertest"
)

// listen opens a listener for the time of a test and gives its address.
func (d *desk) listen(c inbound.Config) (l *inbound.Listener, end func() error) {
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

// talk has a dialogue with a server: what it says must begin so.
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
				t.Fatalf("%s says %q (%v), want %q", address, got, err, want)
			}
			continue
		}
		if _, err := conn.Write([]byte(strings.ReplaceAll(line, "\n", "\r\n") + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheListenerTakesReportsByLMTP(t *testing.T) {
	for _, listen := range []string{"lmtp://127.0.0.1:0", "lmtp+unix://" + filepath.Join(shortDir(t), "door")} {
		d := newDesk(t)
		l, end := d.listen(inbound.Config{Listen: listen, Domain: domain})
		talk(t, l.Address().Network(), l.Address().String(),
			"<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<"+d.path()+">", "<- 250", "RCPT TO:<"+d.unsubscribe(link.Alerts)+">", "<- 250",
			"DATA", "<- 354", string(d.corpus("postfix-unknown-user"))+"\n.", "<- 250", "<- 250", "QUIT", "<- 221")
		if err := end(); err != nil {
			t.Error(err)
		}
		if got := d.refused(); len(got) != 1 {
			t.Errorf("%s: noted is %v, want one refusal", listen, got)
		}
		if got := d.ended(); got != "alerts" {
			t.Errorf("%s: ended are %q, want alerts", listen, got)
		}
	}
}

// shortDir is a directory whose path leaves room for a socket's name, of which the kernel takes 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "box")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestASocketThatADeadDaemonLeftIsReplaced(t *testing.T) {
	d := newDesk(t)
	path := filepath.Join(shortDir(t), "door")
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
		t.Error("a file that is no socket was replaced")
	}
}

func TestBySMTPOnlyMailForOurDomainIsTaken(t *testing.T) {
	d := newDesk(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	talk(t, "tcp", l.Address().String(),
		"<- 220", "EHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<anna@members.example>", "<- 550", "RCPT TO:<fbl@"+domain+">", "<- 250",
		"DATA", "<- 354", string(d.corpus("arf-abuse"))+"\n.", "<- 250", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
	if got := d.ended(); got != "digests" {
		t.Errorf("ended are %q, want digests", got)
	}
}

// knock opens a connection from an address of this machine, and reads the greeting.
func knock(t *testing.T, from, address string) *textproto.Conn {
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

func TestNobodyInTheWorldTakesAllPlacesForHimself(t *testing.T) {
	d := newDesk(t)
	l, end := d.listen(inbound.Config{Listen: "smtp://127.0.0.1:0", Domain: domain})
	greeted := 0
	for range 30 { // he holds what he gets, and says nothing more
		if _, _, err := knock(t, "127.0.0.2", l.Address().String()).ReadResponse(220); err == nil {
			greeted++
		}
	}
	if greeted != 5 {
		t.Errorf("one address has %d places, want 5", greeted)
	}
	begins := func(from string, most int) (begun int) {
		c := knock(t, from, l.Address().String())
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
		t.Errorf("one address begins %d messages at once, want about 100", n)
	}
	if n := begins("127.0.0.4", 10); n != 10 {
		t.Errorf("somebody else begins %d messages, want 10", n)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestTheListenerAsksForAMessageAgainWhenItCannotBeTakenIn(t *testing.T) {
	d := newDesk(t)
	raw := string(d.corpus("postfix-unknown-user"))
	l, end := d.listen(inbound.Config{Listen: "lmtp://127.0.0.1:0"})
	d.Store.Close()
	talk(t, "tcp", l.Address().String(), "<- 220", "LHLO mx", "<- 250", "MAIL FROM:<>", "<- 250", "RCPT TO:<"+d.path()+">", "<- 250",
		"DATA", "<- 354", raw+"\n.", "<- 451", "QUIT", "<- 221")
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestWhoHandsInTooMuchAtOnceIsToldToTryAgain(t *testing.T) {
	d := newDesk(t)
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
				t.Errorf("after %d messages", i)
			}
			conn.Close()
			if err := end(); err != nil {
				t.Error(err)
			}
			return
		}
		say("RSET", "250")
	}
	t.Error("5000 messages were begun, and nobody said to wait")
}

// newMaildir makes a mailbox with messages in it.
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

func TestAMaildirIsEmptiedIntoWhatWasSeen(t *testing.T) {
	d := newDesk(t)
	dir := newMaildir(t, d.corpus("postfix-unknown-user"), d.corpus("other-person"), []byte("To: "+d.unsubscribe(link.Digests)+"\n\n"))
	if err := d.Collect(t.Context(), inbound.Config{Maildir: dir}); err != nil {
		t.Fatal(err)
	}
	if got := d.refused(); len(got) != 1 {
		t.Errorf("noted is %v, want one refusal", got)
	}
	if got := d.ended(); got != "digests" {
		t.Errorf("ended are %q, want digests", got)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 0 {
		t.Errorf("new are still %v", left)
	}
	if got, want := fmt.Sprint(names(t, filepath.Join(dir, "cur"))), "[1777968000.M0.mx:2,S 1777968001.M1.mx:2,S 1777968002.M2.mx:2,S]"; got != want {
		t.Errorf("seen are %s, want %s", got, want)
	}
}

func TestAMessageOfAMaildirStaysNewUntilItCanBeTakenIn(t *testing.T) {
	d := newDesk(t)
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	early := append([]byte("X-Original-To: "+d.Composer.VERP(quick, 43, domain)+"\n"), without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))...)
	dir := newMaildir(t, early, d.corpus("postfix-unknown-user"))
	collect := func() error { return d.Collect(t.Context(), inbound.Config{Maildir: dir}) }
	if err := collect(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 1 || len(d.refused()) != 1 {
		t.Errorf("new are %v, want the one that cannot be known yet: it holds up no other", left)
	}
	d.settle(quick, "bert@members.example")
	if err := collect(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Join(dir, "new")); len(left) != 0 {
		t.Errorf("new are still %v", left)
	}
	d.Store.Close()
	next := newMaildir(t, d.corpus("arf-abuse"))
	if err := d.Collect(t.Context(), inbound.Config{Maildir: next}); err == nil || len(names(t, filepath.Join(next, "new"))) != 1 {
		t.Errorf("without a store: %v, want an error and the message kept", err)
	}
	if err := d.Collect(t.Context(), inbound.Config{Maildir: filepath.Join(dir, "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a maildir that is not there: %v", err)
	}
}

func TestConfigurationsThatCannotWorkAreRefusedWithACure(t *testing.T) {
	for _, tt := range []struct {
		c    inbound.Config
		want string // "" for a good one
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

func TestTheIntakeEndsWithItsContext(t *testing.T) {
	d := newDesk(t)
	in, err := d.Open(inbound.Config{Listen: "lmtp://127.0.0.1:0", Maildir: newMaildir(t, d.corpus("arf-abuse"))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	servertest.Await(t, func() error {
		if d.ended() == "" {
			return errors.New("the complaint of the maildir was not taken in")
		}
		return nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
