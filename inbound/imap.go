package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"

	"postrider/bounce"
)

// fetchBatch is the number of messages per fetch.
const fetchBatch = 20

// IMAP is a mailbox on another server.
type IMAP struct {
	processor *Processor
	mailbox   mailbox
	password  string
}

// IMAP returns the mailbox of the configuration. It connects with each Collect.
func (b *Processor) IMAP(c Config) (*IMAP, error) {
	at, err := parseIMAP(c.IMAP)
	if err != nil {
		return nil, fmt.Errorf("bounces.%w", err)
	}
	return &IMAP{b, at, c.Password}, nil
}

// Collect processes the messages since the last call, and marks them as seen. It goes by their UIDs, not by that flag,
// so people may read the mailbox too.
func (m *IMAP) Collect(ctx context.Context) error {
	if err := m.collect(ctx); err != nil && !errors.Is(err, ErrRetryLater) {
		return fmt.Errorf("reading the bounce mailbox: %w", err)
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
	return m.collectFrom(ctx, c, status)
}

// collectFrom processes the messages of an open mailbox, and logs out.
func (m *IMAP) collectFrom(ctx context.Context, c *client.Client, status *imap.MailboxStatus) error {
	defer c.Logout()
	stop := context.AfterFunc(ctx, func() { c.Terminate() })
	defer stop()
	last, err := m.lastUID(ctx, status.UidValidity)
	if err != nil {
		return err
	}
	for status.Messages > 0 {
		uids, err := newUIDs(c, last)
		if err != nil || len(uids) == 0 {
			return err
		}
		for len(uids) > 0 {
			some := uids[:min(fetchBatch, len(uids))]
			uids = uids[len(some):]
			if last, err = m.processBatch(ctx, c, some, last); err != nil {
				return errors.Join(err, m.saveUID(ctx, status.UidValidity, last))
			}
			if err := m.saveUID(ctx, status.UidValidity, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// open connects, logs in and selects the mailbox. It returns no client after an error.
func (m *IMAP) open(ctx context.Context) (*client.Client, *imap.MailboxStatus, error) {
	dialer := &dialer{ctx: ctx, Dialer: net.Dialer{Timeout: idleTimeout}, release: func() bool { return true }}
	defer func() { dialer.release() }()
	address := net.JoinHostPort(m.mailbox.host, m.mailbox.port)
	var c *client.Client
	var err error
	if m.mailbox.encrypted {
		c, err = client.DialWithDialerTLS(dialer, address, nil)
	} else {
		c, err = client.DialWithDialer(dialer, address)
	}
	if err != nil {
		return nil, nil, err
	}
	return m.login(c)
}

// login logs in and selects the mailbox.
func (m *IMAP) login(c *client.Client) (*client.Client, *imap.MailboxStatus, error) {
	c.Timeout, c.ErrorLog = idleTimeout, nopLogger{}
	if err := c.Login(m.mailbox.user, m.password); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("logging in: %w", err), c.Terminate())
	}
	status, err := c.Select(m.mailbox.name, false)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening %s: %w", m.mailbox.name, err), c.Terminate())
	}
	return c, status, nil
}

// dialer dials until its context ends. A connection always has a deadline.
type dialer struct {
	ctx context.Context
	net.Dialer
	release func() bool // the context no longer closes the connection
}

// Dial implements client.Dialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := d.DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.release = context.AfterFunc(d.ctx, func() { conn.Close() })
	limited := impatientConn{conn}
	return limited, limited.SetDeadline(time.Time{})
}

// impatientConn is a connection that always has a deadline: the library removes it before the capabilities are read.
type impatientConn struct{ net.Conn }

// SetDeadline implements net.Conn.
func (c impatientConn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		t = time.Now().Add(idleTimeout)
	}
	return c.Conn.SetDeadline(t)
}

// newUIDs lists the UIDs above last, in ascending order.
func newUIDs(c *client.Client, last uint32) ([]uint32, error) {
	criteria := imap.NewSearchCriteria()
	criteria.Uid = new(imap.SeqSet)
	criteria.Uid.AddRange(last+1, 0) // 0 is "*", the newest message: the server returns it even if its UID is not above last
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

// processBatch processes messages in their order, and marks them as seen. It returns the UID of the last message that is
// done.
func (m *IMAP) processBatch(ctx context.Context, c *client.Client, uids []uint32, last uint32) (uint32, error) {
	raw, err := fetch(c, uids)
	if err != nil {
		return last, err
	}
	done := new(imap.SeqSet)
	var failed error
	for _, uid := range uids {
		if text, found := raw[uid]; found { // else it was deleted in the meantime
			if failed = m.processor.Process(ctx, nil, text); failed != nil {
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

// fetch reads the first bounce.MaxBytes of each message, without marking them as seen.
func fetch(c *client.Client, uids []uint32) (map[uint32][]byte, error) {
	set := new(imap.SeqSet)
	set.AddNum(uids...)
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, bounce.MaxBytes}}
	messages := make(chan *imap.Message, fetchBatch)
	ended := make(chan error, 1)
	go func() { ended <- c.UidFetch(set, []imap.FetchItem{imap.FetchUid, section.FetchItem()}, messages) }()
	raw := make(map[uint32][]byte, len(uids))
	var unread error
	for message := range messages {
		body := message.GetBody(section)
		if body == nil {
			continue // an update of a message's flags, not the message
		}
		text, err := io.ReadAll(body)
		raw[message.Uid], unread = text, errors.Join(unread, err)
	}
	if err := errors.Join(<-ended, unread); err != nil {
		return nil, fmt.Errorf("fetching messages: %w", err)
	}
	return raw, nil
}

// key is the key of the last UID in the store. It contains no password.
func (m *IMAP) key() string {
	return "imap " + m.mailbox.user + "@" + net.JoinHostPort(m.mailbox.host, m.mailbox.port) + "/" + m.mailbox.name
}

// lastUID returns the UID up to which all messages are processed. If UIDVALIDITY has changed, the UIDs start again
// (RFC 3501, 2.3.1.1).
func (m *IMAP) lastUID(ctx context.Context, validity uint32) (last uint32, err error) {
	text, known, err := m.processor.Store.Values.Get(ctx, m.key())
	if err != nil || !known {
		return 0, err
	}
	var was uint32
	if _, err := fmt.Sscanf(text, "%d/%d", &was, &last); err != nil || was != validity {
		return 0, nil
	}
	return last, nil
}

func (m *IMAP) saveUID(ctx context.Context, validity, last uint32) error {
	return m.processor.Store.Values.Set(ctx, m.key(), fmt.Sprintf("%d/%d", validity, last))
}

// nopLogger keeps the IMAP library from writing to standard error: the returned errors have the same information.
type nopLogger struct{}

func (nopLogger) Printf(string, ...any) {}
func (nopLogger) Println(...any)        {}
