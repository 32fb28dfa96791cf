package smtptest

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Act is what a scripted relay does when its turn has come. The zero Act does what a good relay would.
type Act struct {
	Wait time.Duration // before it answers
	Say  string        // its reply, lines parted by "\n", without the last line break; empty: the usual one
	Raw  string        // the bytes it sends instead, as they are
	Mute bool          // it sends nothing
	Drop bool          // then it cuts the line
	Hang bool          // then it does nothing more, and leaves the line open
}

// Table says how a scripted relay acts: at "connect", at "EHLO", "RSET", "MAIL", "RCPT", "DATA", "QUIT" or
// another command, and at "." for a whole message. Acts are taken one after the other, over all connections;
// the last one is for all further times. What is not in the table is done as a good relay does it, with PIPELINING.
type Table map[string][]Act

// usual are the replies of a good relay.
var usual = map[string]string{
	"connect": "220 script.test ESMTP",
	"EHLO":    "250-script.test\n250-PIPELINING\n250 ENHANCEDSTATUSCODES",
	"RSET":    "250 2.0.0 Ok",
	"NOOP":    "250 2.0.0 Ok",
	"MAIL":    "250 2.1.0 Ok",
	"RCPT":    "250 2.1.5 Ok",
	"DATA":    "354 End data with <CR><LF>.<CR><LF>",
	".":       "250 2.0.0 Ok: queued as 4XyZ1234",
	"QUIT":    "221 2.0.0 Bye",
}

// Script is a relay that acts by a table. It lives as long as its test.
type Script struct {
	address string
	over    chan struct{}
	serving sync.WaitGroup

	mu          sync.Mutex
	table       Table
	said        []string
	bodies      []string
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
			s.begin(conn)
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
	s := &Script{table: Table{}, over: make(chan struct{}), open: make(map[net.Conn]struct{})}
	for at, acts := range table {
		s.table[at] = slices.Clone(acts)
	}
	return s
}

// URL is where the relay is, as Postrider's configuration writes it.
func (s *Script) URL() string { return "smtp://" + s.address }

// Dial gives one end of a pipe whose other end the relay has.
func (s *Script) Dial() net.Conn {
	near, far := net.Pipe()
	s.begin(far)
	return near
}

// close cuts all lines and waits until the relay has noticed.
func (s *Script) close() {
	close(s.over)
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// Said gives the commands that came so far, over all connections.
func (s *Script) Said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}

// Bodies gives the messages that came with their final dot, answered or not.
func (s *Script) Bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies)
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

func (s *Script) begin(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	s.open[conn] = struct{}{}
	s.serving.Go(func() {
		s.talk(conn)
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	})
}

// talk serves one connection.
func (s *Script) talk(conn net.Conn) {
	r := bufio.NewReader(conn)
	if _, goOn := s.act(conn, "connect"); !goOn {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.said = append(s.said, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		reply, goOn := s.act(conn, verb)
		if !goOn || verb == "QUIT" {
			return
		}
		last := reply[strings.LastIndexByte(reply, '\n')+1:]
		if verb == "DATA" && strings.HasPrefix(last, "354") && (!s.body(r) || !s.answer(conn, ".")) {
			return
		}
	}
}

// body reads a message to its final dot.
func (s *Script) body(r *bufio.Reader) bool {
	var body strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(line)
	}
	s.mu.Lock()
	s.bodies = append(s.bodies, body.String())
	s.mu.Unlock()
	return true
}

func (s *Script) answer(conn net.Conn, at string) bool {
	_, goOn := s.act(conn, at)
	return goOn
}

// act takes the next act of a turn and tells what was said, and whether the connection lives on.
func (s *Script) act(conn net.Conn, at string) (reply string, goOn bool) {
	s.mu.Lock()
	var a Act
	if acts := s.table[at]; len(acts) > 0 {
		a = acts[0]
		if len(acts) > 1 {
			s.table[at] = acts[1:]
		}
	}
	s.mu.Unlock()
	reply = a.Say
	if reply == "" {
		reply = usual[at]
	}
	if reply == "" {
		reply = "502 5.5.2 Error: command not recognized"
	}
	bytes := strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n"
	if a.Raw != "" {
		reply, bytes = a.Raw, a.Raw
	}
	if a.Wait > 0 {
		select {
		case <-time.After(a.Wait):
		case <-s.over:
		}
	}
	if !a.Mute {
		if _, err := io.WriteString(conn, bytes); err != nil {
			return "", false
		}
	}
	if a.Hang {
		<-s.over
	}
	return reply, !a.Drop && !a.Hang
}
