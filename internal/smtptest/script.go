package smtptest

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Act is one step of a scripted relay. The zero Act is what a working relay does.
type Act struct {
	Wait    time.Duration // before the reply
	Reply   string        // lines separated by "\n", without the last line break; empty: the default reply
	Raw     string        // the bytes to send instead of Reply, unchanged
	NoReply bool          // sends nothing
	TLS     *tls.Config   // starts TLS: before the greeting at "connect", after the reply at "STARTTLS"
	Read    int           // at "body": bytes to read before Drop or Hang; All: up to the final dot, without a reply to it
	Drop    bool          // closes the connection afterwards
	Hang    bool          // does nothing afterwards, and keeps the connection open
}

// All reads the whole message.
const All = -1

// Table has the acts of a scripted relay: at "connect", at "EHLO", "RSET", "MAIL", "RCPT", "DATA", "QUIT" or another command, at
// "body" before it reads a message, and at "." after the final dot. Acts are used one after the other, across all connections. The
// last one is repeated. Without an entry, the relay works normally, with PIPELINING.
type Table map[string][]Act

// defaultReplies are the replies of a working relay.
var defaultReplies = map[string]string{
	"connect":  "220 script.test ESMTP",
	"EHLO":     "250-script.test\n250-PIPELINING\n250 ENHANCEDSTATUSCODES",
	"RSET":     "250 2.0.0 Ok",
	"NOOP":     "250 2.0.0 Ok",
	"MAIL":     "250 2.1.0 Ok",
	"RCPT":     "250 2.1.5 Ok",
	"DATA":     "354 End data with <CR><LF>.<CR><LF>",
	".":        "250 2.0.0 Ok: queued as 4XyZ1234",
	"QUIT":     "221 2.0.0 Bye",
	"STARTTLS": "220 2.0.0 Ready to start TLS",
	"AUTH":     "235 2.7.0 Welcome",
}

// Received is a message that was received up to its final dot.
type Received struct {
	Body string
	Code int // of the reply; 0: there was no complete reply, or the client was gone
}

// Script is a relay that follows a table. It runs as long as its test.
type Script struct {
	address string
	closed  chan struct{}
	serving sync.WaitGroup

	mu          sync.Mutex
	table       Table
	commands    []string
	received    []Received
	connections int
	open        map[net.Conn]struct{}
}

// NewScript starts a scripted relay on a free local port.
func NewScript(t testing.TB, table Table) *Script {
	t.Helper()
	s := newScript(table)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting the scripted relay: %v", err)
	}
	s.address = listener.Addr().String()
	s.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.accept(conn)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.close()
	})
	return s
}

// NewPipedScript returns a scripted relay without a network, for tests in a testing/synctest bubble. Dial connects to it.
func NewPipedScript(t testing.TB, table Table) *Script {
	t.Helper()
	s := newScript(table)
	s.address = "127.0.0.1:25"
	t.Cleanup(s.close)
	return s
}

func newScript(table Table) *Script {
	s := &Script{closed: make(chan struct{}), open: make(map[net.Conn]struct{})}
	s.SetTable(table)
	return s
}

// SetTable replaces the table.
func (s *Script) SetTable(table Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table = Table{}
	for at, acts := range table {
		s.table[at] = slices.Clone(acts)
	}
}

// URL returns the address as in Postrider's configuration.
func (s *Script) URL() string { return "smtp://" + s.address }

// Dial returns one end of a pipe. The relay serves the other end.
func (s *Script) Dial() net.Conn {
	near, far := net.Pipe()
	s.accept(far)
	return near
}

// close closes all connections and waits until the relay has stopped.
func (s *Script) close() {
	close(s.closed)
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// Commands returns the commands received so far, across all connections.
func (s *Script) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Received returns the messages received so far.
func (s *Script) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Bodies returns the messages received up to their final dot, with or without a reply.
func (s *Script) Bodies() []string {
	var bodies []string
	for _, l := range s.Received() {
		bodies = append(bodies, l.Body)
	}
	return bodies
}

// Connections returns the number of connections accepted so far.
func (s *Script) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Open returns the number of open connections.
func (s *Script) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *Script) accept(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	s.open[conn] = struct{}{}
	s.serving.Go(func() {
		s.serve(conn)
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	})
}

// serve serves one connection.
func (s *Script) serve(conn net.Conn) {
	greeting := s.next("connect")
	if greeting.TLS != nil {
		conn = tls.Server(conn, greeting.TLS)
	}
	if _, open := s.perform(conn, "connect", greeting); !open {
		return
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		a := s.next(verb)
		reply, open := s.perform(conn, verb, a)
		if !open || verb == "QUIT" {
			return
		}
		if verb == "STARTTLS" && a.TLS != nil {
			conn = tls.Server(conn, a.TLS)
			r = bufio.NewReader(conn)
		}
		if verb == "DATA" && replyCode(reply) == 354 && !s.receive(conn, r) {
			return
		}
	}
}

// receive reads a message, replies to it, and reports whether the connection stays open.
func (s *Script) receive(conn net.Conn, r *bufio.Reader) (open bool) {
	a := s.next("body")
	s.pause(a.Wait)
	if a.Drop || a.Hang {
		if a.Read == All {
			_, _ = readBody(r)
		} else {
			_, _ = io.CopyN(io.Discard, r, int64(a.Read))
		}
		if a.Hang {
			<-s.closed
		}
		return false
	}
	text, err := readBody(r)
	if err != nil {
		return false
	}
	s.mu.Lock()
	i := len(s.received)
	s.received = append(s.received, Received{Body: text})
	s.mu.Unlock()
	a = s.next(".")
	s.pause(a.Wait)
	reply := a.bytes(".")
	s.setCode(i, replyCode(reply)) // before the client can know it
	if err := write(conn, reply); err != nil {
		s.setCode(i, 0)
		return false
	}
	return s.endAct(a)
}

func (s *Script) setCode(message, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received[message].Code = code
}

// readBody reads a message up to its final dot.
func readBody(r *bufio.Reader) (string, error) {
	var text strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			return text.String(), nil
		}
		text.WriteString(line)
	}
}

// replyCode returns the code of a complete reply (RFC 5321, 4.2), or 0.
func replyCode(reply string) int {
	last := reply[strings.LastIndexByte(strings.TrimSuffix(reply, "\r\n"), '\n')+1:]
	if len(last) < 6 || last[3] != ' ' || !strings.HasSuffix(last, "\r\n") {
		return 0
	}
	code, _ := strconv.Atoi(last[:3])
	return code
}

// next returns the next act for a key of the table.
func (s *Script) next(at string) (a Act) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if acts := s.table[at]; len(acts) > 0 {
		a = acts[0]
		if len(acts) > 1 {
			s.table[at] = acts[1:]
		}
	}
	return a
}

func (s *Script) pause(d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-s.closed:
	}
}

// perform sends the reply of an act, returns the bytes sent, and reports whether the connection stays open.
func (s *Script) perform(conn net.Conn, at string, a Act) (sent string, open bool) {
	s.pause(a.Wait)
	sent = a.bytes(at)
	if err := write(conn, sent); err != nil {
		return "", false
	}
	return sent, s.endAct(a)
}

// bytes returns what the relay sends for an act.
func (a Act) bytes(at string) string {
	switch {
	case a.NoReply:
		return ""
	case a.Raw != "":
		return a.Raw
	}
	reply := cmp.Or(a.Reply, defaultReplies[at], "502 5.5.2 Error: command not recognized")
	return strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n"
}

// write writes bytes. It does nothing if there are none, because on a pipe it would wait for a reader.
func write(conn net.Conn, bytes string) error {
	if bytes == "" {
		return nil
	}
	_, err := io.WriteString(conn, bytes)
	return err
}

// endAct drops or hangs if the act says so, and reports whether the connection stays open.
func (s *Script) endAct(a Act) bool {
	if a.Hang {
		<-s.closed
	}
	return !a.Drop && !a.Hang
}
