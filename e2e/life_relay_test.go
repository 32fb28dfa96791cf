package e2e

import (
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// relayMode is how a lifeRelay treats messages.
type relayMode string

const (
	relayWorks     relayMode = "works"
	relayDown      relayMode = "down"      // it closes connections without a greeting
	relayGreets421 relayMode = "greets421" // it greets with 421
	relayDefers    relayMode = "defers"    // it defers all recipients
	relaySlow      relayMode = "slow"      // it waits before it accepts a message
	relayDrops     relayMode = "drops"     // it takes a message and closes the connection without a reply
	relayLimits    relayMode = "limits"    // it accepts a few messages a second
	relayQuota     relayMode = "quota"     // it accepts no more messages today
)

// delivered is a message that a lifeRelay has received completely.
type delivered struct {
	to, id  string // recipient and Message-ID
	posts   []int64
	at      time.Time // simulated
	replied bool      // with 250; otherwise the connection was closed
	killed  bool      // sent by a daemon that was killed
}

// lifeRelay is an SMTP server whose behavior changes during a test.
type lifeRelay struct {
	t       *testing.T
	address string
	clock   func() time.Time

	mu        sync.Mutex
	mode      relayMode
	killing   bool            // the sender is a daemon that will be killed
	rejects   map[string]bool // recipients that are rejected with 550
	delivered []delivered
	rejected  map[string]int // by recipient
	troubled  time.Time      // the first failure since the mode was set; zero: none
	second    int64          // of the latest message, by the real clock
	inSecond  int            // messages in that second
	limited   int            // messages above the limit
}

func newLifeRelay(t *testing.T, clock func() time.Time) *lifeRelay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &lifeRelay{t: t, address: listener.Addr().String(), clock: clock, mode: relayWorks, rejects: map[string]bool{}, rejected: map[string]int{}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &lifeSession{relay: r, conn: c}, nil }))
	server.Domain, server.ErrorLog = "relay.test", log.New(io.Discard, "", 0)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(&lifeListener{listener, r}) })
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close()
		serving.Wait()
	})
	return r
}

// set changes how messages are treated.
func (r *lifeRelay) set(mode relayMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode, r.troubled = mode, time.Time{}
}

// current returns the mode. It records a failure if the mode causes one.
func (r *lifeRelay) current() relayMode {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode != relayWorks && r.mode != relaySlow && r.troubled.IsZero() {
		r.troubled = r.clock()
	}
	return r.mode
}

// firstFailure returns when the relay stopped the first message since its mode was set; zero: not yet.
func (r *lifeRelay) firstFailure() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.troubled
}

// messages returns the messages received so far.
func (r *lifeRelay) messages() []delivered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.delivered)
}

// lifeListener closes connections at once while the relay is down.
type lifeListener struct {
	net.Listener
	relay *lifeRelay
}

func (l *lifeListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.relay.mu.Lock()
		mode := l.relay.mode
		l.relay.mu.Unlock()
		switch mode {
		case relayDown:
		case relayGreets421:
			_, _ = io.WriteString(conn, "421 4.3.2 relay.test is shutting down\r\n")
		default:
			return conn, nil
		}
		l.relay.current()
		_ = conn.Close()
	}
}

type lifeSession struct {
	relay *lifeRelay
	conn  *smtp.Conn
	to    string
}

// messagesPerSecond is the limit of a relay that limits its rate.
const messagesPerSecond = 2

// exceedsRate counts a message and reports whether it is too many for this second.
func (r *lifeRelay) exceedsRate() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now().Unix(); now != r.second {
		r.second, r.inSecond = now, 0
	}
	r.inSecond++
	exceeds := r.mode == relayLimits && r.inSecond > messagesPerSecond
	if exceeds {
		r.limited++
	}
	return exceeds
}

// limitedMessages returns how many messages were above the limit.
func (r *lifeRelay) limitedMessages() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limited
}

func (s *lifeSession) Mail(string, *smtp.MailOptions) error {
	if s.relay.exceedsRate() {
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Throttling failure: Maximum sending rate exceeded"}
	}
	return nil
}

func (s *lifeSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch s.relay.current() {
	case relayDown:
		return s.conn.Close()
	case relayGreets421:
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
	case relayDefers:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "Mailbox busy, try again later"}
	case relayQuota:
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Throttling failure: Daily message quota exceeded"}
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	if s.relay.rejects[to] {
		s.relay.rejected[to]++
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "User unknown"}
	}
	s.to = to
	return nil
}

func (s *lifeSession) Data(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	mode := s.relay.current()
	if mode == relaySlow {
		<-time.After(30 * time.Millisecond)
	}
	m := readDelivered(s.relay.t, raw)
	m.to, m.at, m.replied = s.to, s.relay.clock(), mode != relayDrops
	s.relay.mu.Lock()
	m.killed = s.relay.killing
	s.relay.delivered = append(s.relay.delivered, m)
	s.relay.mu.Unlock()
	if mode == relayDrops {
		_ = s.conn.Close()
		return io.ErrClosedPipe
	}
	return nil
}

func (s *lifeSession) Reset()        { s.to = "" }
func (s *lifeSession) Logout() error { return nil }
