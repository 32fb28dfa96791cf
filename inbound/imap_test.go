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

// imapBox is a mailbox of a real IMAP server, as a person has it before him.
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

func TestAMailboxIsReadByIMAPAndEachMessageOnce(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newDesk(t)
	c := inbound.Config{IMAP: "imap://postrider@" + dovecot.Address() + "/INBOX", Password: "secret"}
	collect := func() {
		t.Helper()
		if err := d.Collect(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	collect() // an empty mailbox is no fault
	inbox := newIMAPBox(t, dovecot)
	for range 45 { // more than are fetched at once
		inbox.put(d.corpus("other-person"))
	}
	inbox.put(d.corpus("postfix-unknown-user"), bytes.Repeat([]byte("a long line that no report has\n"), 20_000), []byte("To: "+d.unsubscribe(link.Alerts)+"\n\n"))
	collect()
	if got := d.refused(); len(got) != 1 {
		t.Errorf("noted is %v, want one refusal", got)
	}
	if got := d.ended(); got != "alerts" {
		t.Errorf("ended are %q, want alerts", got)
	}
	if n := inbox.unseen(); n != 0 {
		t.Errorf("%d messages are not marked as seen", n)
	}

	d.log.Reset()
	collect()
	if log := d.log.String(); log != "" {
		t.Errorf("the second time it took in something again:\n%s", log)
	}
	inbox.put(d.corpus("arf-abuse"))
	collect()
	if got := d.ended(); got != "digests alerts" {
		t.Errorf("after a new message ended are %q, want digests and alerts", got)
	}
}

func TestAMessageOfAMailboxThatCannotBeTakenInComesAgain(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newDesk(t)
	c := inbound.Config{IMAP: "imap://postrider@" + dovecot.Address(), Password: "secret"}
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	early := append([]byte("X-Original-To: "+d.Composer.VERP(quick, 43, domain)+"\n"), without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))...)
	inbox := newIMAPBox(t, dovecot)
	inbox.put(d.corpus("arf-abuse"), early)
	for range 2 {
		if err := d.Collect(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if n := inbox.unseen(); n != 1 {
			t.Errorf("%d messages are not marked as seen, want the one that cannot be known yet", n)
		}
	}
	d.settle(quick, "bert@members.example")
	if err := d.Collect(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := d.refused(); len(got) != 1 || inbox.unseen() != 0 {
		t.Errorf("in the end noted is %v, and %d are not seen", got, inbox.unseen())
	}
}

func TestAMailboxThatCannotBeOpenedSaysWhy(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	d := newDesk(t)
	for _, tt := range []struct{ imap, password, want string }{
		{"imap://postrider@" + dovecot.Address(), "wrong", "logging in"},
		{"imap://postrider@" + dovecot.Address() + "/Nowhere", "secret", "opening Nowhere"},
		{"imaps://postrider@" + dovecot.SafeAddress(), "secret", "certificate"}, // nobody vouches for it
		{"imap://postrider@127.0.0.1:1", "secret", "refused"},
	} {
		err := d.Collect(t.Context(), inbound.Config{IMAP: tt.imap, Password: tt.password})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), tt.password) {
			t.Errorf("%s: %v, want %q in it and no password", tt.imap, err, tt.want)
		}
	}
}
