package servertest_test

import (
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

func TestPostfix_DeliversRejectsAndReports(t *testing.T) {
	host := servertest.NewPostfix(t, servertest.PostfixConfig{
		Host: "mx.members.test",
		Settings: []string{
			"virtual_mailbox_domains = members.test",
			"virtual_mailbox_maps = texthash:$home/mailboxes",
		},
		Files: map[string]string{"mailboxes": "anna@members.test anna/\n"},
	})
	relay := servertest.NewPostfix(t, servertest.PostfixConfig{
		Host: "relay.forum.test",
		Settings: []string{
			"virtual_mailbox_domains = forum.test",
			"virtual_mailbox_maps = inline:{sender@forum.test=sender/}",
			"relayhost = [127.0.0.1]:" + strings.TrimPrefix(host.Address(), "127.0.0.1:"),
		},
	})
	const text = "Subject: Hello\r\n\r\nHello.\r\n"
	err := smtp.SendMail(host.Address(), nil, "sender@forum.test", []string{"nobody@members.test"}, []byte(text))
	if refusal, ok := errors.AsType[*textproto.Error](err); !ok || refusal.Code != 550 {
		t.Errorf("message to an unknown user: %v, want 550", err)
	}
	for _, to := range []string{"anna@members.test", "nobody@members.test"} {
		if err := smtp.SendMail(relay.Address(), nil, "sender@forum.test", []string{to}, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct {
		at            *servertest.Postfix
		mailbox, text string
	}{
		{host, "mail/anna", "Subject: Hello"},
		{relay, "mail/sender", "Status: 5.1.1"},
	} {
		servertest.Await(t, func() error {
			if got := want.at.Maildir(want.mailbox); len(got) != 1 || !strings.Contains(got[0], want.text) {
				return fmt.Errorf("%s has %q, want one message that contains %q", want.mailbox, got, want.text)
			}
			return nil
		})
	}
}
