package demo

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Kept is how many messages an inbox holds; older ones are removed.
const Kept = 500

// Inbox accepts every message by SMTP, for any recipient, and shows them on a web page. It keeps them in memory only.
type Inbox struct {
	clock func() time.Time
	born  moment
	pages *pages
	mux   *http.ServeMux
	smtp  *smtp.Server
	serve sync.WaitGroup

	mu       sync.Mutex
	messages []*Message // oldest first
	last     int        // the number of the newest message
	arrival  chan struct{}
	closed   chan struct{}
	close    sync.Once
}

// moment is one instant on two clocks.
type moment struct{ real, demo time.Time }

// NewInbox returns an inbox. clock is the clock of the demo, which can run faster than real time.
func NewInbox(clock func() time.Time) *Inbox {
	i := &Inbox{
		clock:   clock,
		born:    moment{time.Now(), clock()},
		pages:   newPages(),
		mux:     http.NewServeMux(),
		arrival: make(chan struct{}),
		closed:  make(chan struct{}),
	}
	i.smtp = newServer(i)
	i.routes()
	return i
}

// Messages lists the messages, newest first.
func (i *Inbox) Messages() []*Message {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := slices.Clone(i.messages)
	slices.Reverse(list)
	return list
}

// Message finds a message by its ID.
func (i *Inbox) Message(id int) (*Message, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := slices.IndexFunc(i.messages, func(m *Message) bool { return m.ID == id })
	if at < 0 {
		return nil, false
	}
	return i.messages[at], true
}

// add stores a message and notifies the waiting pages.
func (i *Inbox) add(to string, raw []byte) {
	m := read(raw, to)
	m.At = i.clock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	m.ID = i.last
	i.messages = append(i.messages, m)
	if n := len(i.messages) - Kept; n > 0 {
		i.messages = slices.Delete(i.messages, 0, n)
	}
	close(i.arrival)
	i.arrival = make(chan struct{})
}

// since lists the messages after id, oldest first, and returns a channel that closes when another arrives.
func (i *Inbox) since(id int) ([]*Message, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := slices.IndexFunc(i.messages, func(m *Message) bool { return m.ID > id })
	if at < 0 {
		return nil, i.arrival
	}
	return slices.Clone(i.messages[at:]), i.arrival
}

// pace returns how many times faster than real time the demo's clock runs.
func (i *Inbox) pace() int {
	passed := time.Since(i.born.real)
	if passed <= 0 {
		return 1
	}
	return int(i.clock().Sub(i.born.demo).Seconds()/passed.Seconds() + 0.5)
}

// Close stops the SMTP server and ends the event streams.
func (i *Inbox) Close() error {
	i.close.Do(func() { close(i.closed) })
	err := i.smtp.Close()
	i.serve.Wait()
	if err != nil {
		return fmt.Errorf("closing the inbox: %w", err)
	}
	return nil
}
