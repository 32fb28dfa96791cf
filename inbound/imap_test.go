package inbound_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"

	"postrider/inbound"
	"postrider/internal/link"
	"postrider/internal/servertest"
)

// imapBox is a client of a real IMAP server, as used by people.
type imapBox struct {
	*testing.T
	client *client.Client
}

func newIMAPBox(t *testing.T, d *servertest.Dovecot) *imapBox {
	t.Helper()
	c, err := client.Dial(d.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Logout() })
	if err := c.Login("postrider", "secret"); err != nil {
		t.Fatal(err)
	}
	return &imapBox{t, c}
}

func (b *imapBox) put(messages ...[]byte) {
	b.Helper()
	for _, m := range messages {
		m = bytes.ReplaceAll(m, []byte("\n"), []byte("\r\n"))
		if err := b.client.Append("INBOX", nil, time.Time{}, bytes.NewReader(m)); err != nil {
			b.Fatal(err)
		}
	}
}

// unseen counts the messages that are not marked as seen.
func (b *imapBox) unseen() int {
	b.Helper()
	if _, err := b.client.Select("INBOX", true); err != nil {
		b.Fatal(err)
	}
	criteria := imap.NewSearchCriteria()
	criteria.WithoutFlags = []string{imap.SeenFlag}
	found, err := b.client.Search(criteria)
	if err != nil {
		b.Fatal(err)
	}
	return len(found)
}

func TestIMAP_ProcessesEachMessageOnce(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newFixture(t)
	c := inbound.Config{IMAP: "imap://postrider@" + dovecot.Address() + "/INBOX", Password: "secret"}
	collect := func() {
		t.Helper()
		if err := d.Collect(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	collect() // an empty mailbox is not an error
	inbox := newIMAPBox(t, dovecot)
	for range 45 { // more than one fetch
		inbox.put(d.readMail("other-person"))
	}
	inbox.put(d.readMail("postfix-unknown-user"), bytes.Repeat([]byte("a long line that no report has\n"), 20_000), []byte("To: "+d.unsubscribeAddress(link.Alerts)+"\n\n"))
	collect()
	if got := d.refusals(); len(got) != 1 {
		t.Errorf("refusals = %v, want one", got)
	}
	if got := d.unsubscribed(); got != "alerts" {
		t.Errorf("unsubscribed from %q, want alerts", got)
	}
	if n := inbox.unseen(); n != 0 {
		t.Errorf("%d messages are not marked as seen", n)
	}

	d.log.Reset()
	collect()
	if log := d.log.String(); log != "" {
		t.Errorf("second Collect processed messages again:\n%s", log)
	}
	inbox.put(d.readMail("arf-abuse"))
	collect()
	if got := d.unsubscribed(); got != "digests alerts" {
		t.Errorf("after a new message: unsubscribed from %q, want digests and alerts", got)
	}
}

func TestIMAP_RetriesUnprocessedMessage(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newFixture(t)
	c := inbound.Config{IMAP: "imap://postrider@" + dovecot.Address(), Password: "secret"}
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	early := append([]byte("X-Original-To: "+d.Composer.VERP(quick, 43, domain)+"\n"), without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))...)
	inbox := newIMAPBox(t, dovecot)
	inbox.put(d.readMail("arf-abuse"), early)
	for range 2 {
		if err := d.Collect(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if n := inbox.unseen(); n != 1 {
			t.Errorf("%d messages are not marked as seen, want only the message that is not settled yet", n)
		}
	}
	d.settle(quick, "bert@members.example")
	if err := d.Collect(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := d.refusals(); len(got) != 1 || inbox.unseen() != 0 {
		t.Errorf("finally refusals = %v, and %d messages are not seen; want 1 and 0", got, inbox.unseen())
	}
}

func TestIMAP_ExplainsConnectionError(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newFixture(t)
	for _, tt := range []struct{ imap, password, want string }{
		{"imap://postrider@" + dovecot.Address(), "wrong", "logging in"},
		{"imap://postrider@" + dovecot.Address() + "/Nowhere", "secret", "opening Nowhere"},
		{"imaps://postrider@" + dovecot.TLSAddress(), "secret", "certificate"}, // self-signed
		{"imap://postrider@127.0.0.1:1", "secret", "refused"},
	} {
		err := d.Collect(t.Context(), inbound.Config{IMAP: tt.imap, Password: tt.password})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), tt.password) {
			t.Errorf("%s: %v, want %q in it and no password", tt.imap, err, tt.want)
		}
	}
}
