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

// Act is what a scripted relay does when its turn has come. The zero Act does what a good relay would.
type Act struct {
	Wait    time.Duration // before it answers
	Reply   string        // its reply, lines parted by "\n", without the last line break; empty: the usual one
	Raw     string        // the bytes it sends instead, as they are
	NoReply bool          // it sends nothing
	TLS     *tls.Config   // it begins TLS: at "connect" before it says anything, at "STARTTLS" afterwards
	Read    int           // at "body": bytes that it reads before it drops or hangs; All: to the final dot, which it does not see
	Drop    bool          // then it cuts the line
	Hang    bool          // then it does nothing more, and leaves the line open
}

// All of a message.
const All = -1

// Table says how a scripted relay acts: at "connect", at "EHLO", "RSET", "MAIL", "RCPT", "DATA", "QUIT" or
// another command, at "body" before it reads a message, and at "." for a whole one. Acts are taken one after the other, over all connections;
// the last one is for all further times. What is not in the table is done as a good relay does it, with PIPELINING.
type Table map[string][]Act

// defaultReplies are the replies of a good relay.
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
	"STARTTLS": "220 2.0.0 Go on",
	"AUTH":     "235 2.7.0 Welcome",
}

// Received is a message that came with its final dot.
type Received struct {
	Body string
	Code int // of the answer; 0: there was none, or not a whole one, or nobody was there any more to hear it
}

// Script is a relay that acts by a table. It lives as long as its test.
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

// NewScript opens a scripted relay on a free port of this machine.
func NewScript(t testing.TB, table Table) *Script {
	t.Helper()
	s := newScript(table)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("opening the scripted relay: %v", err)
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

// NewPipedScript gives a scripted relay without a network, for tests in a bubble of testing/synctest: Dial connects to it.
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

// SetTable makes the relay act by another table from now on.
func (s *Script) SetTable(table Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table = Table{}
	for at, acts := range table {
		s.table[at] = slices.Clone(acts)
	}
}

// URL is where the relay is, as Postrider's configuration writes it.
func (s *Script) URL() string { return "smtp://" + s.address }

// Dial gives one end of a pipe whose other end the relay has.
func (s *Script) Dial() net.Conn {
	near, far := net.Pipe()
	s.accept(far)
	return near
}

// close cuts all lines and waits until the relay has noticed.
func (s *Script) close() {
	close(s.closed)
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// Commands gives the commands that came so far, over all connections.
func (s *Script) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Received gives the messages that came so far.
func (s *Script) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Bodies gives the messages that came with their final dot, answered or not.
func (s *Script) Bodies() []string {
	var bodies []string
	for _, l := range s.Received() {
		bodies = append(bodies, l.Body)
	}
	return bodies
}

// Connections counts the connections that were ever open.
func (s *Script) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Open counts the connections that are open now.
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
	if _, goOn := s.perform(conn, "connect", greeting); !goOn {
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
		reply, goOn := s.perform(conn, verb, a)
		if !goOn || verb == "QUIT" {
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

// receive reads a message, answers it, and tells whether the connection lives on.
func (s *Script) receive(conn net.Conn, r *bufio.Reader) (goOn bool) {
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
	answer := a.bytes(".")
	s.setCode(i, replyCode(answer)) // before the other side can know
	if err := write(conn, answer); err != nil {
		s.setCode(i, 0)
		return false
	}
	return s.endAct(a)
}

func (s *Script) setCode(letter, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received[letter].Code = code
}

// readBody reads a message to its final dot.
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

// replyCode is that of a whole reply (RFC 5321, 4.2).
func replyCode(reply string) int {
	last := reply[strings.LastIndexByte(strings.TrimSuffix(reply, "\r\n"), '\n')+1:]
	if len(last) < 6 || last[3] != ' ' || !strings.HasSuffix(last, "\r\n") {
		return 0
	}
	code, _ := strconv.Atoi(last[:3])
	return code
}

// next takes the next act of a turn.
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

// perform does an act, gives the bytes that were sent, and tells whether the connection lives on.
func (s *Script) perform(conn net.Conn, at string, a Act) (said string, goOn bool) {
	s.pause(a.Wait)
	said = a.bytes(at)
	if err := write(conn, said); err != nil {
		return "", false
	}
	return said, s.endAct(a)
}

// bytes is what a relay sends that acts so.
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

// write writes unless there is nothing to write: on a pipe that would wait for a reader.
func write(conn net.Conn, bytes string) error {
	if bytes == "" {
		return nil
	}
	_, err := io.WriteString(conn, bytes)
	return err
}

// endAct tells whether a connection lives on after an act.
func (s *Script) endAct(a Act) bool {
	if a.Hang {
		<-s.closed
	}
	return !a.Drop && !a.Hang
}
