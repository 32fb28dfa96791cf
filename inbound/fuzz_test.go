package inbound_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/inbound"
)

// scriptedConn is a connection in memory. It needs no goroutine and never waits for one: all that the other side sends is known.
type scriptedConn struct {
	net.Conn
	in     *bytes.Reader
	closed chan struct{}
	close  func()

	mu  sync.Mutex // the listener may close the connection while it writes
	out bytes.Buffer
}

func newScriptedConn(sent ...[]byte) *scriptedConn {
	c := &scriptedConn{in: bytes.NewReader(bytes.Join(sent, nil)), closed: make(chan struct{})}
	c.close = sync.OnceFunc(func() { close(c.closed) })
	return c
}

func (c *scriptedConn) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *scriptedConn) Close() error                     { c.close(); return nil }
func (c *scriptedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scriptedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *scriptedConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }

func (c *scriptedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(p)
}

// answer returns what was written so far.
func (c *scriptedConn) answer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.out.Bytes())
}

// connQueue is a listener that accepts the connections of a channel.
type connQueue chan net.Conn

func (q connQueue) Accept() (net.Conn, error) {
	c, more := <-q
	if !more {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (connQueue) Close() error   { return nil }
func (connQueue) Addr() net.Addr { return &net.TCPAddr{} }

var replyLine = regexp.MustCompile(`^[2345]\d\d[ -]`)

// FuzzSession checks that the listener answers anything with replies of SMTP, in a bounded number.
func FuzzSession(f *testing.F) {
	useMemory(f)
	d := newFixture(f)
	const report = "Subject: x\r\n\r\nx\r\n"
	begin := "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<anna@" + domain + ">\r\n"
	for _, s := range []string{
		begin + "DATA\r\n" + report + ".\r\nQUIT\r\n", begin + "BDAT 3\r\nabcBDAT 0 LAST\r\n", "EHLO a\r\nNOOP\r\nVRFY x\r\nRSET\r\nHELP\r\n",
		begin + "RCPT TO:<b@c> NOTIFY=NEVER\r\nDATA\r\n..\r\n.\n.\r\n", "STARTTLS\r\n\x16\x03\x01", "AUTH PLAIN AAA=\r\n", "MAIL FROM:<ü@ü> SIZE=99999999999 SMTPUTF8\r\n",
		"\x00\xff\r\n\n\r",
	} {
		f.Add(false, []byte(s))
		f.Add(true, []byte(s))
	}
	queues := map[bool]connQueue{false: make(connQueue), true: make(connQueue)}
	for lmtp, queue := range queues {
		server := d.Server(lmtp, domain)
		go server.Serve(queue)
		f.Cleanup(func() { close(queue) })
	}
	f.Fuzz(func(t *testing.T, lmtp bool, sent []byte) {
		if len(sent) > maxSession {
			return
		}
		d.log.Reset()
		conn := newScriptedConn(sent, []byte("\r\n.\r\nQUIT\r\n")) // ends a message, too
		queues[lmtp] <- conn
		<-conn.closed
		answer := conn.answer()
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

// maxSession is the size of the largest session that is checked, in bytes: the fuzzer shortens each that is new to it, which takes
// the square of its size.
const maxSession = 400

// useMemory puts the files of a fuzz test into memory, if the system can: the disk takes longer than all that is tested.
func useMemory(f *testing.F) {
	f.Helper()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		f.Setenv("TMPDIR", "/dev/shm")
	}
}

// FuzzMaildir checks that a message in a maildir is processed and moved, whatever its name and its content are.
func FuzzMaildir(f *testing.F) {
	useMemory(f)
	d := newFixture(f)
	f.Add("1700000000.M1P2.host", d.readMail("postfix-unknown-user"))
	f.Add("a:2,S", d.readMail("arf-abuse"))
	f.Add("-", []byte("\xff\x00"))
	f.Add(strings.Repeat("a", 250), []byte("\n"))
	f.Add("\n", []byte("To: a@"+domain+"\n\n"))
	dir := f.TempDir()
	for _, sub := range []string{"new", "cur"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			f.Fatal(err)
		}
	}
	box := d.Maildir(dir)
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\x00") || len(name) > 255 || len(content) > maxFuzzed {
			t.Skip()
		}
		d.log.Reset()
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
		moved, _ := os.ReadDir(filepath.Join(dir, "cur"))
		if len(moved) != 1 {
			t.Errorf("%d messages in cur, want 1", len(moved))
		}
		for _, e := range moved {
			os.Remove(filepath.Join(dir, "cur", e.Name()))
		}
	})
}

// FuzzIMAP checks that the client ends with a result, whatever a server answers. The answers to one command each end at a zero
// byte; "@@" stands for the tag of the command.
func FuzzIMAP(f *testing.F) {
	useMemory(f)
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
		if len(script) > maxFuzzed || hugeLiteral.Match(script) {
			return
		}
		conn := newServerScript(bytes.Split(script, []byte{0}))
		box.CollectOver(t.Context(), conn)
		conn.Close()
	})
}

// hugeLiteral matches a literal for which the library reserves so much memory that it takes seconds.
var hugeLiteral = regexp.MustCompile(`\{\d{7}`)

// maxFuzzed is the size of the largest input that is checked, in bytes. Reports have a fuzz test in package bounce.
const maxFuzzed = 4000

// serverScript is a connection to a server that sends the first part of a script, then one after each command. It waits for a command
// only if the part answers the last one, and not long: the client may wait for more than the script has. After that it does not wait
// again.
type serverScript struct {
	net.Conn
	changed   chan struct{} // after a command or Close
	mu        sync.Mutex
	parts     [][]byte
	part      []byte // what is left of the current part
	tag       []byte // of the last command
	commands  int    // lines that the client sent and that no part has answered
	impatient bool
	closed    bool
}

func newServerScript(parts [][]byte) *serverScript {
	return &serverScript{changed: make(chan struct{}, 1), parts: parts[1:], part: bytes.ReplaceAll(parts[0], []byte("@@"), []byte("*")), tag: []byte("*")}
}

func (s *serverScript) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.part) == 0 {
		if s.closed || len(s.parts) == 0 {
			return 0, io.EOF
		}
		next := s.parts[0]
		if bytes.Contains(next, []byte("@@ ")) {
			if s.commands == 0 && !s.impatient {
				s.await()
				continue
			}
			s.commands = max(0, s.commands-1)
		}
		s.part, s.parts = bytes.ReplaceAll(next, []byte("@@"), s.tag), s.parts[1:]
	}
	n := copy(p, s.part)
	s.part = s.part[n:]
	return n, nil
}

// await waits for a command, but not long.
func (s *serverScript) await() {
	s.mu.Unlock()
	late := false
	select {
	case <-s.changed:
	case <-time.After(time.Millisecond):
		late = true
	}
	s.mu.Lock()
	s.impatient = s.impatient || late
}

// signal ends await.
func (s *serverScript) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *serverScript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	for line := range bytes.Lines(p) {
		if tag, _, found := bytes.Cut(line, []byte(" ")); found {
			s.tag = bytes.Clone(tag)
		}
		s.commands++
	}
	s.signal()
	return len(p), nil
}

func (s *serverScript) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.signal()
	return nil
}

func (s *serverScript) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *serverScript) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *serverScript) SetDeadline(time.Time) error      { return nil }
func (s *serverScript) SetReadDeadline(time.Time) error  { return nil }
func (s *serverScript) SetWriteDeadline(time.Time) error { return nil }
