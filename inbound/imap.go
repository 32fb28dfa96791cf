package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"

	"postrider/bounce"
)

// page is how many messages are fetched at a time.
const page = 20

// IMAP is a mailbox on another server.
type IMAP struct {
	box      *Processor
	at       mailbox
	password string
}

// IMAP opens a mailbox, as the configuration names it; it connects when it collects.
func (b *Processor) IMAP(c Config) (*IMAP, error) {
	at, err := parseIMAP(c.IMAP)
	if err != nil {
		return nil, fmt.Errorf("bounces.%w", err)
	}
	return &IMAP{b, at, c.Password}, nil
}

// Collect takes in what has come since the last time, and marks it as seen. It goes by the numbers of messages, not
// by that mark, so a person may look into the mailbox as well.
func (m *IMAP) Collect(ctx context.Context) error {
	if err := m.collect(ctx); err != nil && !errors.Is(err, ErrRetryLater) {
		return fmt.Errorf("reading the mailbox for bounces: %w", err)
	}
	return nil
}

// Check connects and opens the mailbox.
func (m *IMAP) Check(ctx context.Context) error {
	c, _, err := m.open(ctx)
	if err != nil {
		return err
	}
	return c.Logout()
}

func (m *IMAP) collect(ctx context.Context) error {
	c, status, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer c.Logout()
	stop := context.AfterFunc(ctx, func() { c.Terminate() })
	defer stop()
	last, err := m.last(ctx, status.UidValidity)
	if err != nil {
		return err
	}
	for status.Messages > 0 {
		uids, err := newer(c, last)
		if err != nil || len(uids) == 0 {
			return err
		}
		for len(uids) > 0 {
			some := uids[:min(page, len(uids))]
			uids = uids[len(some):]
			if last, err = m.processBatch(ctx, c, some, last); err != nil {
				return errors.Join(err, m.remember(ctx, status.UidValidity, last))
			}
			if err := m.remember(ctx, status.UidValidity, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// open connects, logs in and selects the mailbox.
func (m *IMAP) open(ctx context.Context) (*client.Client, *imap.MailboxStatus, error) {
	dialer := dialer{ctx, net.Dialer{Timeout: patience}}
	address := net.JoinHostPort(m.at.host, m.at.port)
	var c *client.Client
	var err error
	if m.at.encrypted {
		c, err = client.DialWithDialerTLS(dialer, address, nil)
	} else {
		c, err = client.DialWithDialer(dialer, address)
	}
	if err != nil {
		return nil, nil, err
	}
	c.Timeout, c.ErrorLog = patience, nopLogger{}
	if err := c.Login(m.at.user, m.password); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("logging in: %w", err), c.Terminate())
	}
	status, err := c.Select(m.at.name, false)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening %s: %w", m.at.name, err), c.Terminate())
	}
	return c, status, nil
}

// dialer dials as long as its context stands.
type dialer struct {
	ctx context.Context
	net.Dialer
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(d.ctx, network, address)
}

// newer lists the numbers of messages behind last, rising.
func newer(c *client.Client, last uint32) ([]uint32, error) {
	criteria := imap.NewSearchCriteria()
	criteria.Uid = new(imap.SeqSet)
	criteria.Uid.AddRange(last+1, 0) // 0 is "*", the last one: it is found even if its number is not above last
	criteria.WithoutFlags = []string{imap.DeletedFlag}
	found, err := c.UidSearch(criteria)
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	var uids []uint32
	for _, uid := range found {
		if uid > last {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids, nil
}

// processBatch takes messages in, in their order, and marks them as seen. It gives the number of the last one that need not be
// looked at again.
func (m *IMAP) processBatch(ctx context.Context, c *client.Client, uids []uint32, last uint32) (uint32, error) {
	raw, err := fetch(c, uids)
	if err != nil {
		return last, err
	}
	done := new(imap.SeqSet)
	var failed error
	for _, uid := range uids {
		if text, found := raw[uid]; found { // else somebody has taken it out meanwhile
			if failed = m.box.Process(ctx, nil, text); failed != nil {
				break
			}
			done.AddNum(uid)
		}
		last = uid
	}
	if done.Empty() {
		return last, failed
	}
	seen := imap.FormatFlagsOp(imap.AddFlags, true)
	if err := c.UidStore(done, seen, []any{imap.SeenFlag}, nil); err != nil {
		failed = errors.Join(failed, fmt.Errorf("marking messages as seen: %w", err))
	}
	return last, failed
}

// fetch reads the beginnings of messages, without marking them.
func fetch(c *client.Client, uids []uint32) (map[uint32][]byte, error) {
	set := new(imap.SeqSet)
	set.AddNum(uids...)
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, bounce.MaxBytes}}
	messages := make(chan *imap.Message, page)
	ended := make(chan error, 1)
	go func() { ended <- c.UidFetch(set, []imap.FetchItem{imap.FetchUid, section.FetchItem()}, messages) }()
	raw := make(map[uint32][]byte, len(uids))
	var unread error
	for message := range messages {
		body := message.GetBody(section)
		if body == nil {
			continue // news of a message's flags, not the message
		}
		text, err := io.ReadAll(body)
		raw[message.Uid], unread = text, errors.Join(unread, err)
	}
	if err := errors.Join(<-ended, unread); err != nil {
		return nil, fmt.Errorf("fetching messages: %w", err)
	}
	return raw, nil
}

// key is what the store keeps the last number under. The address has no password in it.
func (m *IMAP) key() string {
	return "imap " + m.at.user + "@" + net.JoinHostPort(m.at.host, m.at.port) + "/" + m.at.name
}

// last is the number up to which all is taken in. A mailbox whose validity has changed numbers anew (RFC 3501, 2.3.1.1).
func (m *IMAP) last(ctx context.Context, validity uint32) (last uint32, err error) {
	text, known, err := m.box.Store.Values.Get(ctx, m.key())
	if err != nil || !known {
		return 0, err
	}
	var was uint32
	if _, err := fmt.Sscanf(text, "%d/%d", &was, &last); err != nil || was != validity {
		return 0, nil
	}
	return last, nil
}

func (m *IMAP) remember(ctx context.Context, validity, last uint32) error {
	return m.box.Store.Values.Set(ctx, m.key(), fmt.Sprintf("%d/%d", validity, last))
}

// nopLogger keeps the IMAP library from writing to the standard error: what it has to say is in the errors, too.
type nopLogger struct{}

func (nopLogger) Printf(string, ...any) {}
func (nopLogger) Println(...any)        {}
